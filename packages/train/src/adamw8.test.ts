import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { afterAll, expect, test } from 'vitest';
import { AdamW } from './adamw.ts';
import { AdamW8 } from './adamw8.ts';
import { restoreCheckpoint, saveCheckpoint } from './checkpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-adamw8-'));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };
const SIZE = 1000; // three blocks and a part

/** Noisy gradients of a bowl whose axes differ a hundredfold. */
function gradientsAt(parameters: Float32Array, random: Random): Float32Array {
  return parameters.map((p, i) => (1 + (i % 100)) * (p - Math.sin(i)) * 0.01 + 0.02 * random.normal());
}

test('a run in 8 bits ends where one in 32 bits does, within a fiftieth of the way', () => {
  const ends = [AdamW, AdamW8].map((Kind) => {
    const [parameters, random] = [new Float32Array(SIZE), new Random(1)];
    const optimizer = new Kind(SIZE, settings);
    for (let step = 0; step < 300; step++)
      optimizer.step(parameters, gradientsAt(parameters, random), 0.01, 1);
    return parameters;
  }) as [Float32Array, Float32Array];
  const size = (values: Float32Array) => Math.hypot(...values);
  expect(size(ends[1].map((p, i) => p - (ends[0][i] as number))) / size(ends[0])).toBeLessThan(0.02);
});

test('the first step is that of 32 bits, and moments take 2.03 bytes a parameter', () => {
  const [a, b] = [new Float32Array(SIZE), new Float32Array(SIZE)];
  const gradients = gradientsAt(a, new Random(2));
  new AdamW(SIZE, settings).step(a, gradients, 0.01, 0.5);
  const small = new AdamW8(SIZE, settings);
  small.step(b, gradients, 0.01, 0.5);
  expect(b).toEqual(a);
  const bytes = Object.values(small.state).reduce((sum, array) => sum + array.byteLength, 0);
  expect(bytes / SIZE).toBeCloseTo(2.03, 2);
});

test('gradients that fall ten-thousandfold beside large ones move parameters by no more than the rate', () => {
  const parameters = new Float32Array(256);
  const optimizer = new AdamW8(256, settings);
  const gradients = new Float32Array(256).fill(1);
  for (let step = 0; step < 20; step++) {
    gradients[7] = step === 0 ? 1e-3 : 1e-7;
    const before = parameters[7] as number;
    optimizer.step(parameters, gradients, 0.01, 1);
    expect(Math.abs((parameters[7] as number) - before)).toBeLessThan(0.011);
  }
});

test('rates of parts: a range moves by its own rate, the moments of a shared block stay in step', () => {
  const [a, b] = [new Float32Array(300), new Float32Array(300)];
  const ranges = [
    { from: 0, to: 100, factor: 1 },
    { from: 100, to: 300, factor: 4 },
  ];
  const [plain, parts] = [
    new AdamW8(300, { ...settings, weightDecay: 0 }),
    new AdamW8(300, { ...settings, weightDecay: 0 }, ranges),
  ];
  const gradients = gradientsAt(a, new Random(3));
  plain.step(a, gradients, 0.01);
  parts.step(b, gradients, 0.01);
  for (const i of [0, 99, 100, 299]) expect(b[i]).toBeCloseTo((i < 100 ? 1 : 4) * (a[i] as number), 6);
});

test('a checkpoint restores it to the bit', () => {
  const [parameters, random] = [new Float32Array(SIZE), new Random(4)];
  const optimizer = new AdamW8(SIZE, settings);
  const go = (on: Float32Array, by: AdamW8, seed: Random) => by.step(on, gradientsAt(on, seed), 0.01);
  for (let step = 0; step < 5; step++) go(parameters, optimizer, random);
  const path = join(folder, 'checkpoint');
  saveCheckpoint(path, parameters, optimizer, { identity: 'a', step: 5 });
  const [again, restored] = [new Float32Array(SIZE), new AdamW8(SIZE, settings)];
  expect(restoreCheckpoint(path, again, restored, 'a')).toBe(5);
  for (const [on, by] of [
    [parameters, optimizer],
    [again, restored],
  ] as const)
    go(on, by, new Random(5));
  expect(again).toEqual(parameters);
  expect(restored.state).toEqual(optimizer.state);
  expect(() => restoreCheckpoint(path, again, new AdamW(SIZE, settings) as never, 'a')).toThrow(
    /first_moment: expected 1000 float32/,
  );
});
