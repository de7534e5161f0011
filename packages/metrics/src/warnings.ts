/**
 * What a reader must know before any number: a model that writes one text for all, that does not read its input, or that
 * a text without any input beats. Said in words, as data, on top of every table.
 */
import type { System } from './baselines.ts';
import { CLINICAL, LOWER_IS_BETTER } from './clinical-scores.ts';
import type { Evidence } from './evidence.ts';
import type { MatchedMinusShuffled } from './grounding/shuffling.ts';
import type { ScoredRuns } from './protocol-scores.ts';
import type { ScoreTable, Subset } from './score-table.ts';
import { mean } from './statistics/samples.ts';

export interface Warning {
  /** `alarm`: the scores do not mean what they seem to. `warning`: they mean less. */
  readonly severity: 'alarm' | 'warning';
  readonly kind: 'collapse' | 'ungrounded' | 'normal' | 'rare' | 'beaten' | 'unsupported' | 'subset';
  readonly text: string;
}

/** The drafts on their own studies against the same drafts on others': what reading the input brings. */
export interface Grounding {
  readonly protocol: string;
  /** Mean ROUGE-L with each draft on its own study, and shuffled. */
  readonly matched: number;
  readonly shuffled: number;
  /** Standard error of their difference, from the paired differences of the studies. */
  readonly standardError: number;
  /** Whether the difference is above twice its standard error. */
  readonly grounded: boolean;
}

/** Below these many studies a standard error says little, and any gain counts. */
const FEW_STUDIES = 10;

export function groundingOf({ protocol, runs }: ScoredRuns): Grounding | undefined {
  const rougeL = (system: System) =>
    runs.all?.get(system)?.map(({ perItem }) => perItem['ROUGE-L'] as Float64Array);
  const [matched] = rougeL('model') ?? [];
  const shuffled = rougeL('shuffled');
  if (matched === undefined || shuffled === undefined) return undefined;
  const n = matched.length;
  const differences = Array.from(
    matched,
    (score, i) => score - mean(shuffled.map((run) => run[i] as number)),
  );
  const difference = mean(differences);
  const variance = differences.reduce((sum, d) => sum + (d - difference) ** 2, 0) / (n - 1);
  const standardError = Math.sqrt(variance / n);
  return {
    protocol: protocol.name,
    matched: mean(matched),
    shuffled: mean(matched) - difference,
    standardError,
    grounded: difference > (n < FEW_STUDIES ? 0 : 2 * standardError),
  };
}

/** A table, and what is known of its drafts beside the scores. */
export type JudgedTable = Omit<ScoreTable, 'warnings' | keyof Evidence> & Partial<Evidence>;

export function warningsOf(table: JudgedTable): Warning[] {
  const collapsed = collapse(table);
  return [
    ...collapsed,
    ...(collapsed.length === 0 ? nearCollapse(table) : []),
    ...ungrounded(table),
    ...ungroundedFindings(table),
    ...normalTemplate(table),
    ...rareFindingsLost(table),
    ...beaten(table),
    ...unsupported(table),
    ...noSubset(table),
  ];
}

/** Fewer distinct texts than these of the studies, or one text for as many, is a template. */
const FEW_DISTINCT = 0.1;
const MUCH_THE_SAME = 0.5;

function collapse({ texts, studies }: JudgedTable): Warning[] {
  const { model, references } = texts;
  if (model === undefined || studies.all < 2 || model.distinct >= references.distinct) return [];
  const { distinct, mostCommonShare } = model;
  if (distinct === 1) {
    const text = `The model is a constant: one and the same text for all ${studies.all} studies.`;
    return [{ severity: 'alarm', kind: 'collapse', text }];
  }
  if (distinct >= FEW_DISTINCT * studies.all && mostCommonShare < MUCH_THE_SAME) return [];
  const text =
    `Template collapse: ${distinct} distinct texts for ${studies.all} studies, ` +
    `the most common one for ${percent(mostCommonShare)} of them.`;
  return [{ severity: 'alarm', kind: 'collapse', text }];
}

/** Texts that differ in a word or two are a template too, unless reports are written so. */
function nearCollapse({ diversity, referenceDiversity }: Partial<Evidence>): Warning[] {
  if (diversity === undefined || diversity.texts < 2) return [];
  const { share, size } = diversity.largestCluster;
  const usual = referenceDiversity?.largestCluster.share ?? 0;
  if (share < MUCH_THE_SAME || share < 2 * usual) return [];
  const text =
    `Template collapse: ${size} of ${diversity.texts} drafts are near copies of one text (${percent(share)}; ` +
    `of the references ${percent(usual)}).`;
  return [{ severity: 'alarm', kind: 'collapse', text }];
}

/** Findings may be missed by chance; more than this share, and surely more than are invented, is a lean to normal. */
const MUCH_MISSED = 0.1;

function normalTemplate({ normalBias }: Partial<Evidence>): Warning[] {
  if (normalBias === undefined) return [];
  const { missed, falseAlarms } = normalBias;
  const invented = falseAlarms.n === 0 ? 0 : falseAlarms.high;
  if (missed.n === 0 || missed.estimate <= MUCH_MISSED || missed.low <= invented) return [];
  const text =
    `Normal-template bias: ${percent(missed.estimate)} of the ${missed.n} studies with findings get a draft without any ` +
    `(95 %: ${percent(missed.low)} to ${percent(missed.high)})` +
    (falseAlarms.n === 0
      ? '.'
      : `; of the ${falseAlarms.n} without findings ${percent(falseAlarms.estimate)} get one with.`);
  return [{ severity: missed.estimate > 0.5 ? 'alarm' : 'warning', kind: 'normal', text }];
}

/** Fewer statements of the rarest third say too little. */
const FEW_STATEMENTS = 10;

