import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DropoutMasks } from './dropout.ts';
import { openTrainingEngine } from './engine.ts';
import { readFactors, writeFactors } from './parameters.ts';
import { pattern, relativeError, TINY, tinyBatch, tinyEngine, tinyWeights } from './tiny-llama.ts';
import { type Projection, projectionShape } from './weights-type.ts';

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../golden/llama-gradients.json'), 'utf8'),
) as { adapter: { loss: number; gradients: number[] } };

const SMALL = { rank: 2, alpha: 4, threads: 1 } as const;

for (const mode of ['whole', 'layered'] as const) {
  test(`${mode}: adapters on some projections learn as they would with the others' update at zero`, async () => {
    const subsets: Projection[][] = [['q', 'v'], ['k', 'gate', 'down'], ['o']];
    for (const targets of subsets) {
      await using full = await openTrainingEngine(tinyWeights(), { ...SMALL, mode });
      await using part = await openTrainingEngine(tinyWeights(), { ...SMALL, mode, targets });
      full.parameters.fill(0);
      const places = targets.flatMap((target) => [0, 1].map((layer) => [layer, target] as const));
      for (const [layer, target] of places) {
        const [out, columns] = projectionShape(TINY, target);
        const a = pattern(`a.${layer}.${target}`, 2 * columns, 0.3);
        const b = pattern(`b.${layer}.${target}`, 2 * out, 0.3);
        for (const { layout, parameters } of [full, part])
          writeFactors(layout, parameters, layer, target, { a, b });
      }
      const { loss } = await full.forwardBackward(tinyBatch());
      expect((await part.forwardBackward(tinyBatch())).loss).toBeCloseTo(loss, 6);
      for (const [layer, target] of places) {
        const expected = readFactors(full.layout, full.gradients, layer, target);
        const found = readFactors(part.layout, part.gradients, layer, target);
        expect(relativeError(found.a, expected.a), target).toBeLessThan(1e-6);
        expect(relativeError(found.b, expected.b), target).toBeLessThan(1e-6);
      }
      expect(part.layout.map(({ name }) => name)).not.toContain('layers.0.b.up');
    }
  });
}

test('dropout: whole and layered leave out the same, by seed, and scoring nothing', async () => {
  await using whole = await tinyEngine({ mode: 'whole', dropout: 0.25 });
  await using layered = await tinyEngine({ mode: 'layered', dropout: 0.25 });
  const first = { dropoutSeed: 'first' };
  const { loss } = await whole.forwardBackward(tinyBatch(), first);
  const { gradients } = whole;
  expect((await layered.forwardBackward(tinyBatch(), first)).loss).toBeCloseTo(loss, 6);
  expect(relativeError(layered.gradients, gradients)).toBeLessThan(1e-6);
  await using keeping = await tinyEngine({ mode: 'layered', dropout: 0.25, keptBytes: 1e9 });
  await keeping.forwardBackward(tinyBatch(), first);
  expect(relativeError(keeping.gradients, gradients)).toBeLessThan(1e-6);
  expect(relativeError(gradients, golden.adapter.gradients)).toBeGreaterThan(0.05);
  const before = gradients.slice();
  await whole.forwardBackward(tinyBatch(), { dropoutSeed: 'second' });
  expect(relativeError(whole.gradients, before)).toBeGreaterThan(0.05);
  await whole.forwardBackward(tinyBatch(), first);
  expect(whole.gradients).toEqual(before);
  for (const engine of [whole, layered]) {
    expect(await engine.loss(tinyBatch())).toBeCloseTo(golden.adapter.loss, 5);
    await expect(engine.forwardBackward(tinyBatch())).rejects.toThrow(/dropoutSeed: expected a seed/);
  }
});

for (const mode of ['whole', 'layered'] as const) {
  test(`${mode}: with dropout, the gradient is the slope of the loss of the same seed`, async () => {
    await using engine = await tinyEngine({ mode, dropout: 0.5, targets: ['q', 'v', 'down'] });
    const run = () => engine.forwardBackward(tinyBatch(), { dropoutSeed: 'same' });
    await run();
    const [start, slope] = [engine.parameters.slice(), engine.gradients.slice()];
    const square = slope.reduce((sum, g) => sum + g * g, 0);
    const step = 1e-2 / Math.sqrt(square);
    const lossAt = async (distance: number) => {
      engine.parameters.set(start.map((p, i) => p + distance * (slope[i] as number)));
      return (await run()).loss;
    };
    const numeric = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
    expect(numeric / square).toBeCloseTo(1, 2);
  });
}

test('dropout leaves out the share that it is told, and means the same on average', async () => {
  const masks = new DropoutMasks(TINY, { targets: ['q', 'down'], dropout: 0.25 });
  const feeds = masks.feeds(1000, 0, 'seed');
  expect(Object.keys(feeds)).toEqual(['dropout.qkv', 'dropout.down']);
  const { data } = feeds['dropout.qkv'] as { data: Uint8Array };
  expect(data.length).toBe(1000 * TINY.width);
  // 32,000 draws: three standard deviations are 0.007.
  expect(data.reduce((sum, kept) => sum + kept, 0) / data.length).toBeCloseTo(0.75, 2);
  await expect(openTrainingEngine(tinyWeights(), { ...SMALL, dropout: 1 })).rejects.toThrow(
    /dropout: expected/,
  );
});

test('rank-stabilised scaling is alpha over the root of the rank', async () => {
  await using stabilised = await tinyEngine({ alpha: 4, scaling: 'alpha/sqrt(r)' });
  await using plain = await tinyEngine({ alpha: 4 * Math.sqrt(2) });
  const { loss } = await plain.forwardBackward(tinyBatch());
  expect((await stabilised.forwardBackward(tinyBatch())).loss).toBe(loss);
  expect(stabilised.gradients).toEqual(plain.gradients);
});

test('targets that a Llama does not have are refused, and so are none', async () => {
  for (const targets of [[], ['q', 'lm_head']] as Projection[][])
    await expect(openTrainingEngine(tinyWeights(), { ...SMALL, targets })).rejects.toThrow(
      /targets: expected some of q, k, v, o, gate, up, down, got (none|lm_head)/,
    );
});
