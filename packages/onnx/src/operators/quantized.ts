/**
 * Weights in 4 bits inside a graph: exact dequantization of ggml's Q4_0 and Q4_1 blocks, and linear maps whose
 * weights are such a base plus a low-rank adapter (LoRA: Hu et al. 2021, arXiv 2106.09685; QLoRA: Dettmers et al.
 * 2023, arXiv 2305.14314). The base is frozen: it has no gradient.
 */
import { fail } from '@llama-xr/core';
import { type Dimension, mismatch, sameShape, written } from '../dimension.ts';
import {
  differentiable,
  differentiableTogether,
  expectRank,
  integers,
  node,
  recomputed,
  scalar,
  type Value,
} from '../value.ts';
import { cast, multiply } from './elementwise.ts';
import { concat, reshape, split } from './layout.ts';
import { gemm, linear } from './matrix.ts';
import { expand } from './reduction.ts';

/** 32 weights: byte j holds weight j in its low nibble and weight j + 16 in its high one. */
export interface Blocks4 {
  /**
   * [blocks, 16] uint8, packed, since ONNX Runtime takes no 4-bit tensors as inputs; or [blocks, 32], a byte each, which
   * take half the time to dequantize.
   */
  readonly nibbles: Value;
  /** [blocks, 1] */
  readonly scale: Value;
  /** [blocks, 1] */
  readonly offset: Value;
}

/** nibble * scale + offset as a matrix [rows, columns], blocks running along the rows. Frozen. */
export function dequantize(blocks: Blocks4, rows: number, columns: number): Value {
  const { nibbles, scale, offset } = blocks;
  const count = (rows * columns) / 32;
  const bytes = nibbles.shape[1];
  const fits = nibbles.shape[0] === count && (bytes === 16 || bytes === 32) && nibbles.type === 'uint8';
  if (!fits || columns % 32 !== 0)
    fail(
      'GRAPH',
      `dequantize: expected uint8 [${count}, 16] or [${count}, 32] for a matrix [${rows}, ${columns}], got ${nibbles.type} ${written(nibbles.shape)}`,
    );
  for (const part of [scale, offset])
    if (part.shape[0] !== count || part.shape[1] !== 1) mismatch('dequantize', nibbles.shape, part.shape);
  const build = () => {
    const scaled = scaledBlocks(bytes === 32 ? nibbles : unpacked(nibbles, count), scale);
    const shifted = node('Add', [scaled, offset], [count, 32]);
    return node('Reshape', [shifted, integers(rows, columns)], [rows, columns]);
  };
  return { ...build(), again: build };
}

/** [count, 16] to [count, 32]. */
function unpacked(nibbles: Value, count: number): Value {
  const low = node('BitwiseAnd', [nibbles, scalar(15, 'uint8')], nibbles.shape);
  const high = node('BitShift', [nibbles, scalar(4, 'uint8')], nibbles.shape, {
    attributes: { direction: 'RIGHT' },
  });
  return node('Concat', [low, high], [count, 32], { attributes: { axis: 1 } });
}

/**
 * Whole numbers [blocks, size] times the scale [blocks, 1] of their block. `DequantizeLinear` along the axis of blocks
 * rounds as a cast and a product do, and takes a quarter of their time on a CPU; it knows no float64.
 */
export function scaledBlocks(quants: Value, scale: Value): Value {
  if (scale.type !== 'float32') return node('Mul', [cast(quants, scale.type), scale], quants.shape);
  const perBlock = reshape(scale, [quants.shape[0] as Dimension]);
  return node('DequantizeLinear', [quants, perBlock], quants.shape, {
    attributes: { axis: 0 },
    type: scale.type,
  });
}

/** A frozen matrix and its adapter's second factor. */
export interface AdaptedWeight {
  /** W [out, in] */
  readonly base: Value;
  /** B^T [rank, out]: stored transposed, its gradient's product is then faster. */
  readonly b: Value;
}

export interface AdaptedLinearOptions {
  /** s = alpha / rank, the factor of the adapter. */
  readonly scaling: number;
  /** True: the backward pass dequantizes and merges once more instead of keeping the merged weights. */
  readonly mergeAgain?: boolean;
}

/**
 * x (W + s B A)^T for several matrices that share their input x [T, in]. Their first factors are stacked in
 * `a` [n * rank, in]. Base and adapter are merged in one product of small rank, so that y and dx carry no adapter
 * work; the factors get their gradients through u = x A^T and v = dy B, which are [T, rank]:
 * dB^T = s u^T dy,  dA = s v^T x,  dx = sum dy (W + s B A).
 */
