/** Parent and child together on a model with random weights. Their death: recovery.test.ts; real weights: smollm2.test.ts. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Generator, openGenerator } from './index.ts';
import { TINY_CONTEXT, TINY_VOCABULARY, writeTinyAdapter, writeTinyModel } from './testing/tiny-model.ts';
import { all, ENDLESS, errorOf, prompts } from './testing/tiny-requests.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-generator-'));
const base = join(folder, 'tiny.gguf');
const adapter = join(folder, 'adapter.gguf');
const open = (more: object = {}) =>
  openGenerator({ base, contextTokens: 128, threads: 1, parallel: 4, ...more });

let generator: Generator;
beforeAll(async () => {
  writeTinyModel(base);
  writeTinyAdapter(adapter);
  generator = await open();
});
afterAll(async () => {
  await generator[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test('the model is described as llama.cpp sees it', () => {
  expect(generator.model).toMatchObject({
    vocabulary: TINY_VOCABULARY,
    width: 64,
    trainedContext: TINY_CONTEXT,
    device: 'cpu',
  });
  expect(generator.model.endTokens).toContain(2);
});

test('text becomes tokens and text again, with and without special tokens', async () => {
  const text = '<|im_start|>Herz: 1,5 × normal — ½ «größer» 心\n';
  expect(await generator.tokenize('<|im_start|>')).toEqual([1]);
  expect((await generator.tokenize('<|im_start|>', { special: false })).length).toBeGreaterThan(5);
  expect(await generator.detokenize(await generator.tokenize(text))).toBe(text);
  expect(await generator.tokenize('')).toEqual([]);
});

test('every text comes once, in the order in which they end', async () => {
  const order: string[] = [];
  const lengths = [30, 2, 9, 4, 17, 3];
  const runs = prompts(6).map(async (request, i) => {
    for await (const { id } of generator.generate([request], { maxTokens: lengths[i] as number, stop: [] }))
      order.push(id);
  });
  await Promise.all(runs);
  expect(order.toSorted()).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5']);
  expect(order[0]).toBe('r1');
  expect(order.at(-1)).toBe('r0');
});

test('greedy log probabilities are those that scoring gives the same text', async () => {
  const requests = prompts(5);
  const texts = await all(generator.generate(requests, ENDLESS));
  const scores = await all(
    generator.score(
      requests.map(({ id, tokens }) => ({
        id,
        from: tokens.length,
        tokens: [...tokens, ...(texts[`${id}:0`]?.tokens ?? [])],
      })),
    ),
  );
  for (const { id } of requests) {
    const { logProbabilities } = texts[`${id}:0`] as { logProbabilities: readonly number[] };
    expect(logProbabilities).toHaveLength(24);
    for (const [i, value] of logProbabilities.entries()) {
      expect(scores[`${id}:0`]?.logProbabilities[i]).toBeCloseTo(value, 2);
    }
  }
});

test('one at a time or four at once, greedy texts are equal', async () => {
  await using single = await open({ parallel: 1 });
  const requests = prompts(6);
  expect(Object.values(await all(single.generate(requests, ENDLESS))).map(({ tokens }) => tokens)).toEqual(
    Object.values(await all(generator.generate(requests, ENDLESS)))
      .toSorted((a, b) => a.id.localeCompare(b.id))
      .map(({ tokens }) => tokens),
  );
});

test('a prompt computed once for several texts serves each as its own would', async () => {
  const [request] = prompts(1, 60);
  const texts = async (of: Generator, samples: number) => {
    const results = await all(
      of.generate([request as { id: string; tokens: number[] }], { ...ENDLESS, samples }),
    );
    return Object.values(results).map(({ tokens }) => tokens);
  };
  await using fresh = await open();
  const [alone] = await texts(fresh, 1);
  expect(await texts(generator, 4)).toEqual([alone, alone, alone, alone]);
});

test('draws are decided by seed, id and sample, not by what else runs', async () => {
  const options = { ...ENDLESS, temperature: 1, topK: 50, topP: 0.95, seed: 7, samples: 2 };
  const [together, alone, other] = [
    await all(generator.generate(prompts(5), options)),
    await all(generator.generate(prompts(5).slice(2, 3), options)),
    await all(generator.generate(prompts(5), { ...options, seed: 8 })),
  ];
  expect(Object.keys(together)).toHaveLength(10);
  for (const name of ['r2:0', 'r2:1']) {
    expect(together[name]?.tokens).toEqual(alone[name]?.tokens);
    // Other batches add in another order: the last bits differ.
    for (const [i, value] of (together[name]?.logProbabilities ?? []).entries()) {
      expect(value).toBeCloseTo(alone[name]?.logProbabilities[i] as number, 3);
    }
  }
  expect(together['r2:0']?.tokens).not.toEqual(together['r2:1']?.tokens);
  expect(together['r2:0']?.tokens).not.toEqual(other['r2:0']?.tokens);
});

test('no trigram comes twice; without the guard they do', async () => {
  const repeats = (tokens: readonly number[]) => {
    const trigrams = tokens.slice(2).map((_, i) => tokens.slice(i, i + 3).join(' '));
    return trigrams.length - new Set(trigrams).size;
  };
  const options = { maxTokens: 100, stop: [], temperature: 0.05 };
  const free = await all(generator.generate(prompts(8), options));
  const guarded = await all(generator.generate(prompts(8), { ...options, noRepeatNgram: 3 }));
  expect(Object.values(free).some(({ tokens }) => repeats(tokens) > 0)).toBe(true);
  expect(Object.values(guarded).every(({ tokens }) => repeats(tokens) === 0)).toBe(true);
});

test('a stop token ends a text and does not belong to it; the context ends it too', async () => {
  const [request] = prompts(1);
  const whole = (await all(generator.generate(prompts(1), ENDLESS)))['r0:0']?.tokens ?? [];
  const stop = whole[5] as number;
  const cut = (await all(generator.generate(prompts(1), { maxTokens: 24, stop: [stop] })))['r0:0'];
  expect(cut).toMatchObject({ stopReason: 'stop', tokens: whole.slice(0, whole.indexOf(stop)) });
  const long = (await all(generator.generate(prompts(1), { maxTokens: 10_000, stop: [] })))['r0:0'];
  expect(long?.stopReason).toBe('length');
  expect(long?.tokens).toHaveLength(128 - (request?.tokens.length ?? 0) + 1);
});

test('guidance moves the text, and weight one or an equal contrast does not', async () => {
  const requests = prompts(3).map((request) => ({
    ...request,
    contrast: { tokens: request.tokens.slice(0, 4) },
  }));
  const plain = await all(generator.generate(prompts(3), ENDLESS));
  const texts = async (guidance: number, contrast = requests) =>
    Object.values(await all(generator.generate(contrast, { ...ENDLESS, guidance })))
      .map(({ id, tokens }) => [id, tokens])
      .toSorted();
  const unguided = Object.values(plain)
    .map(({ id, tokens }) => [id, tokens])
    .toSorted();
  expect(await texts(1)).toEqual(unguided);
  expect(
    await texts(
      1.5,
      requests.map((r) => ({ ...r, contrast: { tokens: r.tokens } })),
    ),
  ).toEqual(unguided);
  expect(await texts(3)).not.toEqual(unguided);
});

test('an adapter changes the texts, its scale does, and null takes it off again', async () => {
  const texts = async (of = generator) => {
    const results = Object.values(await all(of.generate(prompts(3), ENDLESS)));
    return JSON.stringify(results.map(({ id, tokens }) => [id, tokens]).toSorted());
  };
  const before = await texts();
  await generator.setAdapter(adapter);
  const adapted = await texts();
  await generator.setAdapter(adapter, 0.1);
  const little = await texts();
  await generator.setAdapter(null);
  expect(await texts()).toBe(before);
  expect(new Set([before, adapted, little]).size).toBe(3);
  await using opened = await open({ adapter, adapterScale: 0.1 });
  expect(await texts(opened)).toBe(little);
});

test('adapters are swapped in turn, while the base stays loaded', async () => {
  const other = join(folder, 'other.gguf');
  writeTinyAdapter(other, { seed: 3 });
  const texts = async (results: ReturnType<Generator['generate']>) =>
    JSON.stringify(
      Object.values(await all(results))
        .map(({ id, tokens }) => [id, tokens])
        .toSorted(),
    );
  const alone = async (path: string) => {
    await using opened = await open({ adapter: path });
    return await texts(opened.generate(prompts(9), ENDLESS));
  };
  const [first, second] = [await alone(adapter), await alone(other)];
  const { processId } = generator;
  // Nothing is awaited between: jobs of several adapters stand in one queue.
  const swaps: Promise<number>[] = [];
  const asked = [adapter, other, adapter].map((path) => {
    swaps.push(generator.setAdapter(path));
    return texts(generator.generate(prompts(9), ENDLESS));
  });
  expect(await Promise.all(asked)).toEqual([first, second, first]);
  expect(first).not.toBe(second);
  for (const seconds of await Promise.all(swaps)) expect(seconds).toBeLessThan(1);
  expect(generator.processId).toBe(processId);
  await generator.setAdapter(null);
});

test('damaged, foreign and unfitting files are refused with the words of who refused them', async () => {
  const path = join(folder, 'bad.gguf');
  expect((await errorOf(openGenerator({ base: join(folder, 'none.gguf') }))).code).toBe('FILE_MISSING');
  writeFileSync(path, 'no model at all');
  expect((await errorOf(openGenerator({ base: path }))).message).toMatch(/bad\.gguf/);
  writeFileSync(path, readFileSync(base));
  truncateSync(path, 100_000);
  expect((await errorOf(openGenerator({ base: path }))).message).toMatch(/bad\.gguf/);
  expect((await errorOf(openGenerator({ base: adapter }))).message).toMatch(
    /expected a model, got an adapter/,
  );
  expect((await errorOf(open({ adapter: base }))).message).toMatch(
    /expected an adapter, got general\.type model/,
  );
  writeTinyAdapter(path, { width: 32 });
  const error = await errorOf(open({ adapter: path }));
  expect(error).toMatchObject({ code: 'ENGINE' });
  expect(error.message).toMatch(
    /bad\.gguf: llama\.cpp cannot use this adapter with this base: .*(shape|dimension)/,
  );
  // A swap that fails leaves the generator as it was.
  expect((await errorOf(generator.setAdapter(path))).message).toMatch(/cannot use this adapter/);
  expect(Object.keys(await all(generator.generate(prompts(2), ENDLESS)))).toHaveLength(2);
});

test('a base that llama.cpp alone finds wanting is refused in its words', async () => {
  const path = join(folder, 'headless.gguf');
  writeFileSync(
    path,
    readFileSync(base).toString('latin1').replace('output_norm.weight', 'output_nonn.weight'),
    'latin1',
  );
  const error = await errorOf(openGenerator({ base: path }));
  expect(error).toMatchObject({ code: 'ENGINE' });
  expect(error.message).toMatch(/headless\.gguf: llama\.cpp cannot load it: .*output_norm/);
});

test('mistakes in options and requests are told together', () => {
  const [request] = prompts(1) as [{ id: string; tokens: number[] }];
  expect(() => generator.generate([request], { maxTokens: 0, temperature: -1, topP: 2 })).toThrow(
    /generate: 3 mistakes\n.*maxTokens: expected an integer >= 1, got 0\n.*temperature.*\n.*topP/,
  );
  const wrong = [
    { id: 'empty', tokens: [] },
    { id: 'foreign', tokens: [5, TINY_VOCABULARY] },
    { id: 'long', tokens: new Array(129).fill(5) },
  ];
  expect(() => generator.generate(wrong, ENDLESS)).toThrow(
    /3 mistakes\n.*empty.*got 0\n.*foreign.*got 260\n.*long.*got 129/,
  );
  expect(() => generator.generate([request], { ...ENDLESS, guidance: 2 })).toThrow(
    /request r0: expected a contrast/,
  );
  expect(() =>
    generator.score([
      { ...request, from: 0 },
      { ...request, from: 20 },
    ]),
  ).toThrow(/2 mistakes/);
});

test('options that no model can meet are refused at the start', async () => {
  expect((await errorOf(open({ parallel: 0, threads: 1.5 }))).message).toMatch(/2 mistakes/);
  expect((await errorOf(open({ contextTokens: 257 }))).message).toMatch(
    /expected at most the 256 of .*, got 257/,
  );
  expect((await errorOf(open({ device: 'metal' }))).code).toBe('DEVICE');
});
