/**
 * Approximate randomisation (Noreen, Computer-Intensive Methods for Testing Hypotheses, 1989): if two systems were
 * the same, it would not matter which of them wrote which draft. So drafts change sides by coin, report by report, and
 * p is how often the difference is then as large as the one seen. With few reports every way is tried: the exact
 * permutation test.
 */
import { fail, Random } from '@llama-xr/core';
import { differences } from './samples.ts';
import type { CountRows } from './statistic.ts';

/** The difference of the two systems where the drafts at 1 have changed sides. */
export type SwappedDifference = (swapped: Uint8Array) => number;

export interface RandomisationOptions {
  /** Default 9999. */
  readonly rounds?: number;
  /** Default 3407. */
  readonly seed?: number | string;
}

export interface RandomisationTest {
  readonly difference: number;
  /** Two-sided: (as large + 1) / (rounds + 1), or the exact share. */
  readonly p: number;
  readonly rounds: number;
  /** Whether every way was tried. */
  readonly exact: boolean;
}

/** A difference of means. */
export function meanDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>): SwappedDifference {
  if (ours.length !== theirs.length)
    fail('INPUT', `meanDifference: expected ${ours.length} values of the other system, got ${theirs.length}`);
  const paired = differences(ours, theirs);
  return (swapped) => {
    let sum = 0;
    for (let i = 0; i < paired.length; i++)
      sum += swapped[i] ? -(paired[i] as number) : (paired[i] as number);
    return sum / paired.length;
  };
}

/** A difference of corpus scores: the counts change sides with their drafts. */
export function corpusDifference(
  ours: CountRows,
  theirs: CountRows,
  formula: (sums: Float64Array) => number,
): SwappedDifference {
  if (ours.counts.length !== theirs.counts.length)
    fail('INPUT', `corpusDifference: expected ${ours.counts.length} counts, got ${theirs.counts.length}`);
  const { width, reports } = ours;
  return (swapped) => {
    const [first, second] = [new Float64Array(width), new Float64Array(width)];
    for (let i = 0; i < reports; i++) {
      const [to, from] = swapped[i] ? [second, first] : [first, second];
      for (let k = 0; k < width; k++) {
        (to[k] as number) += ours.counts[i * width + k] as number;
        (from[k] as number) += theirs.counts[i * width + k] as number;
      }
    }
    return formula(first) - formula(second);
  };
}

/** Differences that are equal but for rounding count as equal. */
const ROUNDING = 1e-12;

export function approximateRandomisation(
  reports: number,
  difference: SwappedDifference,
  { rounds = 9999, seed = 3407 }: RandomisationOptions = {},
): RandomisationTest {
  const swapped = new Uint8Array(reports);
  const seen = difference(swapped);
  const least = Math.abs(seen) - ROUNDING * Math.max(1, Math.abs(seen));
  const ways = 2 ** reports;
  if (ways <= rounds) {
    let asLarge = 0;
    for (let way = 0; way < ways; way++) {
      for (let i = 0; i < reports; i++) swapped[i] = (way >> i) & 1;
      if (Math.abs(difference(swapped)) >= least) asLarge++;
    }
    return { difference: seen, p: asLarge / ways, rounds: ways, exact: true };
  }
  const random = new Random(`${seed}:randomisation`);
  let asLarge = 0;
  for (let round = 0; round < rounds; round++) {
    flipCoins(swapped, random);
    if (Math.abs(difference(swapped)) >= least) asLarge++;
  }
  return { difference: seen, p: (asLarge + 1) / (rounds + 1), rounds, exact: false };
}

/** 32 coins a draw. */
function flipCoins(coins: Uint8Array, random: Random): void {
  let bits = 0;
  for (let i = 0; i < coins.length; i++) {
    if (i % 32 === 0) bits = random.uint32();
    coins[i] = bits & 1;
    bits >>>= 1;
  }
}
