import { LLAMA_3_1_8B, PROJECTIONS, projectionShape } from '@llama-xr/llama';
import { parseRecipe } from '@llama-xr/train';
import { expect, test } from 'vitest';
import {
  keptOfLayer,
  keptWithin,
  memoryParts,
  stepWithin,
  type TrainingShape,
  totalBytes,
  trainable,
} from './training-memory.ts';
import { measureSpeed, stepOperations, stepSeconds } from './training-time.ts';

const matrices = PROJECTIONS.reduce((sum, projection) => {
  const [out, columns] = projectionShape(LLAMA_3_1_8B, projection);
  return sum + LLAMA_3_1_8B.layers * out * columns;
}, 0);

const shape = (more: Partial<TrainingShape> = {}): TrainingShape => ({
  config: LLAMA_3_1_8B,
  weights: { packed: matrices, eight: 0, plain: 0 },
  recipe: parseRecipe({ name: 'test' }, 'test'),
  batch: 1,
  sequence: 512,
  ...more,
});
const total = (of: TrainingShape, mode: 'whole' | 'layered') => totalBytes(memoryParts(of, mode));

test('Llama 3.1 8B at rank 16 trains 41,943,040 numbers', () => {
  expect(trainable(shape())).toBe(41_943_040);
});

test('by sight it trains a projector beside the adapter', () => {
  const visual = { pooled: true, grid: 0, hidden: 512 };
  const recipe = parseRecipe({ name: 'test', fusion: 'visual', visual }, 'test');
  const [inner, outer, places] = [512 * 1024 + 512, 4096 * 512 + 4096, 2 * 2 * 4096];
  expect(trainable(shape({ recipe }))).toBe(41_943_040 + inner + outer + places);
});

test('layered needs less than whole, 4 bits less than float32, fewer tokens less than more', () => {
  expect(total(shape(), 'layered')).toBeLessThan(total(shape(), 'whole'));
  expect(total(shape(), 'layered')).toBeLessThan(
    total(shape({ weights: { packed: 0, eight: 0, plain: matrices } }), 'layered'),
  );
  for (const mode of ['whole', 'layered'] as const) {
    expect(total(shape(), mode)).toBeLessThan(total(shape({ batch: 4 }), mode));
    expect(total(shape(), mode)).toBeLessThan(total(shape({ sequence: 1024 }), mode));
  }
});

test('what memory leaves keeps activations, in whole layers, and no more than there are', () => {
  const needed = total(shape(), 'layered');
  const layer = keptOfLayer(shape(), 'layered');
  // q, k, v, the residual stream, gate and up, of 512 tokens in float32.
  expect(layer).toBe(4 * 512 * (4096 + 2 * 1024 + 4096 + 2 * 14336));
  expect(keptWithin(shape(), 'layered', needed - 1)).toBe(0);
  expect(keptWithin(shape(), 'layered', needed + 2.5 * layer)).toBe(2 * layer);
  expect(keptWithin(shape(), 'layered', 64e9)).toBe(32 * layer);
  expect(totalBytes(memoryParts(shape(), 'layered', 2 * layer))).toBe(needed + 2 * layer);
});

test('a step is whole where that fits, and keeps what memory leaves', () => {
  const [whole, layered] = [total(shape(), 'whole'), total(shape(), 'layered')];
  const merged = (4 * matrices) / LLAMA_3_1_8B.layers;
  expect(stepWithin(shape(), whole + 1.5 * merged)).toEqual({ mode: 'whole', keptBytes: merged });
  expect(stepWithin(shape(), whole)).toEqual({ mode: 'whole', keptBytes: 0 });
  expect(stepWithin(shape(), whole - 1).mode).toBe('layered');
  expect(stepWithin(shape(), layered - 1)).toEqual({ mode: 'layered', keptBytes: 0 });
  expect(stepWithin(shape(), 1, 'whole')).toEqual({ mode: 'whole', keptBytes: 0 });
  expect(stepWithin(shape(), 200e9, 'layered').mode).toBe('layered');
});

test('matrices in 8 bits take what they are held in, not float32', () => {
  const small = { ...LLAMA_3_1_8B, layers: 1, feedForward: 4096 };
  const held = (weights: TrainingShape['weights']) =>
    memoryParts(shape({ config: small, weights }), 'whole').find(({ name }) => name === 'base, matrices')
      ?.bytes;
  expect(held({ packed: 0, eight: 1000, plain: 0 })).toBe(1250);
  expect(held({ packed: 1000, eight: 0, plain: 1000 })).toBe(1250 + 4000);
});

test('a step of 8B is mostly its frozen products: some 6 and 4 operations a weight and token', () => {
  const step = { tokens: 512, learned: 256, batches: 1 };
  const layered = stepOperations(shape(), step, 'layered');
  const whole = stepOperations(shape(), step, 'whole');
  // The last product of a layer, a quarter of it, is not computed anew.
  expect(layered.layers).toBe(5.5 * matrices * 512);
  expect(whole.layers).toBe(4 * matrices * 512);
  const rest = layered.head + layered.attention + layered.adapter;
  expect(rest).toBeLessThan(0.15 * layered.layers);
  expect(stepSeconds(layered, 'layered', 2e11)).toBeCloseTo(stepSeconds(layered, 'layered', 1e11) / 2, 6);
  const merged = stepOperations(shape(), step, 'whole', 1);
  expect(merged.dequantizing).toBeLessThan(whole.dequantizing);
  expect(merged.adapter).toBeLessThan(whole.adapter);
  const kept = stepOperations(shape(), step, 'layered', 1);
  expect(kept.layers).toBeGreaterThan(whole.layers);
  expect(kept.layers).toBeLessThan(layered.layers);
});

test('the machine has a speed', async () => {
  expect(await measureSpeed(1, 0.1)).toBeGreaterThan(1e8);
});
