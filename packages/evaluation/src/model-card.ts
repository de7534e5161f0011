/**
 * A model card (Mitchell et al., Model Cards for Model Reporting, FAT* 2019) in Markdown, made from what was measured and
 * recorded: nothing in it is written by hand, and what is not known is said to be not known.
 */
import { formatScore, type ScoreTable } from '@llama-xr/metrics';

export interface ModelCardSources {
  readonly name: string;
  readonly scores: ScoreTable;
  /** What was tuned, as the run folder records it. */
  readonly run?: {
    readonly base: { readonly path: string; readonly sha256: string };
    readonly data: { readonly path: string; readonly sha256: string };
    readonly recipe: Readonly<Record<string, unknown>>;
    readonly notices: readonly string[];
  };
  /** What was scored, as name and value. */
  readonly evaluation: Readonly<Record<string, string>>;
}

export function modelCard({ name, scores, run, evaluation }: ModelCardSources): string {
  const sections = [
    `# Model card: ${oneLine(name)}`,
    "Drafts of chest X-ray reports. **Not a medical device**: a draft is not a finding, and none may reach a patient's record before a radiologist has read the images and signed.",
    section('What must be known first', concerns(scores, run?.notices ?? [])),
    section('Intended use', [
      'A radiologist reads the images, corrects the draft and signs it. Research and rehearsal at the site whose reports it was tuned on.',
      'Not for use without a radiologist, for other examinations than chest radiographs, or at a site where it was not evaluated.',
    ]),
    section('Made from', run === undefined ? ['Not known: evaluated from drafts alone.'] : madeFrom(run)),
    section(
      'Evaluated on',
      Object.entries(evaluation).map(([key, value]) => `${key}: ${oneLine(value)}`),
    ),
    `## Scores\n\n${scoreTable(scores)}`,
    section('Limits', limits(scores)),
  ];
  return `${sections.join('\n\n')}\n`;
}

const section = (title: string, lines: readonly string[]) =>
  `## ${title}\n\n${lines.map((line) => `- ${line}`).join('\n')}`;

function concerns({ warnings, notices }: ScoreTable, ofRun: readonly string[]): string[] {
  const said = [
    ...warnings.map(({ severity, text }) => `${severity === 'alarm' ? '**ALARM** ' : ''}${oneLine(text)}`),
    ...new Set([...notices, ...ofRun].map(oneLine)),
  ];
  return said.length > 0 ? said : ['No warning was raised by the evaluation.'];
}

function madeFrom({ base, data, recipe }: NonNullable<ModelCardSources['run']>): string[] {
  const settings = Object.entries(recipe)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([key, value]) => `${key} ${oneLine(String(value))}`);
  return [
    `base model: ${oneLine(base.path)} (SHA-256 ${base.sha256})`,
    `data: ${oneLine(data.path)} (SHA-256 ${data.sha256})`,
    `recipe: ${settings.join(', ')}`,
  ];
}

/** The first protocol's scores of all systems, with the model's intervals, and finding F1. */
function scoreTable(scores: ScoreTable): string {
  const [protocol, bySubset] = Object.entries(scores.protocols)[0] ?? [];
  if (protocol === undefined || bySubset === undefined) return 'None.';
  const systems = Object.keys(bySubset.all ?? {});
  const lines = [`| ${protocol} | ${systems.join(' | ')} |`, `|---|${systems.map(() => '---|').join('')}`];
  for (const [subset, bySystem] of Object.entries(bySubset) as [
    keyof typeof bySubset,
    typeof bySubset.all,
  ][]) {
    for (const score of Object.keys(bySystem?.model ?? {})) {
      const interval = scores.intervals[protocol]?.[subset]?.[score];
      const cells = Object.entries(bySystem ?? {}).map(([system, values]) => {
        const range =
          system === 'model' && interval
            ? ` (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`
            : '';
        return `${formatScore(values[score], 3)}${range}`;
      });
      lines.push(`| ${score}, ${subset} | ${cells.join(' | ')} |`);
    }
    const findings = scores.findings[subset];
    lines.push(
      `| finding F1, ${subset} | ${systems.map((system) => formatScore(findings?.[system as 'model']?.microF1, 3)).join(' | ')} |`,
    );
  }
  return `${lines.join('\n')}\n\nIn brackets: 95 % interval over ${scores.studies.all} studies (${scores.studies.abnormal} abnormal).`;
}

function limits({ studies, texts, findings }: ScoreTable): string[] {
  const unsupported = findings.all?.model?.unsupported;
  return [
    `${studies.all} studies were scored, ${studies.abnormal} of them abnormal; ${texts.model?.distinct ?? 0} distinct texts were written for them.`,
    unsupported === undefined
      ? 'Whether drafts state what their input lacks was not measured: the drafts do not carry their input.'
      : `${(100 * unsupported).toFixed(1)} % of the drafts state a finding that their input lacks, as the labeler reads them.`,
    'Findings are read from texts by rules, not by radiologists. No radiologist has rated these drafts unless a review says so.',
  ];
}

/** Nothing from a file may break out of its line, or become markup. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[<>|`]/g, (character) => `&#${character.charCodeAt(0)};`);
}
