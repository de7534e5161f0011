/**
 * What is fed to a graph, checked against its inputs before ONNX Runtime sees it: every input there, element types
 * right, and each named dimension of one size.
 */
import { fail } from '@llama-xr/core';
import type { Tensor, TypedArray } from '@llama-xr/tensor';
import { type Dimension, factors, quotient, type Shape, sizeOf, written } from './dimension.ts';
import type { Port } from './onnx-file.ts';
import type { ElementType } from './value.ts';

/** A tensor, or the elements alone where the input's declared shape leaves at most one size open. */
export type Feed = TypedArray | Pick<Tensor, 'shape' | 'data'>;
export type Feeds = Readonly<Record<string, Feed>>;

/** An input with its sizes found. */
export interface CheckedFeed {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** Names of dimensions and their sizes in one run. */
export type Sizes = Map<string, number>;

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<ElementType, unknown>;

/** @throws LlamaXrError INPUT naming the input, what it expects and what it got. */
export function checkFeeds(inputs: readonly Port[], feeds: Feeds): { checked: CheckedFeed[]; sizes: Sizes } {
  const sizes: Sizes = new Map();
  const shapes = new Map<string, readonly number[]>();
  // Feeds that bring their shape first: they give the names their sizes.
  const bare: [Port, TypedArray][] = [];
  const whole: [Port, Pick<Tensor, 'shape' | 'data'>][] = [];
  for (const port of inputs) {
    const feed = feeds[port.name] ?? fail('INPUT', `${port.name}: expected a feed for this input, got none`);
    if (ArrayBuffer.isView(feed)) bare.push([port, feed]);
    else whole.push([port, feed]);
  }
  for (const [port, { shape }] of whole) {
    bindShape(port, shape, sizes);
    shapes.set(port.name, shape);
  }
  for (const [port, data] of bare) shapes.set(port.name, solveShape(port, data.length, sizes));
  const checked = inputs.map(({ name, type }) => {
    const feed = feeds[name] as Feed;
    const data = ArrayBuffer.isView(feed) ? feed : feed.data;
    const shape = shapes.get(name) as readonly number[];
    checkElements(name, type, shape, data);
    return { name, type, shape, data };
  });
  return { checked, sizes };
}

function bindShape(port: Port, shape: readonly number[], sizes: Sizes): void {
  const wrong = (): never =>
    fail(
      'INPUT',
      `${port.name}: expected shape ${written(port.shape)}${told(port.shape, sizes)}, got ${written(shape)}`,
    );
  if (shape.length !== port.shape.length) wrong();
  shape.forEach((size, i) => {
    const dimension = port.shape[i] as Dimension;
    const known = evaluate(dimension, sizes);
    if (known !== undefined && known !== size) wrong();
    if (known === undefined && factors(dimension).names.join() === dimension) sizes.set(dimension, size);
  });
}

/** The sizes of an array without a shape; at most one name may be open. */
function solveShape(port: Port, length: number, sizes: Sizes): readonly number[] {
  const open = new Set(port.shape.flatMap((d) => factors(d).names).filter((name) => !sizes.has(name)));
  if (open.size > 1)
    return fail(
      'INPUT',
      `${port.name}: expected a tensor with its shape, since ${[...open].join(' and ')} are open`,
    );
  const [name] = open;
  if (name !== undefined) {
    const rest = quotient(sizeOf(port.shape), name);
    const known = rest === undefined ? undefined : evaluate(rest, sizes);
    if (known === undefined)
      return fail('INPUT', `${port.name}: expected a tensor with its shape ${written(port.shape)}`);
    sizes.set(name, known === 0 ? 0 : Math.floor(length / known));
  }
  const shape = port.shape.map((dimension) => evaluate(dimension, sizes) as number);
  if (shape.reduce((size, dimension) => size * dimension, 1) !== length)
    fail(
      'INPUT',
      `${port.name}: expected shape ${written(port.shape)}${told(port.shape, sizes)}, got ${length} elements`,
    );
  return shape;
}

function checkElements(name: string, type: ElementType, shape: readonly number[], data: TypedArray): void {
  if (!(data instanceof ARRAYS[type]))
    fail('INPUT', `${name}: expected ${ARRAYS[type].name} for ${type}, got ${data.constructor.name}`);
  const count = shape.reduce((size, dimension) => size * dimension, 1);
  if (data.length !== count)
    fail('INPUT', `${name}: expected ${count} elements for ${written(shape)}, got ${data.length}`);
}

/** The size of a dimension, or undefined while one of its names is open. Sums are never evaluated. */
export function evaluate(dimension: Dimension, sizes: Sizes): number | undefined {
  if (typeof dimension === 'number') return dimension;
  const direct = sizes.get(dimension);
  if (direct !== undefined) return direct;
  const { coefficient, names } = factors(dimension);
  return names.reduce<number | undefined>((total, name) => {
    const size = sizes.get(name);
    return total === undefined || size === undefined ? undefined : total * size;
  }, coefficient);
}

/** ` with B = 4, S = 256`, for messages. */
function told(shape: Shape, sizes: Sizes): string {
  const names = [...new Set(shape.flatMap((dimension) => factors(dimension).names))].filter((name) =>
    sizes.has(name),
  );
  return names.length === 0 ? '' : ` with ${names.map((name) => `${name} = ${sizes.get(name)}`).join(', ')}`;
}
