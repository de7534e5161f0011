/** Soft tokens, from the request to llama.cpp's embedding batches: a model's own token embeddings stand for its tokens. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Random } from '@llama-xr/core';
import { openGguf } from '@llama-xr/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Generator, openGenerator, type PromptTokens } from './index.ts';
import { TINY_VOCABULARY, writeTinyModel } from './testing/tiny-model.ts';
import { all, ENDLESS, prompts } from './testing/tiny-requests.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-soft-'));
const base = join(folder, 'tiny.gguf');
const E = 64;
const OPTIONS = { base, contextTokens: 128, threads: 1, parallel: 4 };

type Asked = PromptTokens & { id: string };

let generator: Generator;
let embeddings: Float32Array;
beforeAll(async () => {
  writeTinyModel(base);
  using gguf = openGguf(base);
  embeddings = gguf.dequantize('token_embd.weight');
  generator = await openGenerator(OPTIONS);
});
afterAll(async () => {
  await generator[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const embedding = (token: number) => embeddings.subarray(token * E, (token + 1) * E);

/** The same prompt with the embeddings of some of its tokens in their place; the ids there mean nothing. */
function embedded({ tokens }: PromptTokens, from: number, length: number): PromptTokens {
  const vectors = new Float32Array(length * E);
  for (let k = 0; k < length; k++) vectors.set(embedding(tokens[from + k] as number), k * E);
  return {
    tokens: tokens.map((token, i) => (i >= from && i < from + length ? 0 : token)),
    soft: { from, vectors },
  };
}

const softRequests = (count: number) =>
  prompts(count).map((request, i) => ({ id: request.id, ...embedded(request, i % 3, 8 + i) }));

const byId = (results: Record<string, { tokens: readonly number[] }>) =>
  Object.entries(results)
    .map(([id, { tokens }]) => [id, tokens.join(' ')])
    .toSorted();

test('logits after token embeddings are bit for bit those after the tokens, with the same splits', async () => {
  const program = join(import.meta.dirname, 'testing', 'soft-splits.ts');
  const tokens = JSON.stringify(prompts(1)[0]?.tokens);
  const { stdout } = await promisify(execFile)(process.execPath, [program, base, tokens]);
  const [hard, soft] = JSON.parse(stdout) as [number[], number[]];
  expect(hard).toHaveLength(TINY_VOCABULARY);
  expect(soft).toEqual(hard);
});

test('embeddings of a prompt as soft tokens give its texts; soft and plain requests run together', async () => {
  const plain = byId(await all(generator.generate(prompts(6), ENDLESS)));
  expect(byId(await all(generator.generate(softRequests(6), ENDLESS)))).toEqual(plain);
  const mixed = prompts(6).map((request, i) =>
    i % 2 === 0 ? request : (softRequests(6)[i] as typeof request),
  );
  expect(byId(await all(generator.generate(mixed, ENDLESS)))).toEqual(plain);
});

test('other vectors give other texts, whatever stands at their place in the tokens', async () => {
  const request = softRequests(1)[0] as Asked;
  const text = async (of: PromptTokens) => byId(await all(generator.generate([{ id: 'a', ...of }], ENDLESS)));
  const random = new Random(1);
  const vectors = Float32Array.from({ length: 8 * E }, () => random.normal());
  const other = { ...request, soft: { from: 0, vectors } };
  expect(await text(other)).not.toEqual(await text(request));
  expect(await text({ ...request, tokens: request.tokens.map((t, i) => (i < 8 ? 99999 : t)) })).toEqual(
    await text(request),
  );
});

test('scores and guidance see soft tokens too', async () => {
  const whole = prompts(3, 40).map((request) => ({ ...request, from: 30 }));
  const soft = whole.map((request) => ({ ...request, ...embedded(request, 3, 20) }));
  const [expected, got] = [await all(generator.score(whole)), await all(generator.score(soft))];
  for (const { id } of whole) {
    for (const [i, value] of (expected[`${id}:0`]?.logProbabilities ?? []).entries())
      expect(got[`${id}:0`]?.logProbabilities[i]).toBeCloseTo(value, 3);
  }
  const guided = (contrast: (i: number) => PromptTokens) =>
    generator.generate(
      prompts(3).map((request, i) => ({ ...request, contrast: contrast(i) })),
      { ...ENDLESS, guidance: 1.5 },
    );
  const [hard, softer] = [prompts(3, 10), prompts(3, 10).map((request) => embedded(request, 2, 5))];
  expect(byId(await all(guided((i) => softer[i] as PromptTokens)))).toEqual(
    byId(await all(guided((i) => hard[i] as PromptTokens))),
  );
});

test('a child that is killed takes soft requests up again', async () => {
  await using victim = await openGenerator({ ...OPTIONS, parallel: 2 });
  const expected = byId(await all(generator.generate(softRequests(6), ENDLESS)));
  const texts: Record<string, { tokens: readonly number[] }> = {};
  for await (const text of victim.generate(softRequests(6), ENDLESS)) {
    if (Object.keys(texts).length === 0) process.kill(victim.processId as number, 'SIGKILL');
    texts[`${text.id}:0`] = text;
  }
  expect(byId(texts)).toEqual(expected);
});

test('vectors of another width, out of place or without numbers are named together', () => {
  const request = prompts(1)[0] as Asked;
  const bad = [
    { from: 0, vectors: new Float32Array(63) },
    { from: 12, vectors: new Float32Array(8 * E) },
    { from: 2, vectors: new Float32Array(E).fill(Number.NaN) },
  ];
  const requests = bad.map((soft, i) => ({ ...request, id: `r${i}`, soft }));
  expect(() => generator.generate(requests, ENDLESS)).toThrow(
    /3 mistakes\n.*r0: soft tokens: expected vectors of 64 numbers.*got 63 numbers\n.*r1: soft tokens: expected a place before token 19, got 12 to 19\n.*r2: soft tokens: expected finite numbers, got NaN/,
  );
  expect(() => generator.score([{ ...request, from: 6, ...embedded(request, 2, 4) }])).toThrow(
    /a place before token 5, got 2 to 5/,
  );
});
