/** Matrix products: ONNX's `Gemm` for two matrices, `FusedMatMul` for batches of them. */

import { fail } from '@llama-xr/core';
import { broadcastShape, type Dimension, mismatch, type Shape, sameShape, written } from '../dimension.ts';
import { differentiable, expectRank, expectSameType, node, type Value } from '../value.ts';
import { sumTo } from './reduction.ts';

export interface ProductOptions {
  transposeA?: boolean;
  transposeB?: boolean;
  /** Factor of the product, 1 where absent. */
  alpha?: number;
}

export interface GemmOptions extends ProductOptions {
  /** Added to the product, broadcast to it. */
  c?: Value;
}

/** alpha op(a) op(b) + c of matrices; op transposes where asked. */
export function gemm(a: Value, b: Value, options: GemmOptions = {}): Value {
  const { c, transposeA = false, transposeB = false, alpha = 1 } = options;
  expectSameType('gemm', a, b, ...(c === undefined ? [] : [c]));
  expectRank('gemm', a, 2);
  expectRank('gemm', b, 2);
  const shape = productShape('gemm', a.shape, b.shape, transposeA, transposeB);
  if (c !== undefined && !sameShape(broadcastShape('gemm', shape, c.shape), shape))
    mismatch('gemm', shape, c.shape, 'a third input that broadcasts to the product');
  const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { real: alpha } };
  const value = node('Gemm', c === undefined ? [a, b] : [a, b, c], shape, { attributes });
  return differentiable('gemm', value, c === undefined ? [a, b] : [a, b, c], (dy) => [
    transposeA
      ? gemm(b, dy, { transposeA: transposeB, transposeB: true, alpha })
      : gemm(dy, b, { transposeB: !transposeB, alpha }),
    transposeB
      ? gemm(dy, a, { transposeA: true, transposeB: transposeA, alpha })
      : gemm(a, dy, { transposeA: !transposeA, alpha }),
    ...(c === undefined ? [] : [sumTo(dy, c.shape)]),
  ]);
}

/** x W^T + bias: x [T, in], weight [out, in], bias [out]. */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  return gemm(x, weight, bias === undefined ? { transposeB: true } : { transposeB: true, c: bias });
}

/** alpha op(a) op(b) for each matrix of a batch; the axes before the last two are broadcast. */
export function matmul(a: Value, b: Value, options: ProductOptions = {}): Value {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  expectSameType('matmul', a, b);
  if (a.shape.length < 2 || b.shape.length < 2)
    fail('GRAPH', `matmul: expected rank 2 or more, got ${written(a.shape)} and ${written(b.shape)}`);
  const batch = broadcastShape('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, ...productShape('matmul', a.shape, b.shape, transposeA, transposeB)];
  const value = node('FusedMatMul', [a, b], shape, {
    domain: 'com.microsoft',
    attributes: { transA: Number(transposeA), transB: Number(transposeB), alpha: { real: alpha } },
  });
  return differentiable('matmul', value, [a, b], (dy) => [
    sumTo(
      transposeA
        ? matmul(b, dy, { transposeA: transposeB, transposeB: true, alpha })
        : matmul(dy, b, { transposeB: !transposeB, alpha }),
      a.shape,
    ),
    sumTo(
      transposeB
        ? matmul(dy, a, { transposeA: true, transposeB: transposeA, alpha })
        : matmul(a, dy, { transposeA: !transposeA, alpha }),
      b.shape,
    ),
  ]);
}

/** The last two axes of a product. */
function productShape(operator: string, a: Shape, b: Shape, transposeA: boolean, transposeB: boolean): Shape {
  const [rows, innerA] = transposeA ? a.slice(-2).reverse() : a.slice(-2);
  const [innerB, columns] = transposeB ? b.slice(-2).reverse() : b.slice(-2);
  if (innerA !== innerB) mismatch(operator, a, b, `inner dimensions that agree (${innerA}, ${innerB})`);
  return [rows as Dimension, columns as Dimension];
}
