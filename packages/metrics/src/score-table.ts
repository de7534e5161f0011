/** The result of an evaluation, as one object: what `evaluate --json` prints. */
import type { System } from './baselines.ts';
import type { ErrorsByClass } from './clinical-scores.ts';
import type { Evidence } from './evidence.ts';
import type { FindingScores } from './findings.ts';
import type { Comparison } from './inference.ts';
import type { Interval } from './statistics/bootstrap.ts';
import type { Subgroup } from './statistics/subgroups.ts';
import type { TextStatistics } from './text-statistics.ts';
import type { Grounding, Warning } from './warnings.ts';

export type Subset = 'all' | 'abnormal';

/** Scores by their name: fractions, but CIDEr as its authors give it, up to 10. */
export type ScoresByName = Record<string, number>;
export type BySystem<T> = Partial<Record<System, T>>;
export type BySubset<T> = Partial<Record<Subset, T>>;

export interface ScoreTable extends Evidence {
  readonly studies: Readonly<Record<Subset, number>>;
  /** By the protocol's name. A subset without studies and a baseline that cannot be had are absent. */
  readonly protocols: Readonly<Record<string, BySubset<BySystem<ScoresByName>>>>;
  /** What each protocol does, in a line. */
  readonly titles: Readonly<Record<string, string>>;
  /** The model's scores with their intervals, as `protocols` has them. */
  readonly intervals: Readonly<Record<string, BySubset<Record<string, Interval>>>>;
  /** The model against every baseline. */
  readonly comparisons: readonly Comparison[];
  /** Clinical scores; their intervals and comparisons stand under the name `clinical`. Errors a report of the model, by class. */
  readonly clinical: {
    readonly scores: BySubset<BySystem<ScoresByName>>;
    readonly errors: BySubset<ErrorsByClass>;
  };
  /** The composite cut by what is known of the studies. */
  readonly subgroups: readonly Subgroup[];
  readonly findings: BySubset<BySystem<FindingScores>>;
  readonly texts: BySystem<TextStatistics> & { readonly references: TextStatistics };
  /** The drafts against the same drafts shuffled; absent with fewer than two studies. */
  readonly grounding?: Grounding;
  /** The text of the constant baseline. */
  readonly constant: string;
  readonly seed: number;
  readonly repeats: number;
  readonly warnings: readonly Warning[];
  readonly notices: readonly string[];
}
