/** What the demo says at its end: a small table, how sides and findings were read, and where to go on. */
import { BASELINES, type ScoreTable, type System } from '@llama-xr/metrics';
import type { SideCounts } from './reading-quality.ts';

const LABEL = 20;
const COLUMN = 10;

/** Text scores and finding F1, the model beside its baselines. */
export function scoreRows({ protocols, findings, texts }: ScoreTable): string[] {
  const lexical = protocols.alnum?.all;
  const systems = (['model', ...BASELINES] as const).filter((system) => texts[system] !== undefined);
  const row = (label: string, value: (system: System) => number | undefined, decimals = 3) =>
    label.padEnd(LABEL) +
    systems.map((system) => (value(system)?.toFixed(decimals) ?? '-').padStart(COLUMN)).join('');
  return [
    ' '.repeat(LABEL) + systems.map((system) => system.padStart(COLUMN)).join(''),
    row('finding F1, micro', (system) => findings.all?.[system]?.microF1),
    row('finding F1, macro', (system) => findings.all?.[system]?.macroF1),
    ...['BLEU-4', 'ROUGE-L', 'CIDEr'].map((name) => row(name, (system) => lexical?.[system]?.[name])),
    row('distinct texts', (system) => texts[system]?.distinct, 0),
  ];
}

export interface DemoResult {
  readonly table: ScoreTable;
  readonly sides: SideCounts;
  readonly weak: readonly string[];
  readonly picture: string;
  readonly report: string;
  readonly example: readonly string[];
  readonly notices: readonly string[];
  readonly seconds: number;
  readonly run: string;
}

export function demoWords({
  table,
  sides,
  weak,
  picture,
  report,
  example,
  notices,
  seconds,
  run,
}: DemoResult): string {
  return [
    '',
    `${table.studies.all} test phantoms, ${table.studies.abnormal} of them abnormal; the columns behind the model read no image,`,
    'but for lookup, the training report with the nearest findings as read, and template, those findings in fixed sentences.',
    '',
    ...scoreRows(table),
    '',
    `Effusion and pneumothorax on the right side: ${sides.right} drafts; on the wrong side: ${sides.wrong}.`,
    ...(weak.length > 0 ? [`The features are too weak for: ${weak.join(', ')}.`] : []),
    // Which scores in brackets: they stand in the report.
    ...table.warnings.map(({ text }) => text.replace(/ \(.*\)\.$/, ' in some scores: see the report.')),
    ...notices.map((notice) => `NOTE: ${notice}`),
    `Picture: ${picture}`,
    `Report: ${report}`,
    `Done in ${Math.round(seconds)} s. Now draft one yourself:`,
    `  llama-xr generate --run ${run} ${example.join(' ')}`,
  ].join('\n');
}
