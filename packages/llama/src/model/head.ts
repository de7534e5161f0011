/** What stands after the last layer: RMS norm, the output matrix, and the loss, for rows of the hidden state. */
import {
  crossEntropyHead,
  f32,
  i64,
  input,
  linear,
  logProbability,
  pullback,
  rmsNorm,
  type Shape,
  scalar,
  type Value,
} from '@llama-xr/onnx';
import type { LlamaConfig } from './weights-type.ts';

/** The head's inputs that are not rows of a batch. */
export interface HeadValues {
  /** [E] */
  readonly outputNorm: Value;
  /** [V, E] */
  readonly head: Value;
}

export function headInputs({ width, vocabulary }: LlamaConfig): HeadValues {
  return { outputNorm: input('outputNorm', f32, [width]), head: input('head', f32, [vocabulary, width]) };
}

/** Labels [C, 1] and weights [C, 1] of the rows in the loss. */
export function lossInputs(rows: Shape[number]): { labels: Value; weights: Value } {
  return { labels: input('labels', i64, [rows, 1]), weights: input('weights', f32, [rows, 1]) };
}

/** The loss of hidden rows x [C, E]. */
export function headLoss(
  x: Value,
  { outputNorm, head }: HeadValues,
  { labels, weights }: { labels: Value; weights: Value },
  { rmsEps: eps }: LlamaConfig,
  chunks = 1,
): Value {
  return crossEntropyHead(rmsNorm(x, outputNorm, { eps }), head, labels, weights, { chunks });
}

/** Graph: loss of rows and its gradient with respect to them. */
export function trainingHead(config: LlamaConfig): { loss: Value; dx: Value } {
  const x = input('x', f32, ['C', config.width]);
  const loss = headLoss(x, headInputs(config), lossInputs('C'), config);
  const [dx] = pullback([[loss, scalar(1)]], [x]);
  return { loss, dx: dx as Value };
}

/** Graph: log probability of each row's label, [C, 1]. */
export function scoringHead(config: LlamaConfig): { logProbabilities: Value } {
  const { outputNorm, head } = headInputs(config);
  const normed = rmsNorm(input('x', f32, ['C', config.width]), outputNorm, { eps: config.rmsEps });
  return { logProbabilities: logProbability(linear(normed, head), lossInputs('C').labels) };
}

/** Graph: logits of rows, [C, V]. */
export function logitsHead(config: LlamaConfig): { logits: Value } {
  const { outputNorm, head } = headInputs(config);
  const x = input('x', f32, ['C', config.width]);
  return { logits: linear(rmsNorm(x, outputNorm, { eps: config.rmsEps }), head) };
}
