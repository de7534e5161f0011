/**
 * The projector: two layers that turn image features into vectors of the size of a token's embedding (Liu et al. 2023,
 * "Improved Baselines with Visual Instruction Tuning", arXiv 2310.03744), with what each place adds of its own:
 *
 *   soft token k = W2 silu(W1 f + b1) + b2 + place[k]   where the view was taken
 *                = absent[k]                            where it was not
 *
 * A missing view is thus something learned, and never a copy of the other view.
 *
 * N soft tokens of a batch, K places, C features, H hidden, E width of the model.
 */
import type { Random } from '@llama-xr/core';
import {
  add,
  type ElementType,
  f32,
  gatherRows,
  i64,
  input,
  linear,
  multiply,
  pullback,
  scalar,
  sigmoid,
  subtract,
  type Value,
} from '@llama-xr/onnx';
import { layOut, type ParameterLayout, viewOf } from '../model/parameters.ts';

export interface ProjectorShape {
  /** K */
  readonly slots: number;
  /** C */
  readonly features: number;
  /** H */
  readonly hidden: number;
}

export const PROJECTOR_PREFIX = 'projector.';

const TENSORS = ['w1', 'b1', 'w2', 'b2', 'place', 'absent'] as const;
export type ProjectorTensor = (typeof TENSORS)[number];

/** @param width E */
export function projectorShapes(
  { slots: K, features: C, hidden: H }: ProjectorShape,
  width: number,
): Record<ProjectorTensor, number[]> {
  return { w1: [H, C], b1: [H], w2: [width, H], b2: [width], place: [K, width], absent: [K, width] };
}

/** `projector.w1` ..., behind the slots of an adapter. */
export function projectorLayout(shape: ProjectorShape, width: number, offset: number): ParameterLayout {
  const shapes = projectorShapes(shape, width);
  const tensors = TENSORS.map((name) => ({ name: `${PROJECTOR_PREFIX}${name}`, shape: shapes[name] }));
  return layOut(tensors).map((slot) => ({ ...slot, offset: slot.offset + offset }));
}

export const isProjectorSlot = ({ name }: { name: string }): boolean => name.startsWith(PROJECTOR_PREFIX);

/** The tensors of a projector in a flat array, by their names in the graph. */
export function projectorViews(
  layout: ParameterLayout,
  flat: Float32Array,
): Record<ProjectorTensor, Float32Array> {
  const own = layout.filter(isProjectorSlot);
  return Object.fromEntries(
    own.map((slot) => [slot.name.slice(PROJECTOR_PREFIX.length), viewOf(flat, slot)]),
  ) as Record<ProjectorTensor, Float32Array>;
}

/** E[silu(x)^2] for x normal with deviation 1. */
const SILU_POWER = 0.3557;

/**
 * The start: soft tokens spread as the embeddings of real tokens are, half of it by their place and half by the image, so
 * that the frozen layers get vectors of a size that they know.
 * @param embeddings [n, E] of some tokens
 */
export function initializeProjector(
  layout: ParameterLayout,
  parameters: Float32Array,
  embeddings: Float32Array,
  random: Random,
): void {
  const { w1, b1, w2, b2, place, absent } = projectorViews(layout, parameters);
  const [width, hidden] = [b2.length, b1.length];
  const { mean, spread } = embeddingStatistics(embeddings, width);
  const uniform = (array: Float32Array, deviation: number) => {
    const bound = Math.sqrt(3) * deviation;
    for (let i = 0; i < array.length; i++) array[i] = random.between(-bound, bound);
  };
  uniform(w1, Math.sqrt(hidden / w1.length)); // 1 / sqrt(C)
  b1.fill(0);
  uniform(w2, (spread * Math.SQRT1_2) / Math.sqrt(SILU_POWER * hidden));
  b2.fill(0);
  for (const [rows, share] of [
    [place, Math.SQRT1_2],
    [absent, 1],
  ] as const)
    for (let i = 0; i < rows.length; i++)
      rows[i] = (mean[i % width] as number) + spread * share * random.normal();
}

/** The mean of some rows, [E], and how far a row is from it: root mean square over rows and elements. */
function embeddingStatistics(rows: Float32Array, width: number): { mean: Float64Array; spread: number } {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  rows.forEach((value, i) => {
    mean[i % width] = (mean[i % width] as number) + value / count;
  });
  const squares = rows.reduce((sum, value, i) => sum + (value - (mean[i % width] as number)) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / rows.length) };
}

/** The soft tokens, [N, E], of features [N, C], slots [N] int64 and present [N, 1]. */
export function projection(
  { features, slots, present }: { features: Value; slots: Value; present: Value },
  { w1, b1, w2, b2, place, absent }: Readonly<Record<ProjectorTensor, Value>>,
): Value {
  const hidden = linear(features, w1, b1); // [N, H]
  const image = linear(multiply(hidden, sigmoid(hidden)), w2, b2); // [N, E]
  const seen = add(image, gatherRows(place, slots));
  const missing = subtract(scalar(1, present.type), present);
  return add(multiply(present, seen), multiply(missing, gatherRows(absent, slots)));
}

function projectorInputs(shape: ProjectorShape, width: number, type: ElementType) {
  const shapes = projectorShapes(shape, width);
  const parameters = Object.fromEntries(
    TENSORS.map((name) => [name, input(name, type, shapes[name])]),
  ) as Record<ProjectorTensor, Value>;
  const soft = {
    features: input('features', type, ['N', shape.features]),
    slots: input('slots', i64, ['N']),
    present: input('present', type, ['N', 1]),
  };
  return { parameters, soft };
}

/** Graph: features to soft tokens. */
export function forwardProjector(
  shape: ProjectorShape,
  width: number,
  type: ElementType = f32,
): { soft: Value } {
  const { parameters, soft } = projectorInputs(shape, width, type);
  return { soft: projection(soft, parameters) };
}

/** Graph: the gradients of the parameters from that of the soft tokens, `dSoft` [N, E]. */
export function backwardProjector(
  shape: ProjectorShape,
  width: number,
  type: ElementType = f32,
): { gradients: Record<ProjectorTensor, Value> } {
  const { parameters, soft } = projectorInputs(shape, width, type);
  const y = projection(soft, parameters);
  const names = Object.keys(parameters) as ProjectorTensor[];
  const found = pullback(
    [[y, input('dSoft', type, ['N', width])]],
    names.map((name) => parameters[name]),
  );
  const gradients = {} as Record<ProjectorTensor, Value>;
  names.forEach((name, i) => {
    gradients[name] = found[i] as Value;
  });
  return { gradients };
}
