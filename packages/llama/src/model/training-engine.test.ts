import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Batch, TokenBatch } from './batch.ts';
import { openTrainingEngine, type TrainingOptions } from './engine.ts';
import { keptBytes } from './kept-activations.ts';
import { chooseMode, mergedBytes, wholeStepBytes } from './memory.ts';
import { viewOf } from './parameters.ts';
import { openPretrainingEngine } from './pretraining.ts';
import { pattern, relativeError, TINY, tinyBatch, tinyEngine, tinyWeights } from './tiny-llama.ts';

interface Golden {
  adapter: { loss: number; names: string[]; gradients: number[] };
  dense: { loss: number; logits: number[]; gradients: Record<string, [norm: number, product: number]> };
}

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../golden/llama-gradients.json'), 'utf8'),
) as Golden;

const ways: [string, Partial<TrainingOptions>][] = [
  ['whole', { mode: 'whole' }],
  ['whole, merged weights of a layer kept', { mode: 'whole', keptBytes: mergedBytes(TINY) }],
  ['whole, merged weights of all layers kept', { mode: 'whole', keptBytes: 1e9 }],
  ['whole, head in one part', { mode: 'whole', headChunks: 1 }],
  ['layered', { mode: 'layered' }],
  // The batch has 24 tokens: room for one layer, then for all.
  ['layered, activations of some layers kept', { mode: 'layered', keptBytes: 24 * keptBytes(TINY) }],
  ['layered, activations of all layers kept', { mode: 'layered', keptBytes: 1e9 }],
  ['layered, head in small parts', { mode: 'layered', headChunk: { rows: 5, vocabulary: 7 } }],
];
for (const [name, options] of ways) {
  test(`${name}: loss and gradients equal PyTorch's in float64 to 1e-6`, async () => {
    await using engine = await tinyEngine(options);
    const { loss } = await engine.forwardBackward(tinyBatch());
    expect(loss).toBeCloseTo(golden.adapter.loss, 5);
    expect(engine.layout.map((slot) => slot.name)).toEqual(golden.adapter.names);
    expect(relativeError(engine.gradients, golden.adapter.gradients)).toBeLessThan(1e-6);
    expect(await engine.loss(tinyBatch())).toBeCloseTo(golden.adapter.loss, 5);
  });
}

for (const mode of ['whole', 'layered'] as const) {
  test(`${mode}: matrices in float32, and layers of different kinds, give the same`, async () => {
    for (const asFloats of [() => true, (layer: number) => layer === 0]) {
      await using engine = await tinyEngine({ mode }, tinyWeights(asFloats));
      await engine.forwardBackward(tinyBatch());
      expect(relativeError(engine.gradients, golden.adapter.gradients)).toBeLessThan(1e-6);
    }
  });

  test(`${mode}: accumulating adds to the gradients there`, async () => {
    await using engine = await tinyEngine({ mode });
    await engine.forwardBackward(tinyBatch());
    await engine.forwardBackward(tinyBatch(), { accumulate: true });
    const doubled = golden.adapter.gradients.map((gradient) => 2 * gradient);
    expect(relativeError(engine.gradients, doubled)).toBeLessThan(1e-6);
  });
}

test('the gradient is the slope of the loss', async () => {
  await using engine = await tinyEngine({ mode: 'layered' });
  await engine.forwardBackward(tinyBatch());
  const [start, slope] = [engine.parameters.slice(), engine.gradients.slice()];
  const square = slope.reduce((sum, g) => sum + g * g, 0);
  const step = 1e-2 / Math.sqrt(square);
  const lossAt = async (distance: number) => {
    engine.parameters.set(start.map((p, i) => p + distance * (slope[i] as number)));
    return engine.loss(tinyBatch());
  };
  const numeric = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
  expect(numeric / square).toBeCloseTo(1, 2);
});

/** Rows of a batch one after another in a single row, as segments of it. */
function packedRows({ batch, sequence, ...arrays }: Batch): Batch {
  const segments = Int32Array.from({ length: batch * sequence }, (_, i) => Math.floor(i / sequence));
  return { batch: 1, sequence: batch * sequence, ...arrays, segments };
}

