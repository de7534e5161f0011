/** Operators that move elements without computing: reshape, transpose, concat, split. */
import { fail } from '@llama-xr/core';
import {
  axisIndex,
  type Dimension,
  mismatch,
  quotient,
  type Shape,
  sameShape,
  sizeOf,
  sumOf,
  written,
} from '../dimension.ts';
import {
  differentiable,
  differentiableTogether,
  expectSameType,
  i64,
  integers,
  node,
  nodes,
  scalar,
  sizes,
  type Value,
} from '../value.ts';

/**
 * The same elements in another shape. Named dimensions may be regrouped: [B*S, H*D] to [B, S, H, D].
 * @throws LlamaXrError GRAPH where the element counts differ.
 */
export function reshape(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (sizeOf(x.shape) !== sizeOf(shape)) mismatch('reshape', x.shape, shape, 'equally many elements');
  const value = node('Reshape', [x, reshapeTarget(x.shape, shape)], shape);
  return differentiable('reshape', value, [x], (dy) => [reshape(dy, x.shape)]);
}

/** ONNX's target: 0 copies the input's size at that place, one -1 is inferred; what is left is found at run time. */
function reshapeTarget(from: Shape, to: Shape): Value {
  const target = to.map((dimension, i) =>
    typeof dimension === 'string' && from[i] === dimension ? 0 : dimension,
  );
  if (target.filter((dimension) => typeof dimension === 'string').length > 1) {
    return { type: i64, shape: [to.length], origin: { kind: 'sizes', sizes: target, inferOne: true } };
  }
  return integers(...target.map((dimension) => (typeof dimension === 'string' ? -1 : dimension)));
}

/** Axis i of the result is axis permutation[i] of x. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  const sorted = [...permutation].sort((a, b) => a - b);
  if (permutation.length !== x.shape.length || sorted.some((axis, i) => axis !== i))
    fail('GRAPH', `transpose: expected a permutation of the axes of ${written(x.shape)}, got ${permutation}`);
  const shape = permutation.map((axis) => x.shape[axis] as Dimension);
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  const value = node('Transpose', [x], shape, { attributes: { perm: permutation } });
  return differentiable('transpose', value, [x], (dy) => [transpose(dy, inverse)]);
}

/** Values one after another along an axis. */
export function concat(values: readonly Value[], axis: number): Value {
  const [first] = values;
  if (first === undefined) return fail('GRAPH', 'concat: expected at least one value');
  if (values.length === 1) return first;
  expectSameType('concat', ...values);
  const index = axisIndex('concat', first.shape, axis);
  for (const { shape } of values) {
    const fits =
      shape.length === first.shape.length && shape.every((d, i) => i === index || d === first.shape[i]);
    if (!fits) mismatch('concat', first.shape, shape, `shapes equal but for axis ${index}`);
  }
  const lengths = values.map((value) => value.shape[index] as Dimension);
  const shape = first.shape.with(index, sumOf(...lengths));
  const value = node('Concat', values, shape, { attributes: { axis: index } });
  return differentiable('concat', value, values, (dy) => splitInto(dy, lengths, index));
}

/** Cuts a value into equal parts along an axis. */
export function split(x: Value, parts: number, axis: number): Value[] {
  if (parts === 1) return [x];
  const index = axisIndex('split', x.shape, axis);
  const length = quotient(x.shape[index] as Dimension, parts);
  if (length === undefined)
    return fail('GRAPH', `split: expected axis ${index} of ${written(x.shape)} to be divisible by ${parts}`);
  return splitInto(
    x,
    Array.from({ length: parts }, () => length),
    index,
  );
}

/** Cuts a value into parts of these lengths along an axis. */
export function splitInto(x: Value, lengths: readonly Dimension[], axis: number): Value[] {
  const shapes = lengths.map((length) => x.shape.with(axis, length));
  const equal = lengths.every((length) => length === lengths[0]);
  const parts = equal
    ? nodes('Split', [x], shapes, { attributes: { axis, num_outputs: lengths.length } })
    : nodes('Split', [x, sizes(lengths)], shapes, { attributes: { axis } });
  return differentiableTogether('split', parts, [x], (dParts) => [
    concat(
      dParts.map(
        (dPart, i) =>
          dPart ?? node('Expand', [scalar(0, x.type), sizes(shapes[i] as Shape)], shapes[i] as Shape),
      ),
      axis,
    ),
  ]);
}
