/**
 * Approximate randomisation (Noreen, Computer-Intensive Methods for Testing Hypotheses, 1989): if two systems were
 * the same, it would not matter which of them wrote which draft. So drafts change sides by coin, report by report, and
 * p is how often the difference is then as large as the one seen. With few reports every way is tried: the exact
 * permutation test.
 */
import { fail, Random } from '@llama-xr/core';
import { differences } from './samples.ts';
import type { CountRows } from './statistic.ts';

/** A coin a report, packed: that of report i is bit i % 8 of byte i / 8. Bits beyond the last report mean nothing. */
export type Coins = Uint8Array;

/** The difference of the two systems where the drafts whose coin is 1 have changed sides. */
export type SwappedDifference = (coins: Coins) => number;

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
  const flipped = flippedSums(paired);
  const total = paired.reduce((sum, difference) => sum + difference, 0);
  return (coins) => (total - 2 * flipped(coins)) / paired.length;
}

/**
 * The sum of the differences whose coin is 1, eight coins at a time: the 256 sums that eight reports can have are worked out
 * beforehand, so that thousands of rounds cost an eighth.
 */
function flippedSums(paired: Float64Array): (coins: Coins) => number {
  const bytes = Math.ceil(paired.length / 8);
  const sums = new Float64Array(bytes * 256);
  for (let byte = 0; byte < bytes; byte++) {
    for (let eight = 1; eight < 256; eight++) {
      // The sum without the lowest coin is known already.
      const lowest = 31 - Math.clz32(eight & -eight);
      const rest = sums[byte * 256 + (eight & (eight - 1))] as number;
      sums[byte * 256 + eight] = rest + (paired[byte * 8 + lowest] ?? 0);
    }
  }
  return (coins) => {
    let sum = 0;
    for (let byte = 0; byte < bytes; byte++) sum += sums[byte * 256 + (coins[byte] as number)] as number;
    return sum;
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
  return (coins) => {
    const [first, second] = [new Float64Array(width), new Float64Array(width)];
    for (let i = 0; i < reports; i++) {
      const swapped = ((coins[i >> 3] as number) >> (i & 7)) & 1;
      const [to, from] = swapped ? [second, first] : [first, second];
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
  const coins = new Uint8Array(Math.ceil(reports / 8));
  const seen = difference(coins);
  const least = Math.abs(seen) - ROUNDING * Math.max(1, Math.abs(seen));
  const ways = 2 ** reports;
  if (ways <= rounds) {
    let asLarge = 0;
    for (let way = 0; way < ways; way++) {
      for (let byte = 0; byte < coins.length; byte++) coins[byte] = way >> (8 * byte);
      if (Math.abs(difference(coins)) >= least) asLarge++;
    }
    return { difference: seen, p: asLarge / ways, rounds: ways, exact: true };
  }
  const random = new Random(`${seed}:randomisation`);
  let asLarge = 0;
  for (let round = 0; round < rounds; round++) {
    tossCoins(coins, random);
    if (Math.abs(difference(coins)) >= least) asLarge++;
  }
  return { difference: seen, p: (asLarge + 1) / (rounds + 1), rounds, exact: false };
}

/** 32 coins a draw. */
function tossCoins(coins: Coins, random: Random): void {
  let bits = 0;
  for (let byte = 0; byte < coins.length; byte++) {
    if (byte % 4 === 0) bits = random.uint32();
    coins[byte] = bits;
    bits >>>= 8;
  }
}