function rareFindingsLost({ survival }: Partial<Evidence>): Warning[] {
  if (survival === undefined) return [];
  const { rare, frequent, lost } = survival;
  if (rare.references < FEW_STATEMENTS || rare.ratio >= 0.5) return [];
  const text =
    `Rare findings are lost: the rarest third of the findings stands ${rare.references} times in the references and ` +
    `${rare.drafts} times in the drafts (${percent(rare.ratio)}; of the most frequent third ${percent(frequent.ratio)})` +
    (lost.length === 0 ? '.' : `. Never drafted: ${few(lost, 8).join(', ')}.`);
  return [{ severity: 'warning', kind: 'rare', text }];
}

function ungrounded({ grounding, shuffling }: JudgedTable): Warning[] {
  if (grounding === undefined || grounding.grounded) return [];
  const { matched, shuffled, standardError, protocol } = grounding;
  const words =
    `the drafts fit their own studies no better than each other's. ROUGE-L (${protocol}) ` +
    `${matched.toFixed(4)}, shuffled ${shuffled.toFixed(4)}; the difference of ${(matched - shuffled).toFixed(4)} ` +
    `has a standard error of ${standardError.toFixed(4)}.`;
  const findings = shuffling?.['finding F1'];
  // Who states the findings of its own studies has read something, however little its words gain by it.
  if (findings?.grounded) {
    const text = `Ungrounded wording: by their words ${words} By their findings they do: ${findingsInWords(findings)}.`;
    return [{ severity: 'warning', kind: 'ungrounded', text }];
  }
  const text = `Ungrounded: ${words} The model does not read its input.`;
  return [{ severity: 'alarm', kind: 'ungrounded', text }];
}

const findingsInWords = ({ matched, shuffled, p }: MatchedMinusShuffled): string =>
  `finding F1 ${matched.toFixed(3)}, shuffled ${shuffled.toFixed(3)} (p ${p.toFixed(2)})`;

/** Words may fit where findings do not: a report's wording follows from the sex or the ward. */
function ungroundedFindings({ grounding, shuffling, studies }: JudgedTable): Warning[] {
  const test = shuffling?.['finding F1'];
  if (test === undefined || test.grounded || studies.all < FEW_STUDIES || grounding?.grounded === false)
    return [];
  const text =
    `Ungrounded findings: drafts state the findings of their own studies no better than those of others: ` +
    `${findingsInWords(test)}.`;
  return [{ severity: 'alarm', kind: 'ungrounded', text }];
}

/** The first ones, and how many more there are: a table says the rest. */
function few(words: readonly string[], most: number): string[] {
  return words.length <= most ? [...words] : [...words.slice(0, most), `and ${words.length - most} more`];
}

/** One warning a baseline, with the scores in which it does at least as well. */
function beaten({ protocols, clinical }: JudgedTable): Warning[] {
  const cases = new Map<System, string[]>();
  const tables = { ...protocols, [CLINICAL.name]: clinical.scores };
  for (const [name, bySubset] of Object.entries(tables)) {
    for (const [subset, bySystem] of Object.entries(bySubset) as [Subset, typeof bySubset.all][]) {
      const { model = {}, ...baselines } = bySystem ?? {};
      for (const [system, scores] of Object.entries(baselines) as [System, Record<string, number>][]) {
        const ahead = Object.keys(scores).filter((score) =>
          beats(scores[score], model[score], LOWER_IS_BETTER.has(score)),
        );
        if (ahead.length === 0) continue;
        const figures = ahead.map((score) => `${score} ${figure(scores[score])} to ${figure(model[score])}`);
        const all = `${name}, ${subset}: ${few(figures, 3).join(', ')}`;
        cases.set(system, [...(cases.get(system) ?? []), all]);
      }
    }
  }
  return [...cases].map(([system, figures]) => ({
    severity: 'warning',
    kind: 'beaten',
    text: `${NAMES[system]} does at least as well as the model (${figures.join('; ')}).`,
  }));
}

const NAMES: Record<System, string> = {
  model: 'The model',
  constant: 'A constant text',
  'best constant': 'The best constant text for each score',
  frequent: 'The most frequent training report',
  random: "Another study's report",
  shuffled: "The model's drafts shuffled among the studies",
  lookup: 'Looking up the training report with the nearest findings',
  features: 'Looking up the training report with the nearest image features',
  template: 'What the model was told, in fixed sentences,',
};

/** Equal up to rounding counts: a constant shuffled is the same constant. */
export function beats(
  baseline: number | undefined,
  model: number | undefined,
  lowerIsBetter = false,
): boolean {
  if (baseline === undefined || model === undefined) return false;
  // Nothing can be better than the best: such a tie says that the studies do not tell systems apart.
  if (model === (lowerIsBetter ? 0 : 1)) return false;
  return lowerIsBetter ? baseline <= model + 1e-9 : baseline >= model - 1e-9;
}

/** The most of its drafts in which a model may state what its input lacks. */
const MOST_UNSUPPORTED = 0.05;

function unsupported({ findings }: JudgedTable): Warning[] {
  const share = findings.all?.model?.unsupported;
  if (share === undefined || share <= MOST_UNSUPPORTED) return [];
  const text = `Unsupported: ${percent(share)} of the drafts state a finding that their input lacks.`;
  return [{ severity: 'warning', kind: 'unsupported', text }];
}

function noSubset({ studies }: JudgedTable): Warning[] {
  if (studies.abnormal > 0) return [];
  const text = 'No study is abnormal: these scores say nothing of findings.';
  return [{ severity: 'warning', kind: 'subset', text }];
}

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
const figure = (score: number | undefined) => (score ?? Number.NaN).toFixed(3);
