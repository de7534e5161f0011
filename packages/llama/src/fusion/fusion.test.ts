import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { f64, open } from '@llama-xr/onnx';
import { writeSafetensors } from '@llama-xr/tensor';
import { afterAll, expect, test } from 'vitest';
import type { Batch, SoftRows } from '../model/batch.ts';
import { viewOf } from '../model/parameters.ts';
import { pattern, relativeError, TINY, tinyBatch, tinyEngine } from '../model/tiny-llama.ts';
import {
  backwardProjector,
  forwardProjector,
  initializeProjector,
  isProjectorSlot,
  projectorLayout,
  projectorShapes,
  projectorViews,
} from './projector.ts';
import { loadProjector, saveProjector } from './projector-file.ts';
import { softSlots } from './soft-input.ts';
import { gatherFeatures, measureScale, standardise } from './view-features.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-fusion-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Golden {
  loss: number;
  vectors: number[];
  projector: Record<string, number[]>;
  adapter: [norm: number, product: number];
}
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../golden/projector-gradients.json'), 'utf8'),
) as Golden;

/** As reference/projector_gradients.py has it. */
const projector = { slots: 3, features: 5, hidden: 6 };
const present = Uint8Array.of(1, 1, 0, 1, 0, 1);
const soft: SoftRows = {
  rows: Int32Array.of(1, 2, 3, 14, 15, 16),
  slots: Int32Array.of(0, 1, 2, 0, 1, 2),
  features: pattern('features', 30, 4).map((f, i) => f * (present[Math.floor(i / 5)] as number)),
  present,
};
const softBatch = (): Batch => ({ ...tinyBatch(), soft });

async function softEngine(options: Parameters<typeof tinyEngine>[0]) {
  const engine = await tinyEngine({ ...options, projector });
  for (const slot of engine.layout.filter(isProjectorSlot))
    viewOf(engine.parameters, slot).set(pattern(slot.name, slot.length, 1));
  return engine;
}

for (const mode of ['whole', 'layered'] as const) {
  test(`${mode}: loss and gradients through soft tokens equal PyTorch's in float64 to 1e-6`, async () => {
    await using engine = await softEngine({ mode });
    const { loss } = await engine.forwardBackward(softBatch());
    expect(loss).toBeCloseTo(golden.loss, 5);
    for (const [name, gradient] of Object.entries(projectorViews(engine.layout, engine.gradients)))
      expect(relativeError(gradient, golden.projector[name] as number[]), name).toBeLessThan(2e-6);
    const own = engine.gradients.subarray(0, engine.layout.find(isProjectorSlot)?.offset);
    const [norm, product] = golden.adapter;
    const probe = pattern('probe', own.length, 1);
    expect(Math.hypot(...own) / norm).toBeCloseTo(1, 5);
    expect(own.reduce((sum, g, i) => sum + g * (probe[i] as number), 0) / norm).toBeCloseTo(
      product / norm,
      5,
    );
    expect(await engine.loss(softBatch())).toBeCloseTo(golden.loss, 5);
  });

  test(`${mode}: placeholders count for nothing, rows may be packed, and batches without images have no projector's gradient`, async () => {
    await using engine = await softEngine({ mode });
    const { loss } = await engine.forwardBackward(softBatch());
    const expected = engine.gradients.slice();
    const batch = softBatch();
    const others = batch.ids.map((id, i) => (soft.rows.includes(i) ? (id + 1) % TINY.vocabulary : id));
    const segments = Int32Array.from(others, (_, i) => (i < 12 ? 0 : 1));
    const packed = { ...batch, ids: others, batch: 1, sequence: 24, segments };
    for (const same of [{ ...batch, ids: others }, packed]) {
      expect((await engine.forwardBackward(same)).loss).toBeCloseTo(loss, 5);
      expect(relativeError(engine.gradients, expected)).toBeLessThan(1e-5);
    }
    await engine.forwardBackward(tinyBatch());
    for (const gradient of Object.values(projectorViews(engine.layout, engine.gradients)))
      expect(gradient.every((g) => g === 0)).toBe(true);
  });
}

test('with dropout, too, both ways give the same', async () => {
  await using whole = await softEngine({ mode: 'whole', dropout: 0.25 });
  await using layered = await softEngine({ mode: 'layered', dropout: 0.25 });
  const options = { dropoutSeed: 'step 1' };
  const { loss } = await whole.forwardBackward(softBatch(), options);
  expect((await layered.forwardBackward(softBatch(), options)).loss).toBeCloseTo(loss, 5);
  expect(relativeError(layered.gradients, whole.gradients)).toBeLessThan(1e-5);
});

