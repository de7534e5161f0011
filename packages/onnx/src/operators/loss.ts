/**
 * Cross entropy over a vocabulary, each row with its own weight: loss = sum_t weight_t * -log p_t(label_t). Weights
 * carry the mean: 1 / (rows in the loss), and 0 for rows outside it.
 */
import { fail } from '@llama-xr/core';
import { type Dimension, mismatch, type Shape, sameShape, written } from '../dimension.ts';
import {
  constant,
  differentiable,
  expectRank,
  i64,
  node,
  notDifferentiable,
  scalar,
  type Value,
} from '../value.ts';
import { cast, logarithm, multiply, negate, subtract } from './elementwise.ts';
import { gatherRows } from './indexing.ts';
import { concat, reshape, split, splitInto } from './layout.ts';
import { gemm, linear } from './matrix.ts';
import { logSoftmax, softmax } from './normalization.ts';
import { sum } from './reduction.ts';

/** Cross entropy of logits [C, V]; labels [C, 1] (int64) and weights [C, 1]. Differentiable in the logits. */
export function crossEntropy(logits: Value, labels: Value, weights: Value): Value {
  checkRows('crossEntropy', logits, labels, weights);
  const vocabulary = logits.shape[1];
  if (typeof vocabulary !== 'number')
    return fail('GRAPH', `crossEntropy: expected a vocabulary of known size, got ${written(logits.shape)}`);
  const loss = negate(sum(multiply(logProbability(logits, labels), weights)));
  return differentiable(
    'crossEntropy',
    loss,
    [logits],
    (dLoss) => {
      const classes = constant(
        i64,
        [1, vocabulary],
        BigInt64Array.from({ length: vocabulary }, (_, i) => BigInt(i)),
      );
      const hit = cast(node('Equal', [labels, classes], logits.shape, { type: 'bool' }), logits.type);
      return [multiply(multiply(subtract(softmax(logits), hit), weights), dLoss)];
    },
    { frozen: [weights] },
  );
}

/** log p of each row's label, [C, 1], from logits [C, V] and labels [C, 1]. */
export function logProbability(logits: Value, labels: Value): Value {
  checkRows('logProbability', logits, labels);
  return notDifferentiable('logProbability', take(logSoftmax(logits), labels), [logits]);
}

export interface HeadOptions {
  /** Rows are cut into this many equal parts, so that only [C / chunks, V] logits exist at a time. */
  chunks?: number;
}

/**
 * Cross entropy of x W^T, without its logits ever standing whole in memory: x [C, E], a frozen weight [V, E], labels
 * [C, 1], weights [C, 1]. With P = softmax(x W^T): dx = weight_t (P W - W[label_t]), from the P of the forward pass.
 */
export function crossEntropyHead(
  x: Value,
  weight: Value,
  labels: Value,
  weights: Value,
  { chunks = 1 }: HeadOptions = {},
): Value {
  checkRows('crossEntropyHead', x, labels, weights);
  if (x.shape[1] !== weight.shape[1])
    mismatch('crossEntropyHead', x.shape, weight.shape, 'x [C, E] and W [V, E]');
  const width = x.shape[1] as Dimension;
  const parts = {
    x: split(x, chunks, 0),
    labels: split(labels, chunks, 0),
    weights: split(weights, chunks, 0),
  };
  // Loss and gradient of a part lie side by side, so that its logits are done with before those of the next are there.
  const rows = concat(
    parts.x.map((part, i) => rowsOfHead(part, weight, parts.labels[i] as Value, parts.weights[i] as Value)),
    0,
  );
  const [losses, dx] = splitInto(rows, [1, width], 1) as [Value, Value];
  return differentiable('crossEntropyHead', sum(losses), [x], (dLoss) => [multiply(dx, dLoss)], {
    frozen: [weight, weights],
  });
}

/** Each row's weighted loss, and its gradient with respect to the row: [C, 1 + E]. */
function rowsOfHead(x: Value, weight: Value, labels: Value, weights: Value): Value {
  const probabilities = softmax(linear(x, weight));
  // The smallest float that is no denormal: a probability of 0 would make the loss infinite.
  const floor = scalar(1e-37, x.type);
  const atLabel = take(probabilities, labels);
  const safe = node('Max', [atLabel, floor], atLabel.shape);
  const embedded = reshape(gatherRows(weight, labels), x.shape);
  const dx = subtract(gemm(probabilities, weight), embedded);
  return multiply(concat([negate(logarithm(safe)), dx], 1), weights);
}

/** Each row's element at its label. */
function take(rows: Value, labels: Value): Value {
  return node('GatherElements', [rows, labels], labels.shape, { attributes: { axis: 1 } });
}

function checkRows(operator: string, rows: Value, labels: Value, weights: Value = labels): void {
  expectRank(operator, rows, 2);
  const column: Shape = [rows.shape[0] as Dimension, 1];
  if (!sameShape(labels.shape, column) || !sameShape(weights.shape, column))
    mismatch(operator, labels.shape, weights.shape, `labels and weights ${written(column)}`);
  if (labels.type !== i64) fail('GRAPH', `${operator}: expected int64 labels, got ${labels.type}`);
}
