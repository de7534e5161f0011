/** Taking rows of a table, as an embedding does. */
import { fail } from '@llama-xr/core';
import { product, written } from '../dimension.ts';
import { differentiable, i64, node, scalar, type Value } from '../value.ts';
import { reshape } from './layout.ts';
import { expand } from './reduction.ts';

/**
 * Rows of x, [N, ...]: the result's shape is that of `indices` (int64) and then x's without its first axis. The
 * derivative adds each row's gradient at its place, so that rows may be taken more than once.
 */
export function gatherRows(x: Value, indices: Value): Value {
  if (indices.type !== i64 || x.shape.length === 0)
    fail('GRAPH', `gatherRows: expected rows and int64 indices, got ${written(x.shape)} and ${indices.type}`);
  const [, ...row] = x.shape;
  const value = node('Gather', [x, indices], [...indices.shape, ...row], { attributes: { axis: 0 } });
  const count = product(...indices.shape);
  return differentiable('gatherRows', value, [x], (dy) => {
    const updates = reshape(dy, [count, ...row]);
    const places = reshape(indices, [count, 1]);
    return [
      node('ScatterND', [expand(scalar(0, x.type), x.shape), places, updates], x.shape, {
        attributes: { reduction: 'add' },
      }),
    ];
  });
}
