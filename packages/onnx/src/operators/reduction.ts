/** Sums over axes, broadcasting, and the sum that undoes it. */
import { axisIndex, broadcastShape, mismatch, type Shape, sameShape } from '../dimension.ts';
import { differentiable, integers, node, sizes, type Value } from '../value.ts';
import { reshape } from './layout.ts';

export interface ReductionOptions {
  /** Which axes; all where absent. Negative ones count from the end. */
  axes?: readonly number[];
  /** True: reduced axes stay, with size 1. */
  keep?: boolean;
}

/** Sum over axes. */
export function sum(x: Value, { axes, keep = false }: ReductionOptions = {}): Value {
  const reduced = axes?.map((axis) => axisIndex('sum', x.shape, axis)) ?? x.shape.map((_, i) => i);
  if (reduced.length === 0) return x;
  const kept: Shape = x.shape.map((dimension, i) => (reduced.includes(i) ? 1 : dimension));
  const shape = keep ? kept : x.shape.filter((_, i) => !reduced.includes(i));
  const attributes = { keepdims: Number(keep) };
  const value = node('ReduceSum', [x, integers(...reduced)], shape, { attributes });
  return differentiable('sum', value, [x], (dy) => [expand(reshape(dy, kept), x.shape)]);
}

/** Sums a gradient over the axes along which `shape` was broadcast, so that it has that shape again. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.shape.length - shape.length;
  const axes = x.shape.flatMap((dimension, i) =>
    i < extra || (shape[i - extra] === 1 && dimension !== 1) ? [i] : [],
  );
  const total = axes.length === 0 ? x : sum(x, { axes, keep: true });
  return extra === 0 ? total : reshape(total, shape);
}

/** x broadcast to a shape. */
export function expand(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShape('expand', x.shape, shape), shape)) mismatch('expand', x.shape, shape);
  const value = node('Expand', [x, sizes(shape)], shape);
  return differentiable('expand', value, [x], (dy) => [sumTo(dy, x.shape)]);
}