/** The same rows with more tokens at the right that count for nothing. */
function padded({ batch, sequence, ids, labels, weights }: Batch, extra: number): Batch {
  const widened = <A extends Int32Array | Float32Array>(array: A, fill: number): A => {
    const wide = new (array.constructor as new (n: number) => A)(batch * (sequence + extra)).fill(fill) as A;
    for (let row = 0; row < batch; row++)
      wide.set(array.subarray(row * sequence, (row + 1) * sequence), row * (sequence + extra));
    return wide;
  };
  return {
    batch,
    sequence: sequence + extra,
    ids: widened(ids, 7),
    labels: widened(labels, 0),
    weights: widened(weights, 0),
  };
}

for (const mode of ['whole', 'layered'] as const) {
  test(`${mode}: neither padding nor packing changes anything`, async () => {
    await using engine = await tinyEngine({ mode });
    for (const batch of [padded(tinyBatch(), 5), packedRows(tinyBatch())]) {
      const { loss } = await engine.forwardBackward(batch);
      expect(loss).toBeCloseTo(golden.adapter.loss, 5);
      expect(relativeError(engine.gradients, golden.adapter.gradients)).toBeLessThan(1e-6);
    }
  });
}

/** The two rows of a batch in one, their first `prefix` tokens made equal and standing once. */
function sharedPrefix({ sequence: S, ids, labels, weights }: Batch, prefix: number): [Batch, Batch] {
  const apart = { batch: 2, sequence: S, ids: ids.slice(), labels: labels.slice(), weights };
  apart.ids.copyWithin(S, 0, prefix);
  apart.labels.copyWithin(S, 0, prefix);
  const joined = <A extends Int32Array | Float32Array>(a: A): A => {
    const row = new (a.constructor as new (n: number) => A)(2 * S - prefix);
    row.set(a.subarray(0, S));
    row.set(a.subarray(S + prefix), S);
    return row;
  };
  const together = { ids: joined(apart.ids), labels: joined(apart.labels), weights: joined(weights) };
  for (let i = 0; i < prefix; i++) together.weights[i] = (weights[i] as number) + (weights[S + i] as number);
  const segments = Int32Array.from(together.ids, (_, i) => (i < S ? 0 : 1));
  return [
    apart,
    { batch: 1, sequence: 2 * S - prefix, ...together, segments, prefixes: Int32Array.of(prefix) },
  ];
}

for (const mode of ['whole', 'layered'] as const) {
  test(`${mode}: a shared beginning computed once gives the loss and the gradients of full rows`, async () => {
    await using engine = await tinyEngine({ mode });
    const [apart, together] = sharedPrefix(tinyBatch(), 5);
    const { loss } = await engine.forwardBackward(apart);
    const expected = engine.gradients.slice();
    expect((await engine.forwardBackward(together)).loss).toBeCloseTo(loss, 5);
    expect(relativeError(engine.gradients, expected)).toBeLessThan(1e-6);
    const { prefixes: _, ...blind } = together;
    await engine.forwardBackward(blind);
    expect(relativeError(engine.gradients, expected)).toBeGreaterThan(1e-3);
  });
}

test('a fresh adapter leaves the base as it is', async () => {
  const tokens: TokenBatch = tinyBatch();
  await using bare = await openTrainingEngine(tinyWeights(), { rank: 0, threads: 1 });
  await using fresh = await openTrainingEngine(tinyWeights(), { rank: 2, threads: 1, mode: 'layered' });
  expect(relativeError(await fresh.logits(tokens), await bare.logits(tokens))).toBeLessThan(1e-6);
  await expect(bare.forwardBackward(tinyBatch())).rejects.toThrow(/rank: expected at least 1/);
});

test('log probabilities belong to the logits', async () => {
  await using engine = await tinyEngine({ mode: 'layered', headChunk: { rows: 5, vocabulary: 7 } });
  const batch = tinyBatch();
  const found = await engine.logProbabilities(batch);
  const row = 5;
  const logits = await engine.logits(batch, Int32Array.of(row));
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  expect(found[row]).toBeCloseTo((logits[batch.labels[row] as number] as number) - total, 4);
  expect(found[0]).toBe(0);
});

