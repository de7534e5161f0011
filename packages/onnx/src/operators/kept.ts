/** Values that a graph is given instead of computing them once more (checkpoints: Chen et al. 2016, arXiv 1604.06174). */

import { fail } from '@llama-xr/core';
import { sameShape, written } from '../dimension.ts';
import { differentiable, type Value } from '../value.ts';

/**
 * `given` in the place of `value`, which it holds already: gradients go on to what `value` was made from, and the nodes
 * that make it are left out wherever nothing else reads them.
 */
export function kept(value: Value, given: Value): Value {
  if (!sameShape(value.shape, given.shape) || value.type !== given.type)
    fail(
      'GRAPH',
      `kept: expected ${value.type} ${written(value.shape)}, got ${given.type} ${written(given.shape)}`,
    );
  return differentiable('kept', given, [value], (dy) => [dy]);
}
