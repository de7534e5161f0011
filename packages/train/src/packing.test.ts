import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { openBaseWeights, openTrainingEngine, type TrainingOptions } from '@llama-xr/llama';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collate, collateRows, type Example, inBatches, lossWeight, packRows, rowLength } from './index.ts';

const BASE = join(import.meta.dirname, '../../llama/src/golden/tiny-llama.gguf');

/** An engine on the golden tiny model with adapters that do something. */
async function tinyEngine(options: Partial<TrainingOptions> = {}) {
  const base = openBaseWeights(BASE);
  const engine = await openTrainingEngine(base, {
    rank: 2,
    alpha: 4,
    threads: 1,
    mode: 'whole',
    ...options,
  });
  const random = new Random(1);
  engine.parameters.forEach((_, i) => {
    engine.parameters[i] = random.between(-0.3, 0.3);
  });
  return engine;
}

const random = new Random(8);
const draw = (n: number) => Array.from({ length: n }, () => random.int(20));

/** Examples with a few beginnings among them, some of which reach into the response; two are the same. */
const BEGINNINGS = [draw(5), draw(9), []];
const drawn: Example[] = Array.from({ length: 11 }, (_, i) => {
  const prompt = [...(BEGINNINGS[i % 3] as number[]), ...draw(1 + random.int(3))];
  const tokens = Int32Array.from([...prompt, ...draw(2 + random.int(6))]);
  const tokenWeights = Float32Array.from(tokens.subarray(prompt.length), () => random.between(0.5, 2));
  const weighted = i % 2 === 0 ? { tokenWeights } : {};
  return { id: `s${i}`, tokens, lossFrom: prompt.length, ...weighted };
});
const examples: Example[] = [
  ...drawn,
  { ...(drawn[1] as Example), id: 'again' },
  // Learned from the first token on: a shared beginning is learned by both.
  { ...(drawn[4] as Example), id: 'all', lossFrom: 1, tokenWeights: new Float32Array(30).fill(0.5) },
];

/** As examples with images: all begin alike but for the soft tokens; the last two are of one study. */
const soft = Array.from({ length: 6 }, (_, i) => ({
  from: 2,
  features: Float32Array.from({ length: 8 }, () => random.normal()),
  present: Uint8Array.of(1, i % 2),
}));
const seen: Example[] = Array.from({ length: 7 }, (_, i) => {
  const prompt = [5, 6, 0, 0, 7, 8];
  const study = soft[Math.min(i, 5)];
  return {
    id: `v${i}`,
    tokens: Int32Array.from([...prompt, ...draw(3 + random.int(4))]),
    lossFrom: prompt.length,
    ...(study && { soft: study }),
  };
});

/** |a - b| / |b| */
const relative = (a: Float32Array, b: Float32Array) =>
  Math.hypot(...a.map((x, i) => x - (b[i] as number))) / Math.hypot(...b);

test.each([false, true])(
  'packed rows never share soft tokens of different studies; shared beginnings: %s',
  async (sharePrefix) => {
    await using engine = await tinyEngine({ projector: { slots: 2, features: 4, hidden: 3 } });
    const total = lossWeight(seen);
    const plain = await engine.forwardBackward(collate(seen, total));
    const expected = engine.gradients.slice();
    const rows = packRows(seen, { rowTokens: 22, sharePrefix });
    expect(rows.length).toBeLessThan(seen.length);
    const packed = await engine.forwardBackward(collateRows(rows, total));
    expect(packed.loss / plain.loss).toBeCloseTo(1, 5);
    expect(relative(engine.gradients, expected)).toBeLessThan(1e-5);
    const shares = rows.map(({ prefix }) => prefix);
    expect(Math.max(...shares)).toBe(sharePrefix ? 1 : 0);
    const oneStudy = packRows(seen.slice(5), { rowTokens: 40, sharePrefix: true });
    expect(oneStudy[0]?.prefix).toBeGreaterThanOrEqual(5);
    const alone = await engine.forwardBackward(collate(seen.slice(5), 9));
    const gradients = engine.gradients.slice();
    expect((await engine.forwardBackward(collateRows(oneStudy, 9))).loss / alone.loss).toBeCloseTo(1, 5);
    expect(relative(engine.gradients, gradients)).toBeLessThan(1e-5);
  },
);