test('a batch that does not fit is refused by name', async () => {
  await using engine = await openTrainingEngine(tinyWeights(), { rank: 0, threads: 1 });
  const batch = tinyBatch();
  const wrong: [Partial<Batch>, RegExp][] = [
    [{ sequence: 13 }, /ids: expected 2 x 13 elements, got 24/],
    [{ ids: batch.ids.with(3, 40) }, /ids: expected tokens from 0 to 39, got 40 at 3/],
    [{ labels: batch.labels.with(4, -100) }, /labels: expected tokens from 0 to 39, got -100 at 4/],
    [{ weights: batch.weights.with(1, Number.NaN) }, /weights: expected finite numbers/],
    [{ weights: new Float32Array(24) }, /at least one token in the loss/],
    [{ prefixes: Int32Array.of(1, 1) }, /prefixes: expected segments/],
    [{ segments: new Int32Array(24), prefixes: Int32Array.of(1, 13) }, /prefixes: .* 12 tokens, got 13/],
    [{ segments: new Int32Array(24), prefixes: Int32Array.of(1) }, /prefixes: expected one for each of 2/],
    [{ ids: new Int32Array(65), batch: 1, sequence: 65 }, /at most 64 tokens a text/],
  ];
  for (const [part, message] of wrong)
    await expect(engine.loss({ ...batch, ...part })).rejects.toThrow(message);
});

test('merged weights kept or merged again: the same gradients, to the bit', async () => {
  const gradients = [];
  for (const keptBytes of [0, mergedBytes(TINY), 1e9]) {
    await using engine = await tinyEngine({ mode: 'whole', keptBytes });
    await engine.forwardBackward(tinyBatch());
    gradients.push(engine.gradients);
  }
  expect(gradients[1]).toEqual(gradients[0]);
  expect(gradients[2]).toEqual(gradients[0]);
});

test('auto takes the whole step where it fits', () => {
  const largestBatch = { batch: 2, sequence: 16 };
  const needed = wholeStepBytes(TINY, 2, 16);
  expect(chooseMode(TINY, { largestBatch, memoryBytes: needed })).toBe('whole');
  expect(chooseMode(TINY, { largestBatch, memoryBytes: needed - 1 })).toBe('layered');
  expect(chooseMode(TINY, { mode: 'whole', memoryBytes: 1 })).toBe('whole');
});

test('pretraining: loss, logits and the gradient of every weight equal PyTorch', async () => {
  await using engine = await openPretrainingEngine(TINY, { threads: 1 });
  for (const slot of engine.layout) {
    const scale = /\d\.(q|k|v|o|gate|up|down)$/.test(slot.name) ? 0.3 : 1;
    const center = slot.name.endsWith('Norm') ? 1 : 0;
    viewOf(engine.parameters, slot).set(pattern(slot.name, slot.length, scale, center));
  }
  const batch = tinyBatch();
  const { loss } = await engine.forwardBackward(batch);
  expect(loss).toBeCloseTo(golden.dense.loss, 5);
  const last = Int32Array.of(batch.ids.length - 1);
  expect(relativeError(await engine.logits(batch, last), golden.dense.logits)).toBeLessThan(1e-6);
  expect(await engine.loss(batch)).toBeCloseTo(golden.dense.loss, 5);
  expect(engine.layout.map((slot) => slot.name)).toEqual(Object.keys(golden.dense.gradients));
  for (const slot of engine.layout) {
    const [norm, product] = golden.dense.gradients[slot.name] as [number, number];
    const gradient = viewOf(engine.gradients, slot);
    const probe = pattern(`probe.${slot.name}`, slot.length, 1);
    expect(Math.hypot(...gradient) / norm, slot.name).toBeCloseTo(1, 5);
    expect(gradient.reduce((sum, g, i) => sum + g * (probe[i] as number), 0) / norm, slot.name).toBeCloseTo(
      product / norm,
      5,
    );
  }
});

test('pretraining learns, and its weights are a base that scores the same', async () => {
  await using engine = await openPretrainingEngine(TINY, { threads: 1, seed: 3 });
  const batch = tinyBatch();
  const before = await engine.loss(batch);
  for (let step = 0; step < 30; step++) {
    await engine.forwardBackward(batch);
    engine.gradients.forEach((g, i) => {
      engine.parameters[i] = (engine.parameters[i] as number) - 0.1 * g;
    });
  }
  const after = await engine.loss(batch);
  expect(after).toBeLessThan(before - 0.5);
  await using scorer = await openTrainingEngine(engine.weights, { rank: 0, threads: 1 });
  expect(await scorer.loss(batch)).toBeCloseTo(after, 5);
});
