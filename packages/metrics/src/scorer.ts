/**
 * What a score is: a scorer reads pairs of a prediction and its references, already cleaned by a protocol, and
 * gives one number a pair and one for the run. README.md of this package shows how to write one.
 *
 * A run is streamed: the scorer sees all references once beforehand (CIDEr counts them), then the pairs one by one.
 */

import { countRows, meanOf, sumsOf } from './statistics/statistic.ts';

/** Texts as a protocol has cleaned them. */
export interface Pair {
  readonly prediction: string;
  readonly references: readonly string[];
}

export interface Scorer {
  /** Its key in the registry: `bleu`, `meteorNltk`. */
  readonly name: string;
  /** What it gives, in order, as tables print it: `['BLEU-1', ..., 'BLEU-4']`. */
  readonly values: readonly string[];
  /** Whether the corpus value is the mean of the items, so that a subset's is the mean of its own. */
  readonly corpusIsMean?: boolean;
  /** The corpus values from sums over the pairs' counts, where they are a formula of such sums: see `ScorerRun.counts`. */
  fromCounts?(sums: Float64Array): number[];
  /** The words of a cleaned text as the scorer compares them, joined by spaces; where absent it splits it at spaces. */
  sees?(text: string): string;
  /** Starts a run whose references are these, in the order of the pairs. */
  over(references: Iterable<readonly string[]>): ScorerRun;
}

/** One run of a scorer: holds what the corpus value needs, never the texts. */
export interface ScorerRun {
  /** Scores one pair; one number a value. */
  add(pair: Pair): number[];
  /** The counts of the pair added last; there where the scorer has `fromCounts`. */
  counts?(): readonly number[];
  /** The scores of the run so far; NaN when nothing was added. */
  corpus(): number[];
}

/** Scores by name, as fractions (CIDEr as its authors give it, in [0, 10]). */
export interface Scores {
  readonly corpus: Record<string, number>;
  readonly perItem: Record<string, Float64Array>;
  /**
   * The corpus values of any sample of the pairs, given by their indices: what resampling asks for. CIDEr keeps the document
   * frequencies of all of them.
   */
  corpusOf(sample: ArrayLike<number>): number[];
}

/** Scores all pairs at once. */
export function scorePairs(scorer: Scorer, pairs: readonly Pair[]): Scores {
  const run = scorer.over(references(pairs));
  const perItem = scorer.values.map(() => new Float64Array(pairs.length));
  const counts: (readonly number[])[] = [];
  pairs.forEach((pair, i) => {
    run.add(pair).forEach((score, v) => {
      (perItem[v] as Float64Array)[i] = score;
    });
    if (run.counts !== undefined) counts.push(run.counts());
  });
  const corpus = run.corpus();
  const byName = <T>(of: (v: number) => T) =>
    Object.fromEntries(scorer.values.map((name, v) => [name, of(v)])) as Record<string, T>;
  return {
    corpus: byName((v) => corpus[v] as number),
    perItem: byName((v) => perItem[v] as Float64Array),
    corpusOf: scorer.fromCounts === undefined ? meansOf(perItem) : formulaOf(counts, scorer.fromCounts),
  };
}

function meansOf(columns: readonly Float64Array[]): Scores['corpusOf'] {
  const means = columns.map(meanOf);
  return (sample) => means.map((statistic) => statistic(sample));
}

function formulaOf(
  counts: readonly (readonly number[])[],
  fromCounts: NonNullable<Scorer['fromCounts']>,
): Scores['corpusOf'] {
  const sums = sumsOf(countRows(counts));
  return (sample) => fromCounts(sums(sample));
}

/** A scorer whose corpus value is the mean of its items. */
export function meanScorer(name: string, values: readonly string[], score: (pair: Pair) => number[]): Scorer {
  return {
    name,
    values,
    corpusIsMean: true,
    over() {
      const sum = new RunningSum(values.length);
      return {
        add(pair) {
          const scores = score(pair);
          sum.add(scores);
          return scores;
        },
        corpus: () => sum.means(),
      };
    },
  };
}

/** Sums of several numbers at once, and their means (NaN before the first). */
export class RunningSum {
  readonly #sums: Float64Array;
  #count = 0;

  constructor(width: number) {
    this.#sums = new Float64Array(width);
  }

  add(numbers: readonly number[]): void {
    this.#count++;
    numbers.forEach((number, i) => {
      this.#sums[i] = (this.#sums[i] as number) + number;
    });
  }

  get count(): number {
    return this.#count;
  }

  totals(): number[] {
    return [...this.#sums];
  }

  means(): number[] {
    return Array.from(this.#sums, (sum) => sum / this.#count);
  }
}

function* references(pairs: readonly Pair[]): Generator<readonly string[]> {
  for (const pair of pairs) yield pair.references;
}
