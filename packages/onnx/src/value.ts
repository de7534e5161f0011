/**
 * Values: the edges of a graph. A value knows its element type, its shape, where it comes from, and how a change of
 * it goes back to what it was computed from. Operators make values; nothing is computed until a session runs.
 */
import { fail } from '@llama-xr/core';
import { type Dimension, type Shape, written } from './dimension.ts';

export type ElementType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int8'
  | 'uint8'
  | 'bool';

export const f32 = 'float32' satisfies ElementType;
export const f64 = 'float64' satisfies ElementType;
export const i64 = 'int64' satisfies ElementType;
export const u8 = 'uint8' satisfies ElementType;
export const i8 = 'int8' satisfies ElementType;

/** The 16-bit floats lie in whole words, as bits. */
export type ElementArray =
  | Float32Array
  | Float64Array
  | Uint16Array
  | BigInt64Array
  | Int32Array
  | Int8Array
  | Uint8Array;

/** An ONNX attribute; `real` marks a float, since 1 and 1.0 are one number in JavaScript. */
export type Attribute = number | string | readonly number[] | { readonly real: number };

/** A node of the ONNX graph. */
export interface Operation {
  readonly type: string;
  /** Empty for ONNX's own operators. */
  readonly domain: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: number;
}

export type Origin =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: ElementArray }
  | { readonly kind: 'operation'; readonly operation: Operation; readonly index: number }
  /**
   * An int64 vector of sizes that are known when the graph runs: the target of a reshape or an expansion. With
   * `inferOne`, one of them may be left to ONNX as -1.
   */
  | { readonly kind: 'sizes'; readonly sizes: Shape; readonly inferOne: boolean };

/**
 * How one operation (or a composite of several) is differentiated: the vector-Jacobian product takes the gradient of
 * each output (undefined: nothing depends on it) and gives the gradient of each input (undefined: none is needed).
 */
export interface Derivation {
  readonly operator: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** What the outputs depend on too, but get no gradient through: differentiating with respect to these is an error. */
  readonly frozen: readonly Value[];
  readonly vjp: ((dOutputs: readonly (Value | undefined)[]) => readonly (Value | undefined)[]) | undefined;
}

export interface Value {
  readonly type: ElementType;
  readonly shape: Shape;
  readonly origin: Origin;
  /** Absent for inputs and constants. */
  readonly derivation?: Derivation;
  /** Computes the value once more, where that is cheaper than keeping it from the forward to the backward pass. */
  readonly again?: () => Value;
}

/** A named input of the graph. Dimensions are numbers or names: `input('x', f32, ['T', 64])`. */
export function input(name: string, type: ElementType, shape: Shape): Value {
  for (const dimension of shape) {
    if (typeof dimension === 'number' && !(Number.isInteger(dimension) && dimension >= 0))
      fail(
        'GRAPH',
        `input ${name}: expected dimensions that are whole numbers or names, got ${written(shape)}`,
      );
  }
  return { type, shape, origin: { kind: 'input', name } };
}

/** A constant that is stored in the graph: for small tables, not for weights. */
export function constant(type: ElementType, shape: readonly number[], data: ElementArray): Value {
  const expected = shape.reduce((size, dimension) => size * dimension, 1);
  if (data.length !== expected)
    fail('GRAPH', `constant: expected ${expected} elements for ${written(shape)}, got ${data.length}`);
  return { type, shape, origin: { kind: 'constant', data } };
}

/** A constant of rank 0 with the element type of `like`. */
export function scalar(number: number, type: ElementType = f32): Value {
  switch (type) {
    case 'float32':
      return constant(type, [], Float32Array.of(number));
    case 'float64':
      return constant(type, [], Float64Array.of(number));
    case 'int64':
      return constant(type, [], BigInt64Array.of(BigInt(number)));
    case 'uint8':
      return constant(type, [], Uint8Array.of(number));
    default:
      return fail('GRAPH', `scalar: expected float32, float64, int64 or uint8, got ${type}`);
  }
}

export function integers(...numbers: readonly number[]): Value {
  return constant(i64, [numbers.length], BigInt64Array.from(numbers, BigInt));
}

/** Sizes as an int64 vector; sizes that are all numbers are a plain constant. */
export function sizes(shape: Shape): Value {
  if (shape.every((dimension) => typeof dimension === 'number')) return integers(...(shape as number[]));
  return { type: i64, shape: [shape.length], origin: { kind: 'sizes', sizes: shape, inferOne: false } };
}

export interface NodeOptions {
  attributes?: Record<string, Attribute>;
  domain?: string;
  type?: ElementType;
}

/** One node with one output, not yet differentiable: what operators are made of. The shape is the operator's word. */
export function node(
  type: string,
  inputs: readonly (Value | undefined)[],
  shape: Shape,
  options: NodeOptions = {},
): Value {
  return nodes(type, inputs, [shape], options)[0] as Value;
}

/** One node with several outputs. */
export function nodes(
  type: string,
  inputs: readonly (Value | undefined)[],
  shapes: readonly Shape[],
  { attributes = {}, domain = '', type: elementType }: NodeOptions = {},
): Value[] {
  const operation: Operation = { type, domain, inputs, attributes, outputs: shapes.length };
  const result = elementType ?? inputs[0]?.type ?? f32;
  return shapes.map((shape, index) => ({
    type: result,
    shape,
    origin: { kind: 'operation', operation, index },
  }));
}

export interface DerivativeOptions {
  /** See {@link Derivation.frozen}. */
  frozen?: readonly Value[];
}

/** Gives a value its derivative with respect to `inputs`, in place of the derivatives of what it was made from. */
export function differentiable(
  operator: string,
  value: Value,
  inputs: readonly Value[],
  vjp: (dValue: Value) => readonly (Value | undefined)[],
  options: DerivativeOptions & { again?: () => Value } = {},
): Value {
  const back: Derivation['vjp'] = ([dValue]) => vjp(dValue as Value);
  const [result] = differentiableTogether(operator, [value], inputs, back, options);
  const { again } = options;
  return again === undefined ? (result as Value) : Object.assign(result as Value, { again });
}

/** As {@link differentiable}, for several outputs that share a derivation. */
export function differentiableTogether(
  operator: string,
  values: readonly Value[],
  inputs: readonly Value[],
  vjp: Derivation['vjp'],
  { frozen = [] }: DerivativeOptions = {},
): Value[] {
  const outputs: Value[] = [];
  const derivation: Derivation = { operator, inputs, outputs, frozen, vjp };
  for (const { type, shape, origin } of values) outputs.push({ type, shape, origin, derivation });
  return outputs;
}

/** Marks a value whose operator has no derivative here: differentiating through it is an error, not a silent zero. */
export function notDifferentiable(operator: string, value: Value, inputs: readonly Value[]): Value {
  return differentiableTogether(operator, [value], inputs, undefined)[0] as Value;
}

/** Computes a value again where it is cheap (see {@link Value.again}), else gives the value itself. */
export function recomputed(value: Value): Value {
  return value.again?.() ?? value;
}

/** @throws LlamaXrError GRAPH unless the value has this rank. */
export function expectRank(operator: string, value: Value, rank: number): void {
  if (value.shape.length !== rank)
    fail('GRAPH', `${operator}: expected rank ${rank}, got ${written(value.shape)}`);
}

/** @throws LlamaXrError GRAPH unless all values have the element type of the first. */
export function expectSameType(operator: string, ...values: readonly Value[]): void {
  const types = values.map((value) => value.type);
  if (new Set(types).size > 1)
    fail('GRAPH', `${operator}: expected one element type, got ${types.join(' and ')}`);
}

export type { Dimension, Shape };
