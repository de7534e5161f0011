/** Mean, softmax, and root-mean-square normalization (Zhang and Sennrich 2019, arXiv 1910.07467). */
import { fail } from '@llama-xr/core';
import { axisIndex, written } from '../dimension.ts';
import { differentiable, integers, node, scalar, type Value } from '../value.ts';
import { add, divide, multiply, scale, squareRoot, subtract } from './elementwise.ts';
import { once } from './once.ts';
import { type ReductionOptions, sum, sumTo } from './reduction.ts';

/** Mean over axes, which must have sizes known when the graph is written. */
export function mean(x: Value, options: ReductionOptions = {}): Value {
  const axes = options.axes?.map((axis) => axisIndex('mean', x.shape, axis)) ?? x.shape.map((_, i) => i);
  const count = axes.reduce((total, axis) => {
    const dimension = x.shape[axis];
    if (typeof dimension === 'number') return total * dimension;
    return fail('GRAPH', `mean: expected sizes known when written, got ${written(x.shape)}`);
  }, 1);
  return scale(sum(x, options), 1 / count);
}

/** exp(x) / sum exp(x) over the last axis. */
export function softmax(x: Value): Value {
  const value = node('Softmax', [x], x.shape, { attributes: { axis: -1 } });
  const y = differentiable('softmax', value, [x], (dy) => [softmaxGradient(dy, y)]);
  return y;
}

/** y (dy - sum(dy y)) */
function softmaxGradient(dy: Value, y: Value): Value {
  return multiply(y, subtract(dy, sum(multiply(dy, y), { axes: [-1], keep: true })));
}

/** x - log sum exp(x) over the last axis. */
export function logSoftmax(x: Value): Value {
  const value = node('LogSoftmax', [x], x.shape, { attributes: { axis: -1 } });
  return differentiable('logSoftmax', value, [x], (dy) => [
    subtract(dy, multiply(softmax(x), sum(dy, { axes: [-1], keep: true }))),
  ]);
}

/**
 * h = x w / rms(x) over the last axis, rms(x) = sqrt(mean(x^2) + eps). With r = 1 / rms(x):
 * dx = r w dh - x r^2 mean(dh h),  dw = sum(dh x r).
 * h is cheap beside a matrix product, so the backward pass computes it again instead of keeping it.
 */
export function rmsNorm(x: Value, weight: Value, { eps }: { eps: number }): Value {
  const width = x.shape.at(-1);
  if (typeof width !== 'number' || weight.shape.length !== 1 || weight.shape[0] !== width)
    fail(
      'GRAPH',
      `rmsNorm: expected a weight for the last axis, got ${written(x.shape)} and ${written(weight.shape)}`,
    );
  const forward = () =>
    node('RMSNormalization', [x, weight], x.shape, { attributes: { axis: -1, epsilon: { real: eps } } });
  const again = once(forward);
  return differentiable(
    'rmsNorm',
    forward(),
    [x, weight],
    (dh) => {
      const squares = node('ReduceSumSquare', [x, integers(-1)], [...x.shape.slice(0, -1), 1], {
        attributes: { keepdims: 1 },
      });
      const r = divide(scalar(1, x.type), squareRoot(add(scale(squares, 1 / width), scalar(eps, x.type))));
      const correction = multiply(multiply(r, r), mean(multiply(dh, again()), { axes: [-1], keep: true }));
      return [
        subtract(multiply(multiply(dh, weight), r), multiply(x, correction)),
        sumTo(multiply(dh, multiply(x, r)), weight.shape),
      ];
    },
    { again },
  );
}
