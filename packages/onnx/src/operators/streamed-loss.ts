/**
 * Cross entropy over a vocabulary that is gone through part by part, so that neither all logits nor all of the output
 * matrix ever stand in memory. The softmax is taken online (Milakov and Gimelshein 2018, arXiv 1805.02867): with m the
 * largest logit so far and s = sum exp(logit - m), a part that raises m to m' scales what was summed by exp(m - m'). The
 * product P W that the gradient needs is summed beside s in the same way, so that each part is visited once.
 */
import { mismatch } from '../dimension.ts';
import { expectRank, integers, node, type Value } from '../value.ts';
import { add, divide, exponential, logarithm, multiply, subtract } from './elementwise.ts';
import { gemm, linear } from './matrix.ts';
import { sum } from './reduction.ts';

/** What is known of rows x [C, E] after some parts of the vocabulary. */
export type VocabularySums = {
  /** [C, 1]: the largest logit; before the first part the least float. */
  readonly largest: Value;
  /** [C, 1]: sum of exp(logit - largest). */
  readonly total: Value;
  /** [C, E]: sum of exp(logit - largest) W, where a gradient is wanted. */
  readonly pulled?: Value;
};

/** Takes the next rows of the output matrix, weight [part, E], into account. */
export function addVocabulary(
  x: Value,
  weight: Value,
  { largest, total, pulled }: VocabularySums,
): VocabularySums {
  expectRank('addVocabulary', x, 2);
  if (x.shape[1] !== weight.shape[1])
    mismatch('addVocabulary', x.shape, weight.shape, 'x [C, E] and W [part, E]');
  const logits = linear(x, weight); // [C, part]
  const here = node('ReduceMax', [logits, integers(1)], largest.shape, { attributes: { keepdims: 1 } });
  const found = node('Max', [largest, here], largest.shape);
  const old = exponential(subtract(largest, found));
  const powers = exponential(subtract(logits, found));
  return {
    largest: found,
    total: add(multiply(total, old), rowSum(powers)),
    ...(pulled && { pulled: gemm(powers, weight, { c: multiply(pulled, old) }) }),
  };
}

/** log p [C, 1] of each row's label, from its row of the output matrix, [C, E], and the sums over all parts. */
export function streamedLogProbability(
  x: Value,
  labelRows: Value,
  { largest, total }: VocabularySums,
): Value {
  const logit = rowSum(multiply(x, labelRows));
  return subtract(subtract(logit, largest), logarithm(total));
}

/** The gradient of sum weight_t * -log p_t with respect to x: weight_t (P W - W[label_t]), [C, E]. */
export function streamedGradient(
  labelRows: Value,
  weights: Value,
  { total, pulled }: Required<VocabularySums>,
): Value {
  return multiply(subtract(divide(pulled, total), labelRows), weights);
}

const rowSum = (x: Value): Value => sum(x, { axes: [1], keep: true });
