/**
 * BLEU (Papineni et al., 2002) as pycocoevalcap 1.2 has it: modified n-gram precisions, their geometric mean from 1
 * to n, brevity penalty against the reference closest in length (of equals the shorter). Its constants `tiny` and
 * `small` keep zero counts from zeroing a score and are part of its numbers. Not sacreBLEU: no tokenizer of its own,
 * no smoothing method.
 */
import { RunningSum, type Scorer } from '../scorer.ts';
import { clippedMatches, closestLength } from './ngram-precision.ts';

const TINY = 1e-15;
const SMALL = 1e-9;

/** BLEU-1 to BLEU-`order`. The corpus value is counted over the whole run, not averaged. */
export function bleu(order = 4): Scorer {
  return {
    name: 'bleu',
    values: Array.from({ length: order }, (_, k) => `BLEU-${k + 1}`),
    fromCounts: (sums) => {
      const [length, closest] = [sums[2 * order] as number, sums[2 * order + 1] as number];
      return fromCounts([...sums.subarray(0, order)], [...sums.subarray(order, 2 * order)], length, closest);
    },
    over() {
      const sums = new RunningSum(2 * order + 2);
      let last: number[] = [];
      return {
        add({ prediction, references }) {
          const counts = clippedMatches(prediction, references, order);
          const closest = closestLength(counts.referenceLengths, counts.length);
          last = [...counts.matches, ...counts.totals, counts.length, closest];
          sums.add(last);
          return fromCounts(counts.matches, counts.totals, counts.length, closest);
        },
        counts: () => last,
        corpus() {
          if (sums.count === 0) return new Array<number>(order).fill(Number.NaN);
          const all = sums.totals();
          const [length, closest] = all.slice(2 * order) as [number, number];
          return fromCounts(all.slice(0, order), all.slice(order, 2 * order), length, closest);
        },
      };
    },
  };
}

/** BLEU-n = BP (p_1 ... p_n)^(1/n), BP = exp(1 - r/c) where the candidate length c is below the reference's r. */
function fromCounts(
  matches: readonly number[],
  totals: readonly number[],
  length: number,
  referenceLength: number,
): number[] {
  const ratio = (length + TINY) / (referenceLength + SMALL);
  const penalty = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
  let product = 1;
  return matches.map((match, k) => {
    product *= (match + TINY) / ((totals[k] as number) + SMALL);
    return penalty * product ** (1 / (k + 1));
  });
}
