/** The counts behind BLEU, shared by its two dialects: how many n-grams of a text its references hold too. */
import { type CountedText, countText } from '../text/tokens.ts';

export interface ClippedMatches {
  /** Words of the prediction. */
  readonly length: number;
  readonly referenceLengths: readonly number[];
  /** Entry n - 1: n-grams of the prediction, each counted at most as often as in the reference that has most of it. */
  readonly matches: readonly number[];
  /** Entry n - 1: n-grams of the prediction. */
  readonly totals: readonly number[];
}

export function clippedMatches(
  prediction: string,
  references: readonly string[],
  order: number,
): ClippedMatches {
  const { length, counts } = countText(prediction);
  const counted = references.map(countText);
  return {
    length,
    referenceLengths: counted.map((reference) => reference.length),
    matches: counts.slice(0, order).map((grams, k) => matchesOf(grams, counted, k)),
    totals: Array.from({ length: order }, (_, k) => Math.max(0, length - k)),
  };
}

function matchesOf(
  grams: ReadonlyMap<string, number>,
  references: readonly CountedText[],
  k: number,
): number {
  let matches = 0;
  for (const [gram, count] of grams) {
    let most = 0;
    for (const reference of references) most = Math.max(most, reference.counts[k]?.get(gram) ?? 0);
    matches += Math.min(count, most);
  }
  return matches;
}

/** The reference length nearest to a candidate's; of two equally near ones the shorter. */
export function closestLength(lengths: readonly number[], length: number): number {
  return lengths.reduce((best, candidate) => {
    const nearer = Math.abs(candidate - length) - Math.abs(best - length);
    return nearer < 0 || (nearer === 0 && candidate < best) ? candidate : best;
  });
}
