/**
 * What a Llama layer computes between its matrices: rotary positions (Su et al. 2021, arXiv 2104.09864), attention
 * with grouped queries (Ainslie et al. 2023, arXiv 2305.13245) and SwiGLU (Shazeer 2020, arXiv 2002.05202).
 * Composites: each has its own derivative, shorter than what reverse mode would derive from its parts.
 */
import { fail } from '@llama-xr/core';
import { type Dimension, mismatch, product, sameShape, written } from '../dimension.ts';
import { differentiable, expectRank, node, scalar, type Value } from '../value.ts';
import { CausalBlocks } from './causal.ts';
import { add, multiply, negate, sigmoid, subtract } from './elementwise.ts';
import { reshape, transpose } from './layout.ts';
import { matmul } from './matrix.ts';
import { once } from './once.ts';
import { sum } from './reduction.ts';

/**
 * Turns each pair (2i, 2i + 1) of x, [B, H, S, D], by the angle of its position: `cosine` and `sine` are tables
 * [positions, D / 2], `positions` [B, S] (int64) are rows of them. Backward, the angle is negative. float32 only.
 */
export function rotary(x: Value, positions: Value, cosine: Value, sine: Value): Value {
  expectRank('rotary', x, 4);
  const size = x.shape[3] as Dimension;
  if (typeof size !== 'number' || cosine.shape[1] !== size / 2) mismatch('rotary', x.shape, cosine.shape);
  if (positions.shape[0] !== x.shape[0] || positions.shape[1] !== x.shape[2])
    mismatch('rotary', x.shape, positions.shape, 'a position for each token');
  const value = node('RotaryEmbedding', [x, positions, cosine, sine], x.shape, {
    domain: 'com.microsoft',
    attributes: { interleaved: 1 },
  });
  return differentiable('rotary', value, [x], (dy) => [rotary(dy, positions, cosine, negate(sine))], {
    frozen: [cosine, sine],
  });
}

export interface AttentionOptions {
  /**
   * Where the mask lets no query see a later key: into how many blocks queries are cut, so that most of what is masked
   * is never computed (see causal.ts). 1 where absent: any mask will do.
   */
  causalBlocks?: number;
}

/**
 * softmax(q k^T / sqrt(D) + mask) v. Queries [B, H, S, D]; keys and values [B, K, S, D], each shared by H / K heads;
 * mask [M, 1, S, S] is added to the scores: 0 where a query may look, a large negative number elsewhere. M is 1, B or
 * the name of a dimension that is one of these when the graph runs. The result is [B, S, H, D].
 *
 * The H / K queries of a key are folded into the sequence axis, so that each key meets one matrix product.
 * With P the probabilities and D = rowsum(dO O): dS = P (dP - D) (Dao et al. 2022, arXiv 2205.14135). As there, P is
 * computed again in the backward pass: it is the largest of what a layer would keep, and grows with the square of S.
 */
