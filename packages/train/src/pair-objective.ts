/**
 * What a step lowers where examples have rivals: the likelihood loss and the mean of the pairs' losses (`pair-loss.ts`). A look
 * at the log probabilities gives each pair's slope; the slopes become weights of the tokens, below 0 for rivals, and one
 * step of the usual kind has the gradient of the sum. The look leaves out nothing where the adapter has dropout, the step does: the
 * slopes are then those of the whole adapter.
 */
import type { TrainingEngine } from '@llama-xr/llama';
import { type BatchRules, inRows } from './batches.ts';
import { type Example, responseStart } from './example.ts';
import { collate, type Row } from './packing.ts';
import { contrastLoss, type PairValue, preferenceLoss } from './pair-loss.ts';
import type { Recipe } from './recipe.ts';

type LookEngine = Pick<TrainingEngine, 'logProbabilities'>;
type PairRules = BatchRules & Pick<Recipe, 'contrast' | 'preference'>;

/** What the weights of a step are divided by. */
export interface StepTotals {
  /** `lossWeight` of all its examples. */
  readonly weight: number;
  /** Pairs in all its batches. */
  readonly pairs: number;
}

/** How the pairs of some batches stood before the step. */
export interface PairTally {
  /** Their part of the step's loss. */
  readonly loss: number;
  /** Pairs whose example was likelier than its rival (than at the beginning, for preference). */
  readonly won: number;
  /** Sum of their differences d. */
  readonly difference: number;
}

export interface WeighedRows {
  readonly rows: readonly Row[];
  /** What the weighted loss of `rows` says beyond the likelihood's. */
  readonly surplus: number;
  readonly tally: PairTally;
}

export const pairsOf = (examples: readonly Example[]): Example[] =>
  examples.filter(({ rival }) => rival !== undefined);

/** The rows of a batch, and its rivals'. */
export function rowsWithRivals(rows: readonly Row[], rules: BatchRules): Row[] {
  const rivals = rows.flatMap((row) => row.examples.flatMap(({ rival }) => rival ?? []));
  return [...rows, ...inRows(rivals, rules)];
}

export class PairObjective {
  readonly #engine: LookEngine;
  readonly #rules: PairRules;
  readonly #reference: ReadonlyMap<Example, number>;

  /** @param reference by example: how much likelier it was than its rival at the beginning, for preference */
  constructor(engine: LookEngine, rules: PairRules, reference: ReadonlyMap<Example, number> = new Map()) {
    this.#engine = engine;
    this.#rules = rules;
    this.#reference = reference;
  }

  /** Weighs the rows of a batch as its pairs stand, and puts their rivals beside them. */
  async weigh(rows: readonly Row[], totals: StepTotals): Promise<WeighedRows> {
    const examples = rows.flatMap((row) => row.examples);
    const pairs = pairsOf(examples);
    const likelihood = this.#rules.preference?.likelihood ?? 1;
    const logOdds = await pairDifferences(this.#engine, pairs);
    const weighed = new Map(examples.map((example) => [example, scaled(example, likelihood)]));
    const rivals: Example[] = [];
    let [surplus, loss, won, sum] = [0, 0, 0, 0];
    pairs.forEach((example, i) => {
      const { value, difference, slope } = this.#stand(example, logOdds[i] as number, totals.pairs);
      weighed.set(example, shifted(weighed.get(example) as Example, -slope * totals.weight));
      // A hinge that holds has no slope: its rival need not be computed.
      if (slope !== 0) rivals.push(uniform(example.rival as Example, slope * totals.weight));
      surplus += slope * (logOdds[i] as number);
      loss += value;
      won += difference > 0 ? 1 : 0;
      sum += difference;
    });
    const own = rows.map((row) => ({ ...row, examples: row.examples.map((e) => weighed.get(e) as Example) }));
    return {
      rows: [...own, ...inRows(rivals, this.#rules)],
      surplus,
      tally: { loss, won, difference: sum },
    };
  }

  /** A pair's difference, its part of the step's loss, and the derivative of that in log p of the example. */
  #stand(example: Example, logOdds: number, pairs: number) {
    const { preference, contrast } = this.#rules;
    const scale = preference === null ? 1 / (example.tokens.length - responseStart(example)) : 1;
    const difference = scale * (logOdds - (this.#reference.get(example) ?? 0));
    const { loss, slope }: PairValue =
      preference === null
        ? contrastLoss(difference, contrast.margin, contrast.form)
        : preferenceLoss(difference, preference.beta);
    const weight = (preference === null ? contrast.weight : 1) / pairs;
    return { difference, value: weight * loss, slope: weight * slope * scale };
  }
}

/** log p of each example's report less that of its rival's, in nats; float32, so that what is kept is what is used. */
export async function pairDifferences(engine: LookEngine, pairs: readonly Example[]): Promise<Float32Array> {
  if (pairs.length === 0) return new Float32Array();
  const both = [...pairs, ...pairs.map(({ rival }) => rival as Example)];
  const batch = collate(
    both.map((example) => uniform(example, 1)),
    1,
  );
  const logProbabilities = await engine.logProbabilities(batch);
  const sums = both.map((_, i) => {
    const row = logProbabilities.subarray(i * batch.sequence, (i + 1) * batch.sequence);
    return row.reduce((sum, value) => sum + value, 0);
  });
  return Float32Array.from(pairs, (_, i) => (sums[i] as number) - (sums[i + pairs.length] as number));
}

/** The example with one weight on each token of its report, and none elsewhere. */
function uniform(example: Example, weight: number): Example {
  const lossFrom = responseStart(example);
  const { tokens } = example;
  return { ...example, lossFrom, tokenWeights: new Float32Array(tokens.length - lossFrom).fill(weight) };
}

function weightsOf({ tokens, lossFrom, tokenWeights }: Example): Float32Array {
  return tokenWeights ?? new Float32Array(tokens.length - lossFrom).fill(1);
}

const scaled = (example: Example, factor: number): Example =>
  factor === 1 ? example : { ...example, tokenWeights: weightsOf(example).map((w) => factor * w) };

/** Adds a weight to each token of the report. */
function shifted(example: Example, weight: number): Example {
  const report = responseStart(example) - example.lossFrom;
  return { ...example, tokenWeights: weightsOf(example).map((w, i) => (i < report ? w : w + weight)) };
}