test('soft tokens that do not fit are refused by name', async () => {
  await using engine = await softEngine({ mode: 'layered' });
  const wrong: [Partial<SoftRows>, RegExp][] = [
    [{ features: new Float32Array(29) }, /expected 6 slots, 6 flags and 6 x 5 features, got 6, 6 and 29/],
    [{ rows: soft.rows.with(0, 24) }, /rows: expected each of 0 to 23 at most once/],
    [{ rows: soft.rows.with(0, 2) }, /at most once/],
    [{ slots: soft.slots.with(1, 3) }, /slots: expected numbers from 0 to 2/],
    [{ features: soft.features.with(4, Number.NaN) }, /features: expected finite/],
  ];
  for (const [part, message] of wrong)
    await expect(engine.loss({ ...tinyBatch(), soft: { ...soft, ...part } })).rejects.toThrow(message);
  await using bare = await tinyEngine({ mode: 'layered' });
  await expect(bare.loss(softBatch())).rejects.toThrow(/expected an engine with a projector/);
});

test("the projector's derivatives are the slopes of its vectors, in float64", async () => {
  const [shape, width] = [{ slots: 2, features: 4, hidden: 3 }, 5];
  const random = new Random(2);
  const draw = (count: number) => Float64Array.from({ length: count }, () => random.normal());
  const sized = (dims: readonly number[]) => ({
    shape: dims,
    data: draw(dims.reduce((size, d) => size * d, 1)),
  });
  const parameters = Object.fromEntries(
    Object.entries(projectorShapes(shape, width)).map(([name, dims]) => [name, sized(dims)]),
  );
  const feeds = {
    features: sized([3, 4]),
    slots: { shape: [3], data: BigInt64Array.of(1n, 0n, 1n) },
    present: { shape: [3, 1], data: Float64Array.of(1, 1, 0) },
  };
  const session = { threads: 1, optimization: 'none' } as const;
  await using forward = await open(forwardProjector(shape, width, f64), session);
  await using backward = await open(backwardProjector(shape, width, f64), session);
  const dSoft = sized([3, width]);
  const { gradients } = await backward.run({ ...feeds, ...parameters, dSoft });
  const along = async (name: string, direction: Float64Array, step: number) => {
    const { shape: dims, data } = parameters[name] as ReturnType<typeof sized>;
    const moved = { shape: dims, data: data.map((x, i) => x + step * (direction[i] as number)) };
    const found = (await forward.run({ ...feeds, ...parameters, [name]: moved })).soft.data as Float64Array;
    return found.reduce((sum, x, i) => sum + x * (dSoft.data[i] as number), 0);
  };
  for (const [name, { data }] of Object.entries(parameters)) {
    const direction = draw(data.length);
    const numeric = ((await along(name, direction, 1e-5)) - (await along(name, direction, -1e-5))) / 2e-5;
    const found = gradients[name as keyof typeof gradients].data as Float64Array;
    const analytic = found.reduce((sum, g, i) => sum + g * (direction[i] as number), 0);
    expect(analytic / numeric, name).toBeCloseTo(1, 7);
  }
});

test('it starts with vectors spread as embeddings are', () => {
  const [shape, width] = [{ slots: 40, features: 64, hidden: 32 }, 48];
  const layout = projectorLayout(shape, width, 3);
  const random = new Random(1);
  const embeddings = Float32Array.from(
    { length: 200 * width },
    (_, i) => (i % width) / 10 + 0.3 * random.normal(),
  );
  const parameters = new Float32Array(3 + layout.reduce((sum, { length }) => sum + length, 0));
  initializeProjector(layout, parameters, embeddings, random);
  const { place, absent, w1, w2 } = projectorViews(layout, parameters);
  const spread = (rows: Float32Array) =>
    Math.sqrt(rows.reduce((sum, x, i) => sum + (x - (i % width) / 10) ** 2, 0) / rows.length);
  expect(spread(absent)).toBeCloseTo(0.3, 1);
  expect(spread(place)).toBeCloseTo(0.3 * Math.SQRT1_2, 1);
  const deviation = (w: Float32Array) => Math.hypot(...w) / Math.sqrt(w.length);
  expect(deviation(w1)).toBeCloseTo(1 / 8, 2);
  expect(deviation(w2) * Math.sqrt(0.3557 * 32)).toBeCloseTo(0.3 * Math.SQRT1_2, 1);
  expect([...parameters.subarray(0, 3)]).toEqual([0, 0, 0]);
});