export function attention(
  q: Value,
  k: Value,
  v: Value,
  mask: Value,
  { causalBlocks = 1 }: AttentionOptions = {},
): Value {
  const { keyHeads, group, size } = attentionShape(q, k, v, mask);
  const blocks = CausalBlocks.of(mask, causalBlocks);
  const alpha = 1 / Math.sqrt(size);
  /** [B, H, S, *] to a block's [B, K, H / K * S', *]. */
  const folded = (x: Value) =>
    blocks.queries(x, 2).map((part) => {
      const [batch, , rows, columns] = part.shape as [Dimension, Dimension, Dimension, Dimension];
      return reshape(part, [batch, keyHeads, product(group, rows), columns]);
    });
  const unfolded = (parts: readonly Value[]) =>
    blocks.together(
      parts.map((part, i) => reshape(part, q.shape.with(2, blocks.size(i)))),
      2,
    );
  const queries = folded(q);
  const keys = queries.map((_, i) => blocks.keys(k, 2, i));
  const values = queries.map((_, i) => blocks.keys(v, 2, i));
  const probabilities = (i: number) => {
    const scores = matmul(queries[i] as Value, keys[i] as Value, { transposeB: true, alpha });
    const mask = blocks.masks[i] as Value;
    const perHead = [...q.shape.slice(0, 2), ...mask.shape.slice(2)];
    const masked = node('Add', [reshape(scores, perHead), mask], perHead);
    return reshape(node('Softmax', [masked], perHead, { attributes: { axis: -1 } }), scores.shape);
  };
  const attended = unfolded(values.map((value, i) => matmul(probabilities(i), value)));
  const context = differentiable(
    'attention',
    transpose(attended, [0, 2, 1, 3]),
    [q, k, v],
    (dContext) => {
      const dOutputs = folded(transpose(dContext, [0, 2, 1, 3]));
      const rowSum = transpose(sum(multiply(dContext, context), { axes: [-1], keep: true }), [0, 2, 1, 3]);
      const parts = folded(rowSum).map((sums, i) => {
        const again = probabilities(i);
        const dOutput = dOutputs[i] as Value;
        const dProbabilities = matmul(dOutput, values[i] as Value, { transposeB: true });
        const dScores = multiply(again, subtract(dProbabilities, sums));
        return {
          dq: matmul(dScores, keys[i] as Value, { alpha }),
          dk: matmul(dScores, queries[i] as Value, { transposeA: true, alpha }),
          dv: matmul(again, dOutput, { transposeA: true }),
        };
      });
      const overKeys = (name: 'dk' | 'dv') =>
        blocks.sumOverKeys(
          parts.map((part) => part[name]),
          2,
        );
      return [unfolded(parts.map(({ dq }) => dq)), overKeys('dk'), overKeys('dv')];
    },
    { frozen: [mask] },
  );
  return context;
}

function attentionShape(q: Value, k: Value, v: Value, mask: Value) {
  for (const value of [q, k, v, mask]) expectRank('attention', value, 4);
  const [batch, heads, length, size] = q.shape;
  const [batchK, keyHeads, lengthK, sizeK] = k.shape;
  if (!sameShape(k.shape, v.shape)) mismatch('attention', k.shape, v.shape, 'values shaped as the keys');
  if (batch !== batchK || length !== lengthK || size !== sizeK) mismatch('attention', q.shape, k.shape);
  if (
    typeof heads !== 'number' ||
    typeof keyHeads !== 'number' ||
    typeof size !== 'number' ||
    heads % keyHeads !== 0
  )
    mismatch('attention', q.shape, k.shape, 'heads divisible by key heads');
  if (mask.shape[1] !== 1 || mask.shape[2] !== length || mask.shape[3] !== length)
    fail('GRAPH', `attention: expected a mask [M, 1, ${length}, ${length}], got ${written(mask.shape)}`);
  return { keyHeads, group: heads / keyHeads, size };
}

/** x s, s = sigmoid(x); its derivative is s (1 + x - x s). */
export function silu(x: Value): Value {
  const value =
    x.type === 'float32'
      ? node('QuickGelu', [x], x.shape, { domain: 'com.microsoft', attributes: { alpha: { real: 1 } } })
      : node('Mul', [x, node('Sigmoid', [x], x.shape)], x.shape);
  return differentiable('silu', value, [x], (dy) => {
    const s = sigmoid(x);
    return [multiply(dy, siluSlope(x, s, multiply(x, s)))];
  });
}

function siluSlope(x: Value, s: Value, activated: Value): Value {
  return multiply(s, subtract(add(x, scalar(1, x.type)), activated));
}

/**
 * silu(gate) up. The backward pass computes it again from gate and up, which a layer keeps anyway.
 */
export function swiglu(gate: Value, up: Value): Value {
  if (!sameShape(gate.shape, up.shape)) mismatch('swiglu', gate.shape, up.shape, 'equal shapes');
  const backward = once(() => {
    const s = sigmoid(gate);
    const activated = multiply(gate, s);
    return { s, activated, product: multiply(activated, up) };
  });
  const value = node('Mul', [silu(gate), up], gate.shape);
  return differentiable(
    'swiglu',
    value,
    [gate, up],
    (dy) => {
      const { s, activated, product } = backward();
      // s (1 + gate - gate s) up, with an operation less.
      const slope = add(multiply(s, subtract(up, product)), product);
      return [multiply(dy, slope), multiply(dy, activated)];
    },
    { again: () => backward().product },
  );
}