test.each([false, true])(
  'packed losses and gradients equal those unpacked; shared beginnings: %s',
  async (sharePrefix) => {
    await using engine = await tinyEngine();
    const total = lossWeight(examples);
    const plain = await engine.forwardBackward(collate(examples, total));
    const expected = engine.gradients.slice();
    const rows = packRows(examples, { rowTokens: 40, sharePrefix });
    const packed = await engine.forwardBackward(collateRows(rows, total));
    expect(packed.loss / plain.loss).toBeCloseTo(1, 5);
    expect(relative(engine.gradients, expected)).toBeLessThan(1e-5);
    expect(rows.length).toBeLessThan(examples.length);
    expect(rows.some((row) => row.prefix > 0)).toBe(sharePrefix);
  },
);

test.each([false, true])(
  "an example's loss knows nothing of its neighbours; shared beginnings: %s",
  async (sharePrefix) => {
    await using engine = await tinyEngine();
    const alone = drawn[3] as Example;
    const silent = (example: Example) => ({
      ...example,
      tokenWeights: new Float32Array(example.tokens.length - example.lossFrom),
    });
    const lossBeside = async (neighbours: Example[]) => {
      const rows = [{ examples: [...neighbours.map(silent), alone], prefix: sharePrefix ? 4 : 0 }];
      return engine.loss(collateRows(rows, lossWeight([alone])));
    };
    const expected = await engine.loss(collate([alone], lossWeight([alone])));
    for (const neighbours of [[0], [6], [9, 0, 6]])
      expect(await lossBeside(neighbours.map((i) => drawn[i] as Example))).toBeCloseTo(expected, 5);
  },
);

test('rows keep to their budget, hold every example once, and share what all of them have in common', () => {
  const token = fc.integer({ min: 0, max: 2 });
  const texts = fc.array(fc.array(token, { minLength: 2, maxLength: 12 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(texts, fc.boolean(), (tokens, sharePrefix) => {
      const all = tokens.map((t, i) => ({ id: `${i}`, tokens: Int32Array.from(t), lossFrom: 1 }));
      const rows = packRows(all, { rowTokens: 16, sharePrefix });
      expect(rows.flatMap((row) => row.examples.map(({ id }) => id)).toSorted()).toEqual(
        all.map(({ id }) => id).toSorted(),
      );
      for (const row of rows) {
        expect(rowLength(row)).toBeLessThanOrEqual(16);
        const beginnings = row.examples.map((e) => e.tokens.subarray(0, row.prefix + 1).join());
        if (row.prefix > 0) expect(new Set(beginnings).size).toBe(1);
      }
    }),
  );
});

test('packing leaves less padding, and a shared beginning fewer positions', () => {
  const prompt = draw(20);
  const many: Example[] = Array.from({ length: 64 }, (_, i) => {
    const tokens = Int32Array.from([...prompt, ...draw(5 + random.int(40))]);
    return { id: `${i}`, tokens, lossFrom: 20 };
  });
  const rules = { batchSize: 8, maxTokens: 128, rowTokens: 0, packing: false, sharePrefix: false };
  const places = (packing: boolean, sharePrefix: boolean) =>
    inBatches(many, { ...rules, packing, sharePrefix })
      .map((rows) => collateRows(rows, 1))
      .reduce((sum, { batch, sequence }) => sum + batch * sequence, 0);
  const packed = inBatches(many, { ...rules, packing: true });
  const sizes = packed.map((rows) => rows.flatMap((row) => row.examples).length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
  expect(sizes.length).toBeGreaterThanOrEqual(7);
  expect(sizes.length).toBeLessThanOrEqual(9);
  const least = many.reduce((sum, { tokens }) => sum + tokens.length - 1, 0);
  expect(places(true, false)).toBeGreaterThanOrEqual(least);
  expect(places(true, false)).toBeLessThan(places(false, false) * 1.05);
  expect(places(true, true)).toBeLessThan(0.75 * least);
  const longer = inBatches(many, { ...rules, packing: true, rowTokens: 256 });
  expect(longer.flat().some((row) => rowLength(row) > 128)).toBe(true);
});