const settings = { pooled: true, grid: 1 };
const view = (...numbers: number[]) => ({
  pooled: Float32Array.from(numbers.slice(0, 2)),
  grid: Float32Array.from(numbers.slice(2)),
});

test('features stand in the order of the soft tokens, on the scale of the training studies, and a missing view is absent', () => {
  expect(softSlots(settings).map((slot) => [slot.view, slot.cell !== undefined])).toEqual([
    ['frontal', false],
    ['frontal', true],
    ['lateral', false],
    ['lateral', true],
  ]);
  const both = gatherFeatures({ frontal: view(1, 2, 3, 7), lateral: view(5, 6, 7, 8) }, settings, 2);
  const alone = gatherFeatures({ frontal: view(3, 2, 5, 9), lateral: null }, settings, 2);
  expect([...alone.present]).toEqual([1, 1, 0, 0]);
  expect([...alone.features]).toEqual([3, 2, 5, 9, 0, 0, 0, 0]);
  const scale = measureScale([both, alone]);
  expect([...scale.mean]).toEqual([2, 2, 4, 8, 5, 6, 7, 8]);
  expect([...scale.deviation]).toEqual([1, 0, 1, 1, 0, 0, 0, 0]);
  expect([...standardise(both, scale).features]).toEqual([-1, 0, -1, -1, 0, 0, 0, 0]);
  const odd = gatherFeatures({ frontal: view(1e6, 9, 4, 8), lateral: null }, settings, 2);
  expect([...standardise(odd, scale).features]).toEqual([8, 0, 0, 0, 0, 0, 0, 0]);
  const { grid: _, ...poor } = view(1, 2);
  expect(() => gatherFeatures({ frontal: poor, lateral: null }, settings, 2)).toThrow(/frontal view's map/);
  expect(() => softSlots({ pooled: false, grid: 0 })).toThrow(/expected pooled vectors, a grid/);
});

test('a projector that was saved gives the vectors that training had', async () => {
  const path = join(folder, 'projector.safetensors');
  const origin = {
    settings: { pooled: true, grid: 0 },
    scale: { mean: new Float32Array(10), deviation: new Float32Array(10).fill(1) },
    encoderHash: 'abc',
  };
  await using small = await tinyEngine({ mode: 'layered', projector: { ...projector, slots: 2 } });
  saveProjector(path, { ...small, width: TINY.width }, origin);
  await using loaded = await loadProjector(path);
  expect(loaded).toMatchObject({ slots: 2, features: 5, width: TINY.width, encoderHash: 'abc' });
  const input = loaded.read({
    frontal: { pooled: Float32Array.of(1, 2, 3, 4, 5) },
    lateral: null,
  });
  const vectors = await loaded.project(input);
  expect(vectors).toHaveLength(2 * TINY.width);
  const { absent } = projectorViews(small.layout, small.parameters);
  expect(vectors.subarray(TINY.width)).toEqual(absent.subarray(TINY.width));
  const rows = { rows: Int32Array.of(1, 2), slots: Int32Array.of(0, 1), ...input };
  const embedded = await small.logits({ ...tinyBatch(), soft: rows }, Int32Array.of(5));
  expect(relativeError(embedded, await small.logits(tinyBatch(), Int32Array.of(5)))).toBeGreaterThan(1e-3);
});

test('a file that is no projector, or not whole, is refused by name', async () => {
  const path = join(folder, 'other.safetensors');
  const numbers = { dtype: 'float32' as const, shape: [2], data: new Float32Array(2) };
  writeSafetensors(path, new Map([['w1', numbers]]), { format: 'x' });
  await expect(loadProjector(path)).rejects.toThrow(/other\.safetensors: expected a projector/);
  const format = 'llama-xr projector 1';
  writeSafetensors(path, new Map([['w1', numbers]]), { format, settings: '{"pooled":1}' });
  await expect(loadProjector(path)).rejects.toThrow(/settings: expected pooled and a grid/);
  writeSafetensors(path, new Map([['w1', numbers]]), { format, settings: '{"pooled":true,"grid":0}' });
  await expect(loadProjector(path)).rejects.toThrow(/has no tensor b2/);
  await expect(loadProjector(join(folder, 'none'))).rejects.toThrow(/none/);
});
