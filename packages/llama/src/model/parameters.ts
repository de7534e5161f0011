/**
 * Trainable numbers as one flat array. A layout says where each tensor lies, so that an optimizer sees numbers only,
 * a graph sees tensors, and a checkpoint sees names.
 */
import { fail, type Random } from '@llama-xr/core';
import { type LlamaConfig, PROJECTIONS, type Projection, projectionShape } from './weights-type.ts';

/** One tensor of a layout: elements offset .. offset + length - 1, row-major. */
export interface ParameterSlot {
  /** `layers.3.a.qkv` */
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

export type ParameterLayout = readonly ParameterSlot[];

/** Lays tensors one after another. */
export function layOut(tensors: readonly { name: string; shape: readonly number[] }[]): ParameterSlot[] {
  let offset = 0;
  return tensors.map(({ name, shape }) => {
    const slot = { name, shape, offset, length: shape.reduce((size, dimension) => size * dimension, 1) };
    offset += slot.length;
    return slot;
  });
}

export function parameterCount(layout: ParameterLayout): number {
  return layout.reduce((count, slot) => count + slot.length, 0);
}

/** The part of a flat array that a slot describes; shares its memory. */
export function viewOf(flat: Float32Array, { offset, length }: ParameterSlot): Float32Array {
  return flat.subarray(offset, offset + length);
}

/** Projections that read the same input: their A factors are stacked, so that one product serves them all. */
export const ADAPTER_GROUPS = [
  { name: 'qkv', projections: ['q', 'k', 'v'] },
  { name: 'o', projections: ['o'] },
  { name: 'gateUp', projections: ['gate', 'up'] },
  { name: 'down', projections: ['down'] },
] as const satisfies readonly AdapterGroup[];

export interface AdapterGroup {
  readonly name: 'qkv' | 'o' | 'gateUp' | 'down';
  readonly projections: readonly Projection[];
}

function groupOf(projection: Projection): AdapterGroup {
  const groups: readonly AdapterGroup[] = ADAPTER_GROUPS;
  return groups.find(({ projections }) => projections.includes(projection)) as AdapterGroup;
}

interface AdapterTensor {
  readonly name: string;
  readonly shape: [number, number];
}

/**
 * The tensors of one layer's adapter: `a.<group>` [projections * rank, in], the factors A stacked by rows, and
 * `b.<projection>` [rank, out], the factor B transposed; for the projections that it adapts.
 */
export function adapterTensors(
  config: LlamaConfig,
  rank: number,
  targets: readonly Projection[] = PROJECTIONS,
): AdapterTensor[] {
  if (rank === 0) return [];
  const adapted = (projection: Projection) => targets.includes(projection);
  const first = ADAPTER_GROUPS.flatMap(({ name, projections }): AdapterTensor[] => {
    const count = projections.filter(adapted).length;
    const [, columns] = projectionShape(config, projections[0]);
    return count === 0 ? [] : [{ name: `a.${name}`, shape: [count * rank, columns] }];
  });
  const second = PROJECTIONS.filter(adapted).map(
    (projection): AdapterTensor => ({
      name: `b.${projection}`,
      shape: [rank, projectionShape(config, projection)[0]],
    }),
  );
  return [...first, ...second];
}

/** All layers' adapters in one flat array, layer after layer; names are `layers.<l>.` and the tensor's. */
export function adapterLayout(
  config: LlamaConfig,
  rank: number,
  targets: readonly Projection[] = PROJECTIONS,
): ParameterSlot[] {
  const tensors = adapterTensors(config, rank, targets);
  return layOut(
    Array.from({ length: config.layers }, (_, layer) =>
      tensors.map(({ name, shape }) => ({ name: `layers.${layer}.${name}`, shape })),
    ).flat(),
  );
}

/**
 * LoRA's start: A uniform in +-1 / sqrt(in), which is Kaiming's bound with a = sqrt(5) as PEFT draws it; B zero, so
 * that the adapted model is the base.
 */
export function initializeAdapter(layout: ParameterLayout, parameters: Float32Array, random: Random): void {
  for (const slot of layout) {
    const values = viewOf(parameters, slot);
    if (!isFirstFactor(slot)) values.fill(0);
    else {
      const bound = 1 / Math.sqrt(slot.shape[1] as number);
      for (let i = 0; i < values.length; i++) values[i] = random.between(-bound, bound);
    }
  }
}

function isFirstFactor({ name }: ParameterSlot): boolean {
  return name.split('.').at(-2) === 'a';
}

/** An adapter's two factors as PEFT and ggml have them; rows of B for q and k in the base's order. */
export interface AdapterFactors {
  /** [rank, in] */
  readonly a: Float32Array;
  /** [out, rank] */
  readonly b: Float32Array;
}

/** Whether a layout has factors for a projection. */
export function isAdapted(layout: ParameterLayout, layer: number, projection: Projection): boolean {
  return layout.some(({ name }) => name === `layers.${layer}.b.${projection}`);
}

/** Reads the factors of one projection out of a flat array; copies. */
export function readFactors(
  layout: ParameterLayout,
  parameters: Float32Array,
  layer: number,
  projection: Projection,
): AdapterFactors {
  const { a, b, rank, out } = factorViews(layout, parameters, layer, projection);
  return { a: a.slice(), b: transposed(b, rank, out) };
}

/** Writes the factors of one projection into a flat array. */
export function writeFactors(
  layout: ParameterLayout,
  parameters: Float32Array,
  layer: number,
  projection: Projection,
  factors: AdapterFactors,
): void {
  const { a, b, rank, out } = factorViews(layout, parameters, layer, projection);
  if (factors.a.length !== a.length || factors.b.length !== b.length)
    fail(
      'INPUT',
      `adapter of layer ${layer} ${projection}: expected ${a.length} and ${b.length} elements, got ${factors.a.length} and ${factors.b.length}`,
    );
  a.set(factors.a);
  b.set(transposed(factors.b, out, rank));
}

function factorViews(
  layout: ParameterLayout,
  parameters: Float32Array,
  layer: number,
  projection: Projection,
) {
  const group = groupOf(projection);
  const slot = (name: string) =>
    layout.find((candidate) => candidate.name === `layers.${layer}.${name}`) ??
    fail('INPUT', `adapter: expected a layout with layers.${layer}.${name}, got none`);
  const second = slot(`b.${projection}`);
  const first = slot(`a.${group.name}`);
  const [rank, out] = second.shape as readonly [number, number];
  const length = rank * (first.shape[1] as number);
  const stacked = group.projections.filter((other) => isAdapted(layout, layer, other));
  const place = stacked.indexOf(projection) * length;
  return {
    a: viewOf(parameters, first).subarray(place, place + length),
    b: viewOf(parameters, second),
    rank,
    out,
  };
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j] as number;
  return result;
}
