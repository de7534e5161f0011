/**
 * How sure a score is, and how sure it is that the model does better than a baseline: for each score an interval over
 * studies, and for each baseline the paired difference with its interval, a p-value, and the smallest difference that these
 * studies would have shown. See statistics/ for the methods.
 */
import type { System } from './baselines.ts';
import type { ItemScores, Members, ProtocolScores } from './protocol-scores.ts';
import type { BySubset, Subset } from './score-table.ts';
import { scoreInterval, type Interval, pairedBootstrap } from './statistics/bootstrap.ts';
import { holm, minimumDetectableDifference } from './statistics/comparisons.ts';
import { approximateRandomisation, meanDifference } from './statistics/randomisation.ts';
import { differences, mean } from './statistics/samples.ts';
import type { Statistic } from './statistics/statistic.ts';

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

/** The model's scores with their intervals. */
export function intervalsOf(
  { items }: ProtocolScores,
  members: Members,
  { seed, resamples = 1000 }: InferenceOptions,
): BySubset<Record<string, Interval>> {
  const [model] = items.get('model') ?? [];
  if (model === undefined) return {};
  const ofSubset = (indices: readonly number[]) =>
    Object.fromEntries(
      Object.entries(model.statistics).map(([name, statistic]) => [
        name,
        scoreInterval(indices.length, within(statistic, indices), { seed, resamples }),
      ]),
    );
  return mapSubsets(members, ofSubset);
}

/** The model against every baseline, with p-values adjusted over all of them. */
export function comparisonsOf(
  scores: ProtocolScores,
  members: Members,
  options: InferenceOptions,
): Comparison[] {
  const { items, protocol } = scores;
  const [model] = items.get('model') ?? [];
  if (model === undefined) return [];
  const found = [...items].flatMap(([baseline, runs]) =>
    baseline === 'model'
      ? []
      : (Object.entries(members) as [Subset, readonly number[]][]).flatMap(([subset, indices]) =>
          Object.keys(model.statistics).map((score) => ({
            protocol: protocol.name,
            subset,
            baseline,
            score,
            ...compare(score, model, runs, indices, options),
          })),
        ),
  );
  const adjusted = holm(found.map(({ p }) => p));
  return found.map((comparison, i) => ({ ...comparison, adjustedP: adjusted[i] as number }));
}

function compare(
  score: string,
  model: ItemScores,
  runs: readonly ItemScores[],
  indices: readonly number[],
  { seed, resamples = 1000 }: InferenceOptions,
) {
  const reports = indices.length;
  const ours = within(model.statistics[score] as Statistic, indices);
  const theirs = runs.map(({ statistics }) => within(statistics[score] as Statistic, indices));
  const average: Statistic = (sample) =>
    theirs.reduce((sum, statistic) => sum + statistic(sample), 0) / theirs.length;
  const { p: bootstrapP, ...difference } = pairedBootstrap(ours, average, { reports, seed, resamples });
  const items = take(model.perItem[score] as Float64Array, indices);
  const others = averageOf(runs.map(({ perItem }) => take(perItem[score] as Float64Array, indices)));
  // A corpus score that is not the mean of its items cannot change sides item by item.
  const isMean = Math.abs(mean(items) - mean(others) - difference.estimate) < 1e-9;
  if (!isMean || reports < 2) return { difference, p: bootstrapP };
  const { p } = approximateRandomisation(reports, meanDifference(items, others), { seed, rounds: 1999 });
  return { difference, p, detectable: minimumDetectableDifference(differences(items, others)) };
}

/** A statistic of all studies as one of those at these indices. */
function within(statistic: Statistic, indices: readonly number[]): Statistic {
  return (sample) => statistic(Int32Array.from(sample, (position) => indices[position] as number));
}

function mapSubsets<T>(members: Members, of: (indices: readonly number[]) => T): BySubset<T> {
  return Object.fromEntries(Object.entries(members).map(([subset, indices]) => [subset, of(indices)]));
}

const take = (values: Float64Array, indices: readonly number[]): Float64Array =>
  Float64Array.from(indices, (i) => values[i] as number);

const averageOf = (runs: readonly Float64Array[]): Float64Array =>
  Float64Array.from(runs[0] as Float64Array, (_, i) => mean(runs.map((run) => run[i] as number)));
