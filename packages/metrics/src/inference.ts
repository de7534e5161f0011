/**
 * How sure a score is, and how sure it is that the model does better than a baseline: for each score an interval over
 * studies, and for each baseline the paired difference with its interval, a p-value, and the smallest difference that these
 * studies would have shown. All scores of all systems are taken on the same resamples. See statistics/ for the methods.
 */
import type { System } from './baselines.ts';
import type { ItemScores, Members, ProtocolScores } from './protocol-scores.ts';
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
  /** By Holm's method over all comparisons of the protocol. */
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
  { items, protocol }: ProtocolScores,
  members: Members,
  { seed, resamples = 1000 }: InferenceOptions,
): Inference {
  const intervals: BySubset<Record<string, Interval>> = {};
  const found: Omit<Comparison, 'adjustedP'>[] = [];
  for (const [subset, indices] of Object.entries(members) as [Subset, readonly number[]][]) {
    const sampled = [...items].map(([system, runs]) => ({
      system,
      runs,
      draws: drawScores(indices.length, ofStudies(runs, indices), { seed, resamples }),
    }));
    const model = sampled.find(({ system }) => system === 'model');
    if (model === undefined) continue;
    const names = (model.runs[0] as ItemScores).names;
    const whole = model.draws.map((draws) => bare(intervalOfDraws(draws, indices.length)));
    intervals[subset] = Object.fromEntries(names.map((name, v) => [name, whole[v] as Interval]));
    for (const { system: baseline, runs, draws } of sampled)
      if (baseline !== 'model')
        names.forEach((score, v) => {
          const pair = [model.draws[v], draws[v]] as [ScoreDraws, ScoreDraws];
          const columns = [model.runs, runs].map((list) => averageItems(list, score, indices));
          const compared = compare(pair, columns as [Float64Array, Float64Array], seed);
          found.push({ protocol: protocol.name, subset, baseline, score, ...compared });
        });
  }
  const adjusted = holm(found.map(({ p }) => p));
  return {
    intervals,
    comparisons: found.map((comparison, i) => ({ ...comparison, adjustedP: adjusted[i] as number })),
  };
}

/** The corpus scores of a sample of the studies at `indices`; several runs of drafts are averaged. */
function ofStudies(runs: readonly ItemScores[], indices: readonly number[]) {
  const studies = Int32Array.from(indices);
  return (sample: ArrayLike<number>): number[] => {
    const chosen = new Int32Array(sample.length);
    for (let i = 0; i < sample.length; i++) chosen[i] = studies[sample[i] as number] as number;
    const scores = runs.map((run) => run.corpusOf(chosen));
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

/** A score's values by study, averaged over runs. */
function averageItems(runs: readonly ItemScores[], score: string, indices: readonly number[]): Float64Array {
  return Float64Array.from(indices, (i) => mean(runs.map(({ perItem }) => perItem[score]?.[i] as number)));
}

function bare({ p: _, ...interval }: ReturnType<typeof intervalOfDraws>): Interval {
  return interval;
}
