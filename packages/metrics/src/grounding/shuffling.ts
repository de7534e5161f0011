/**
 * Does the model read its input? Each draft is scored on its own study (matched) and, again and again, on studies drawn by chance
 * (shuffled). What a score keeps when shuffled it owes to the wording that all reports share. The p-value is that of a permutation
 * test: how often a shuffling does as well as the match.
 */
import { fail, Random } from '@llama-xr/core';
import { type PairedComparison, pairedBootstrap } from '../statistics/bootstrap.ts';
import { mean, variance } from '../statistics/samples.ts';

export interface ShufflingOptions {
  /** Default 200: the smallest p is then 1 / 201. */
  readonly rounds?: number;
  /** Default 3407. */
  readonly seed?: number | string;
  /** Whether less is better, as of an error count. Default false. */
  readonly lowerIsBetter?: boolean;
}

export interface MatchedMinusShuffled {
  readonly matched: number;
  /** Mean over the shufflings. */
  readonly shuffled: number;
  /** matched - shuffled; above 0 where the drafts fit their own studies better (below 0 where less is better). */
  readonly difference: number;
  /** The difference in standard deviations of the shufflings; 0 where these do not vary. */
  readonly z: number;
  /** One-sided: (shufflings that do as well + 1) / (rounds + 1). */
  readonly p: number;
  readonly rounds: number;
  /** p below 0.05. */
  readonly grounded: boolean;
}

/** Sums in another order differ in their last digits: a shuffled constant is as good as the constant. */
const ROUNDING = 1e-12;

/**
 * For any score of a run, corpus scores too.
 * @param score of the run in which study i is given the draft of study draftOf[i]
 */
export function matchedMinusShuffled(
  studies: number,
  score: (draftOf: readonly number[]) => number,
  { rounds = 200, seed = 3407, lowerIsBetter = false }: ShufflingOptions = {},
): MatchedMinusShuffled {
  if (studies < 2) fail('INPUT', `matchedMinusShuffled: expected at least two studies, got ${studies}`);
  const random = new Random(`${seed}:matched minus shuffled`);
  const own = Array.from({ length: studies }, (_, i) => i);
  const matched = score(own);
  const others = Float64Array.from({ length: rounds }, () => score(random.shuffle(own)));
  const least = matched + (lowerIsBetter ? ROUNDING : -ROUNDING);
  const asGood = others.filter((other) => (lowerIsBetter ? other <= least : other >= least)).length;
  const p = (asGood + 1) / (rounds + 1);
  const shuffled = mean(others);
  const spread = Math.sqrt(variance(others));
  return {
    matched,
    shuffled,
    difference: matched - shuffled,
    z: spread < ROUNDING ? 0 : (matched - shuffled) / spread,
    p,
    rounds,
    grounded: p < 0.05,
  };
}

/** Beyond so many studies their pairs are too many to keep (8 bytes each, the square of the studies). */
const MOST_KEPT = 2500;

/** For a score of single pairs, whose mean is the run's: a pair is scored once, however often it is drawn. */
export function meanOfPairs(
  studies: number,
  scoreOfPair: (draft: number, study: number) => number,
): (draftOf: readonly number[]) => number {
  const known = studies > MOST_KEPT ? undefined : new Float64Array(studies * studies).fill(Number.NaN);
  const score = (draft: number, study: number): number => {
    const kept = known?.[draft * studies + study];
    if (kept !== undefined && !Number.isNaN(kept)) return kept;
    const fresh = scoreOfPair(draft, study);
    if (known !== undefined) known[draft * studies + study] = fresh;
    return fresh;
  };
  return (draftOf) => draftOf.reduce((sum, draft, study) => sum + score(draft, study), 0) / studies;
}

/**
 * The gain study by study, with its interval: what each study's own draft scores above the mean of `others` drafts
 * of other studies.
 */
export function groundingGain(
  studies: number,
  scoreOfPair: (draft: number, study: number) => number,
  { others = 5, seed = 3407 }: { readonly others?: number; readonly seed?: number | string } = {},
): PairedComparison {
  const random = new Random(`${seed}:grounding gain`);
  const rounds = Array.from({ length: others }, () => random.derangement(studies));
  const matched = Float64Array.from({ length: studies }, (_, i) => scoreOfPair(i, i));
  const shuffled = Float64Array.from({ length: studies }, (_, i) =>
    mean(rounds.map((draftOf) => scoreOfPair(draftOf[i] as number, i))),
  );
  return pairedBootstrap(matched, shuffled, { seed });
}
