/** Training in float16: how far loss and gradients are from float32, and what the scaling of the loss does. */
import { expect, test } from 'vitest';
import { ScaledStep } from './loss-scaling.ts';
import { relativeError, tinyBatch, tinyEngine } from './tiny-llama.ts';
import type { Step } from './training-engine.ts';

test.each(['whole', 'layered'] as const)('%s: loss and gradients are near those of float32', async (mode) => {
  await using exact = await tinyEngine({ mode });
  await using half = await tinyEngine({ mode, precision: 'float16' });
  const batch = tinyBatch();
  const { loss } = await exact.forwardBackward(batch);
  const rounded = await half.forwardBackward(batch);
  expect(Math.abs(rounded.loss - loss) / loss).toBeLessThan(1e-3);
  const error = relativeError(half.gradients, exact.gradients);
  expect(error).toBeLessThan(5e-3);
  // It is another computation, not the same one under another name.
  expect(error).toBeGreaterThan(1e-6);
  expect(Math.abs((await half.loss(batch)) - loss) / loss).toBeLessThan(1e-3);
});

/** A step whose gradients are the weights' sum, and infinite above a limit. */
const overflowing = (limit: number): Step => ({
  run: (batch, _parameters, gradients) => {
    const sum = batch.weights.reduce((total, weight) => total + weight, 0);
    gradients.fill(sum > limit ? Number.POSITIVE_INFINITY : sum);
    return Promise.resolve(sum);
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

test('an overflow halves the factor and runs the batch again', async () => {
  const step = new ScaledStep(overflowing(1000));
  const weights = tinyBatch().weights;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const gradients = new Float32Array(3);
  const loss = await step.run(tinyBatch(), new Float32Array(0), gradients);
  expect(loss).toBeCloseTo(sum, 4);
  expect(gradients[0]).toBeCloseTo(sum, 4);
  expect(step.scale * sum).toBeLessThanOrEqual(1000);
  expect(2 * step.scale * sum).toBeGreaterThan(1000);
});

test('the factor grows after calm steps', async () => {
  const step = new ScaledStep(overflowing(1e30));
  const { scale } = step;
  for (let i = 0; i < 200; i++) await step.run(tinyBatch(), new Float32Array(0), new Float32Array(1));
  expect(step.scale).toBe(2 * scale);
});

test('gradients that are no numbers at any factor are an error', async () => {
  const step = new ScaledStep(overflowing(-1));
  await expect(step.run(tinyBatch(), new Float32Array(0), new Float32Array(1))).rejects.toThrow(/float16/);
});