export function adaptedLinear(
  x: Value,
  a: Value,
  weights: readonly AdaptedWeight[],
  { scaling, mergeAgain = false }: AdaptedLinearOptions,
): Value[] {
  checkAdapter(x, a, weights);
  const factors = split(a, weights.length, 0);
  const merge = (base: Value, i: number) =>
    gemm((weights[i] as AdaptedWeight).b, factors[i] as Value, { transposeA: true, alpha: scaling, c: base });
  const merged = weights.map(({ base }, i) => merge(base, i));
  const inputs = [x, a, ...weights.map((weight) => weight.b)];
  const outputs = merged.map((weight) => linear(x, weight));
  return differentiableTogether(
    'adaptedLinear',
    outputs,
    inputs,
    (dOutputs) => {
      const input = recomputed(x);
      const present = outputs.map((y, i) => dOutputs[i] ?? expand(scalar(0, y.type), y.shape));
      const backwardWeights = mergeAgain ? weights.map(({ base }, i) => merge(recomputed(base), i)) : merged;
      const dx = present.reduce<Value | undefined>(
        (total, dy, i) => gemm(dy, backwardWeights[i] as Value, total === undefined ? {} : { c: total }),
        undefined,
      );
      const u = split(linear(input, a), weights.length, 1);
      const v = concat(
        present.map((dy, i) => linear(dy, (weights[i] as AdaptedWeight).b)),
        1,
      );
      return [
        dx,
        gemm(v, input, { transposeA: true, alpha: scaling }),
        ...present.map((dy, i) => gemm(u[i] as Value, dy, { transposeA: true, alpha: scaling })),
      ];
    },
    { frozen: weights.map(({ base }) => base) },
  );
}

export interface DroppedOptions {
  /** s of W + s B A. */
  readonly scaling: number;
  /** [T, in]: 0 where an element of x is dropped, 1 / (1 - p) elsewhere. Absent: nothing is dropped. */
  readonly mask?: Value | undefined;
  /** True: the backward pass dequantizes once more instead of keeping the weights. */
  readonly dequantizeAgain?: boolean;
}

/**
 * As {@link adaptedLinear}, base and adapter computed apart, with dropout on what the adapter reads (Hu et al. 2021):
 * y = x W^T + s (x m) A^T B^T. Where m drops, the adapter sees another input than the base, so that the two cannot be merged;
 * where W is rounded to float16, the sum W + s B A would lose a small update. With u = (x m) A^T and v = dy B,
 * dB^T = s u^T dy,  dA = s v^T (x m),  dx = sum dy W + s (v A) m.
 */
export function droppedAdaptedLinear(
  x: Value,
  a: Value,
  weights: readonly AdaptedWeight[],
  { scaling, mask, dequantizeAgain = false }: DroppedOptions,
): Value[] {
  checkAdapter(x, a, weights);
  if (mask !== undefined && !sameShape(mask.shape, x.shape))
    mismatch('droppedAdaptedLinear', x.shape, mask.shape, 'a mask of its shape');
  const reduced = (dropped: Value) => split(linear(dropped, a), weights.length, 1);
  const masked = (value: Value) => (mask === undefined ? value : multiply(value, mask));
  const forward = reduced(masked(x));
  const outputs = weights.map(({ base, b }, i) =>
    gemm(forward[i] as Value, b, { alpha: scaling, c: linear(x, base) }),
  );
  return differentiableTogether(
    'droppedAdaptedLinear',
    outputs,
    [x, a, ...weights.map(({ b }) => b)],
    (dOutputs) => {
      const dropped = masked(recomputed(x));
      const present = outputs.map((y, i) => dOutputs[i] ?? expand(scalar(0, y.type), y.shape));
      const v = concat(
        present.map((dy, i) => linear(dy, (weights[i] as AdaptedWeight).b)),
        1,
      );
      const throughAdapter = masked(gemm(v, a, { alpha: scaling }));
      const dx = weights.reduce(
        (total, { base }, i) =>
          gemm(present[i] as Value, dequantizeAgain ? recomputed(base) : base, { c: total }),
        throughAdapter,
      );
      const u = reduced(dropped);
      return [
        dx,
        gemm(v, dropped, { transposeA: true, alpha: scaling }),
        ...present.map((dy, i) => gemm(u[i] as Value, dy, { transposeA: true, alpha: scaling })),
      ];
    },
    { frozen: [...(mask === undefined ? [] : [mask]), ...weights.map(({ base }) => base)] },
  );
}

/**
 * x W^T of a frozen W [out, in]: only x has a gradient.
 * @param options.dequantizeAgain the backward pass dequantizes W once more instead of keeping it.
 */
export function frozenLinear(
  x: Value,
  weight: Value,
  { dequantizeAgain = false }: { dequantizeAgain?: boolean } = {},
): Value {
  return differentiable(
    'frozenLinear',
    linear(x, weight),
    [x],
    (dy) => [gemm(dy, dequantizeAgain ? recomputed(weight) : weight)],
    { frozen: [weight] },
  );
}

function checkAdapter(x: Value, a: Value, weights: readonly AdaptedWeight[]): void {
  expectRank('adaptedLinear', x, 2);
  for (const { base, b } of weights) {
    expectRank('adaptedLinear', base, 2);
    const rank = b.shape[0];
    if (base.shape[0] !== b.shape[1])
      mismatch('adaptedLinear', base.shape, b.shape, 'B^T [rank, out] for W [out, in]');
    if (base.shape[1] !== x.shape[1] || typeof rank !== 'number')
      mismatch('adaptedLinear', x.shape, base.shape);
    if (a.shape[1] !== x.shape[1] || a.shape[0] !== rank * weights.length)
      mismatch('adaptedLinear', a.shape, b.shape, `A stacked as [${weights.length} * rank, in]`);
  }
}
