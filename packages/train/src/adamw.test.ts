import { expect, test } from 'vitest';
import { AdamW, clipFactor, globalNorm } from './adamw.ts';
import { rateRanges } from './schedule.ts';

/** Steps of torch.optim.AdamW with clip_grad_norm_(1.0), torch 2.13.0: reference/adamw.py. */
const TORCH = [
  { norm: 2.915213737, parameters: [0.945000001, -1.940000009, 2.935000001, 0.447500001] },
  { norm: 2.974224507, parameters: [0.890269113, -1.885428968, 2.87032858, 0.395252681] },
  { norm: 1.893586384, parameters: [0.836929704, -1.840547999, 2.805952086, 0.346053815] },
  { norm: 1.919737514, parameters: [0.800451467, -1.79341133, 2.744830199, 0.324248488] },
  { norm: 2.135736754, parameters: [0.779827903, -1.742956166, 2.687487807, 0.32183308] },
];

test('five clipped steps equal torch.optim.AdamW', () => {
  const parameters = Float32Array.of(1, -2, 3, 0.5);
  const optimizer = new AdamW(4, { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 });
  for (const [i, expected] of TORCH.entries()) {
    const gradients = parameters.map((p) => 0.5 * p + Math.sin(i + 1));
    const norm = globalNorm(gradients);
    expect(norm).toBeCloseTo(expected.norm, 5);
    optimizer.step(parameters, gradients, 0.05, clipFactor(norm, 1));
    for (const [j, p] of expected.parameters.entries()) expect(parameters[j]).toBeCloseTo(p, 5);
  }
});

test('a range with a rate of its own steps as an optimizer of its own at that rate, decay and all', () => {
  const settings = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 };
  const ranges = [
    { from: 0, to: 2, factor: 1 },
    { from: 2, to: 4, factor: 16 },
  ];
  const together = { parameters: Float32Array.of(1, -2, 3, 0.5), optimizer: new AdamW(4, settings, ranges) };
  const slow = { parameters: Float32Array.of(1, -2), optimizer: new AdamW(2, settings) };
  const fast = { parameters: Float32Array.of(3, 0.5), optimizer: new AdamW(2, settings) };
  for (let i = 1; i <= 3; i++) {
    for (const [{ parameters, optimizer }, rate] of [
      [together, 0.01],
      [slow, 0.01],
      [fast, 0.16],
    ] as const)
      optimizer.step(
        parameters,
        parameters.map((p) => 0.5 * p + Math.sin(i)),
        rate,
      );
  }
  expect([...together.parameters]).toEqual([...slow.parameters, ...fast.parameters]);
});

test('ranges follow the names of a layout: B, the projector, all else', () => {
  const names = ['layers.0.a.qkv', 'layers.0.b.q', 'layers.0.b.k', 'layers.1.a.qkv', 'projector.w1'];
  const layout = names.map((name, i) => ({ name, shape: [2], offset: 2 * i, length: 2 }));
  expect(rateRanges(layout, { b: 16, projector: 4 })).toEqual([
    { from: 0, to: 2, factor: 1 },
    { from: 2, to: 6, factor: 16 },
    { from: 6, to: 8, factor: 1 },
    { from: 8, to: 10, factor: 4 },
  ]);
  expect(rateRanges(layout, { b: 1, projector: 1 })).toEqual([{ from: 0, to: 10, factor: 1 }]);
});
