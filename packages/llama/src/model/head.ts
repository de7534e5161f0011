/**
 * What stands after the last layer: RMS norm, the output matrix, and the loss, for rows of the hidden state. In one graph
 * for a whole step; for streamed-head.ts in graphs that take the output matrix part by part.
 */
import {
  addVocabulary,
  crossEntropyHead,
  f32,
  i64,
  input,
  linear,
  pullback,
  rmsNorm,
  type Shape,
  streamedGradient,
  streamedLogProbability,
  type Value,
  type VocabularySums,
} from '@llama-xr/onnx';
import { matrixInput } from './base-inputs.ts';
import type { LlamaConfig, MatrixForm } from './weights-type.ts';

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

/** Graph: rows after the output norm, [C, E]. */
export function normedRows({ width, rmsEps: eps }: LlamaConfig): { normed: Value } {
  return { normed: rmsNorm(input('x', f32, ['C', width]), input('outputNorm', f32, [width]), { eps }) };
}

/** Graph: the next part of the vocabulary, [P, E], into the sums over normed rows; see `addVocabulary`. */
export function vocabularyPart(
  { width }: LlamaConfig,
  form: MatrixForm,
  part: number,
  withGradient: boolean,
): { sums: VocabularySums } {
  const weight = matrixInput('head', form, [part, width]);
  const normed = input('normed', f32, ['C', width]);
  return { sums: addVocabulary(normed, weight, sumInputs(width, withGradient)) };
}

function sumInputs(width: number, withGradient: boolean): VocabularySums {
  const column = (name: string) => input(name, f32, ['C', 1]);
  return {
    largest: column('largest'),
    total: column('total'),
    ...(withGradient && { pulled: input('pulled', f32, ['C', width]) }),
  };
}

/** Graph: log probability of each row's label, [C, 1], from its row of the head and the sums. */
export function rowScores({ width }: LlamaConfig): { logProbabilities: Value } {
  const [normed, labelRows] = ['normed', 'labelRows'].map((name) => input(name, f32, ['C', width]));
  return {
    logProbabilities: streamedLogProbability(normed as Value, labelRows as Value, sumInputs(width, false)),
  };
}

/** Graph: the gradient of the loss with respect to rows before the output norm, [C, E]. */
export function rowGradients(config: LlamaConfig): { dx: Value } {
  const { width, rmsEps: eps } = config;
  const [x, labelRows] = ['x', 'labelRows'].map((name) => input(name, f32, ['C', width])) as [Value, Value];
  const sums = sumInputs(width, true) as Required<VocabularySums>;
  const dNormed = streamedGradient(labelRows, input('weights', f32, ['C', 1]), sums);
  const normed = rmsNorm(x, input('outputNorm', f32, [width]), { eps });
  const [dx] = pullback([[normed, dNormed]], [x]);
  return { dx: dx as Value };
}

/** Graph: logits of normed rows for a part of the vocabulary, [C, P]. */
export function logitsPart({ width }: LlamaConfig, form: MatrixForm, part: number): { logits: Value } {
  return { logits: linear(input('normed', f32, ['C', width]), matrixInput('head', form, [part, width])) };
}
