/**
 * How sure a score is, and how sure it is that the model does better than a baseline: for each score an interval over
 * studies, and for each baseline the paired difference with its interval, a p-value, and the smallest difference that these
 * studies would have shown. All scores of all systems are taken on the same resamples. See statistics/ for the methods.
 */
import type { System } from './baselines.ts';
import type { RunScores, ScoredRuns } from './protocol-scores.ts';
import type { BySubset, Subset } from './score-table.ts';
import { drawScores, type Interval, intervalOfDraws, type ScoreDraws } from './statistics/bootstrap.ts';
import { holm, minimumDetectableDifference } from './statistics/comparisons.ts';
import { approximateRandomisation, meanDifference } from './statistics/randomisation.ts';
import { differences, mean } from './statistics/samples.ts';

/** The model against one baseline in one score. */
export interface Comparison {
  readonly protocol: string;
  readonly subset: Subset;
  readonly baseline: System;
  readonly score: string;
  /** Model minus baseline. */
  readonly difference: Interval;
  /** Two-sided: approximate randomisation where the score is a mean over studies, else the paired bootstrap's. */
  readonly p: number;
  /** By Holm's method over the scores that are compared with this baseline on these studies. */
  readonly adjustedP: number;
  /** The smallest true difference that these studies show with a power of 0.8; absent where the score is no mean. */
  readonly detectable?: number;
}

export interface InferenceOptions {
  readonly seed: number | string;
  /** Default 1000. */
  readonly resamples?: number;
}

export interface Inference {
  /** The model's scores with their intervals. */
  readonly intervals: BySubset<Record<string, Interval>>;
  /** The model against every baseline. */
  readonly comparisons: readonly Comparison[];
}

/** What the scores of one protocol bear. */
export function inferenceOf(
  { runs, protocol }: ScoredRuns,
  { seed, resamples = 1000 }: InferenceOptions,
): Inference {
  const intervals: BySubset<Record<string, Interval>> = {};
  const found: Omit<Comparison, 'adjustedP'>[] = [];
  for (const [subset, bySystem] of Object.entries(runs) as [Subset, typeof runs.all & object][]) {
    const [scores] = bySystem.get('model') ?? [];
    if (scores === undefined) continue;
    const names = Object.keys(scores.corpus);
    const reports = scores.perItem[names[0] as string]?.length as number;
    const sampled = [...bySystem].map(([system, repeats]) => ({
      system,
      repeats,
      draws: drawScores(reports, averageOf(repeats), { seed, resamples }),
    }));
    const model = sampled.find(({ system }) => system === 'model') as (typeof sampled)[number];
    const whole = model.draws.map((draws) => bare(intervalOfDraws(draws, reports)));
    intervals[subset] = Object.fromEntries(names.map((name, v) => [name, whole[v] as Interval]));
    for (const { system: baseline, repeats, draws } of sampled)
      if (baseline !== 'model')
        names.forEach((score, v) => {
          const pair = [model.draws[v], draws[v]] as [ScoreDraws, ScoreDraws];
          const columns = [model.repeats, repeats].map((list) => averageItems(list, score));
          const compared = compare(pair, columns as [Float64Array, Float64Array], seed);
          found.push({ protocol: protocol.name, subset, baseline, score, ...compared });
        });
  }
  const families = Map.groupBy(found, ({ subset, baseline }) => `${subset} ${baseline}`);
  const comparisons = [...families.values()].flatMap((family) => {
    const adjusted = holm(family.map(({ p }) => p));
    return family.map((comparison, i) => ({ ...comparison, adjustedP: adjusted[i] as number }));
  });
  return { intervals, comparisons };
}

/** The corpus scores of a sample, averaged over repeats. */
function averageOf(repeats: readonly RunScores[]) {
  return (sample: ArrayLike<number>): number[] => {
    const scores = repeats.map((run) => run.corpusOf(sample));
    return (scores[0] as number[]).map((_, v) => mean(scores.map((values) => values[v] as number)));
  };
}

function compare(
  [ours, theirs]: readonly [ScoreDraws, ScoreDraws],
  [items, others]: readonly [Float64Array, Float64Array],
  seed: number | string,
): Pick<Comparison, 'difference' | 'p' | 'detectable'> {
  const reports = items.length;
  const { p: bootstrapP, ...difference } = intervalOfDraws(
    {
      estimate: ours.estimate - theirs.estimate,
      replicates: differences(ours.replicates, theirs.replicates),
      jackknife: differences(ours.jackknife, theirs.jackknife),
    },
    reports,
  );
  // A corpus score that is not the mean of its items cannot change sides item by item.
  const isMean = Math.abs(mean(items) - mean(others) - difference.estimate) < 1e-9;
  if (!isMean || reports < 2) return { difference, p: bootstrapP };
  const { p } = approximateRandomisation(reports, meanDifference(items, others), { seed, rounds: 1999 });
  return { difference, p, detectable: minimumDetectableDifference(differences(items, others)) };
}

/** A score's values by study, averaged over repeats. */
function averageItems(repeats: readonly RunScores[], score: string): Float64Array {
  const columns = repeats.map(({ perItem }) => perItem[score] as Float64Array);
  return Float64Array.from(columns[0] as Float64Array, (_, i) =>
    mean(columns.map((values) => values[i] as number)),
  );
}

function bare({ p: _, ...interval }: ReturnType<typeof intervalOfDraws>): Interval {
  return interval;
}
