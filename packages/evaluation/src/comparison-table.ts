/** Several evaluations side by side: quality, what the sites have in common, and what it cost. */
import type { Interval, ScoreTable, Subset } from '@llama-xr/metrics';
import { type Pooled, pool } from './pooled.ts';

/** What drafting or training took; a value is absent where it was not recorded. */
export interface Cost {
  readonly seconds: number;
  readonly peakMemoryBytes: number;
  readonly energyJoules?: number;
}

/** One evaluation: of a site, a fold, a seed, a model. */
export interface Evaluated {
  readonly name: string;
  readonly scores: ScoreTable;
  readonly drafting?: Cost;
  readonly training?: Cost;
}

export interface ComparedScore {
  readonly protocol: string;
  readonly subset: Subset;
  readonly score: string;
  /** In the order of the evaluations; absent where one does not have it. */
  readonly values: readonly (Interval | undefined)[];
  /** Over all of them; absent with fewer than two. */
  readonly pooled?: Pooled;
}

/** Every score that at least one evaluation has. */
export function compareEvaluations(evaluations: readonly Evaluated[]): ComparedScore[] {
  const keys = new Map<string, Omit<ComparedScore, 'values'>>();
  for (const { scores } of evaluations)
    for (const [protocol, bySubset] of Object.entries(scores.intervals))
      for (const [subset, byScore] of Object.entries(bySubset) as [Subset, Record<string, Interval>][])
        for (const score of Object.keys(byScore))
          keys.set(`${protocol} ${subset} ${score}`, { protocol, subset, score });
  return [...keys.values()].map((key) => {
    const values = evaluations.map(({ scores }) => scores.intervals[key.protocol]?.[key.subset]?.[key.score]);
    const whole = values.filter((value) => value !== undefined && value.high > value.low) as Interval[];
    return { ...key, values, ...(whole.length > 1 && { pooled: pool(whole) }) };
  });
}

const COLUMN = 12;
const LABEL = 22;

/** Plain text: one block a protocol and subset, the evaluations as columns. */
export function renderComparison(
  evaluations: readonly Evaluated[],
  compared: readonly ComparedScore[],
): string {
  const cell = (text: string) => text.padStart(COLUMN);
  const head = [...evaluations.map(({ name }) => name.slice(0, COLUMN - 1)), 'pooled', 'next one']
    .map(cell)
    .join('');
  const blocks = Map.groupBy(compared, ({ protocol, subset }) => `${protocol}, ${subset}`);
  const lines = [...blocks].flatMap(([title, scores]) => [
    '',
    title.padEnd(LABEL) + head,
    ...scores.map(({ score, values, pooled }) => {
      const next = pooled?.prediction?.map((end) => end.toFixed(2)).join('-') ?? '-';
      const cells = [
        ...values.map((value) => value?.estimate.toFixed(3) ?? '-'),
        pooled?.mean.estimate.toFixed(3) ?? '-',
        next,
      ];
      return `  ${score}`.padEnd(LABEL) + cells.map(cell).join('');
    }),
  ]);
  return [
    ...alarms(evaluations),
    ...lines,
    '',
    'cost'.padEnd(LABEL) + evaluations.map(({ name }) => cell(name.slice(0, COLUMN - 1))).join(''),
    ...costRows(evaluations).map(([label, values]) => `  ${label}`.padEnd(LABEL) + values.map(cell).join('')),
    '',
    'pooled: random effects; next one: where another site is expected to lie, 19 times of 20. A dash: not recorded.',
  ].join('\n');
}

function alarms(evaluations: readonly Evaluated[]): string[] {
  return evaluations.flatMap(({ name, scores }) =>
    scores.warnings
      .filter(({ severity }) => severity === 'alarm')
      .map(({ text }) => `ALARM, ${name}: ${text}`),
  );
}

function costRows(evaluations: readonly Evaluated[]): [string, string[]][] {
  const row = (
    label: string,
    of: (evaluated: Evaluated) => number | undefined,
    decimals: number,
  ): [string, string[]] => [label, evaluations.map((evaluated) => of(evaluated)?.toFixed(decimals) ?? '-')];
  return [
    row('studies', ({ scores }) => scores.studies.all, 0),
    row(
      'drafting, s a study',
      ({ drafting, scores }) => drafting && drafting.seconds / scores.studies.all,
      2,
    ),
    row('drafting, GB', ({ drafting }) => drafting && drafting.peakMemoryBytes / 1e9, 2),
    row(
      'drafting, J a study',
      ({ drafting, scores }) => drafting?.energyJoules && drafting.energyJoules / scores.studies.all,
      1,
    ),
    row('training, min', ({ training }) => training && training.seconds / 60, 1),
    row('training, GB', ({ training }) => training && training.peakMemoryBytes / 1e9, 2),
    row('training, kJ', ({ training }) => training?.energyJoules && training.energyJoules / 1000, 1),
  ];
}
