/** `llama-xr bench efficiency` on a tiny base in 4 bits: its rows, what a second run measures anew, and what it refuses. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson, writeFileAtomic, writeJson, writeJsonLines } from '@llama-xr/core';
import { prepare } from '@llama-xr/dataset';
import { openGguf, requantized, writeGguf } from '@llama-xr/tensor';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { writeTinyModel } from '../../../../packages/llamacpp/src/testing/tiny-model.ts';
import { runCommand } from '../testing/run-command.ts';
import type { VariantResult } from './variants.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-efficiency-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = 0;
});

const RANK = 2;
const RECIPE = {
  ...{ name: 'efficiency', fusion: 'findings', rank: RANK, passes: 2, batchSize: 4, maxTokens: 200 },
  learningRate: 0.01,
};
/** Of 8 training studies in batches of 4, twice. */
const PLANNED_STEPS = 4;

beforeAll(async () => {
  writeTinyModel(path('float32.gguf'));
  toFourBits(path('float32.gguf'), path('base.gguf'));
  await dataSet('data', (i) => (i < 8 ? 'train' : 'val'));
  await dataSet('no-val', (i) => (i < 8 ? 'train' : 'test'));
  writeJson(path('recipe.json'), RECIPE);
  writeJson(path('visual.json'), { ...RECIPE, fusion: 'visual' });
});

async function dataSet(name: string, split: (i: number) => string): Promise<void> {
  const studies = Array.from({ length: 10 }, (_, i) => ({
    id: `s${i}`,
    patient: `p${i}`,
    split: split(i),
    views: [{ id: `s${i}`, path: `images/s${i}.dcm`, projection: 'frontal' }],
    findings: i % 2 === 0 ? `Nodule ${i} on the left.` : `Clear lungs ${i}.`,
    impression: '',
    tags: [i % 2 === 0 ? 'Nodule/left' : 'normal'],
  }));
  for (const { id } of studies) writeFileAtomic(path(`${name}-source/images/${id}.dcm`), `image ${id}`);
  writeJsonLines(path(`${name}-source/studies.jsonl`), studies);
  await prepare(path(`${name}-source`), { format: 'phantom', out: path(name), findings: 'mesh' });
}

/** The matrices of all layers in Q4_1. */
function toFourBits(from: string, to: string): void {
  using file = openGguf(from);
  const tensors = requantized(
    file,
    'Q4_1',
    ({ name, shape }) => name.startsWith('blk.') && shape.length === 2,
  );
  writeGguf(to, { metadata: file.metadata, tensors });
}

const bench = (...args: string[]) => runCommand('bench', ...args);

const [base, data, recipe] = [
  ['--base', path('base.gguf')],
  ['--data', path('data')],
  ['--recipe', path('recipe.json')],
];
const short = ['--steps', '2', '--studies', '2', '--threads', '1', '--json', '--quiet'];
const common = ['efficiency', ...base, ...data, ...recipe, ...short];

async function results(...more: string[]): Promise<VariantResult[]> {
  const { out, said } = await bench(...common, '--out', path('report'), ...more);
  expect(said).toBe('');
  return (JSON.parse(out) as { results: VariantResult[] }).results;
}

test('three rows begin at one loss, and a second run measures only what is not there', async () => {
  const first = await results();
  expect(first.map(({ variant }) => variant)).toEqual(['qlora4', 'lora16', 'full']);

  // The tiny model: 2 layers, E = 64, F = 96, 32 numbers in keys and values, V = 260, a head of its own.
  const [layers, E, F, KV, V] = [2, 64, 96, 32, 260];
  const shapes = [
    [E, E],
    [KV, E],
    [KV, E],
    [E, E],
    [F, E],
    [F, E],
    [E, F],
  ] as const;
  const sum = (size: (out: number, into: number) => number) =>
    shapes.reduce((total, [out, into]) => total + size(out, into), 0);
  const lora = layers * sum((out, into) => RANK * (out + into));
  const full = layers * (sum((out, into) => out * into) + 2 * E) + 2 * V * E + E;
  expect(first.map(({ trainable }) => trainable)).toEqual([lora, lora, full]);
  expect(first.map(({ rate }) => rate)).toEqual([0.01, 0.01, 0.001]);
  for (const { loss, peakMemoryBytes, secondsPerStep, tokensPerSecond } of first) {
    // float16 rounds the values of 4 bits to a thousandth.
    expect(loss.before).toBeCloseTo(first[0]!.loss.before, 2);
    expect(loss.after).toBeLessThan(loss.before);
    expect(peakMemoryBytes).toBeGreaterThan(50e6);
    expect(Math.min(secondsPerStep, tokensPerSecond)).toBeGreaterThan(0);
  }

  rmSync(path('report/lora16.json'));
  const second = await results();
  expect([second[0], second[2]]).toEqual([first[0], first[2]]);
  expect(second[1]!.seconds).not.toEqual(first[1]!.seconds);
  expect(await results()).toEqual(second);
  const { outputs } = (await readJson(path('report/manifest.json'))) as { outputs: object };
  expect(Object.keys(outputs)).toEqual(['qlora4.json', 'lora16.json', 'full.json']);

  // Of another length nothing is taken over.
  const [longer] = await results('--variants', 'qlora4', '--steps', '3');
  expect(longer!.loss.after).not.toBe(first[0]!.loss.after);
});

const CASES: readonly [name: string, args: string[], said: RegExp][] = [
  ['another bench', ['speed', ...common.slice(1)], /value 'speed' is invalid for argument 'what'/],
  ['no base', [...common, '--base', path('none.gguf')], /none\.gguf: no such file/],
  [
    'a base in 32 bits',
    [...common, '--base', path('float32.gguf')],
    /float32\.gguf: layer 0, q: expected 4 bits, got float32/,
  ],
  ['no data set', [...common, '--data', path('none')], /none.*manifest\.json/],
  ['no recipe', [...common, '--recipe', path('none.json')], /none\.json: no such file/],
  ['an unknown variant', [...common, '--variants', 'qlora4,dora'], /--variants: expected some of .*got dora/],
  ['no steps', [...common, '--steps', '0'], /--steps: expected a whole number from 1, got 0/],
  ['a rate above the recipe', [...common, '--full-rate', '7'], /--full-rate: expected a number from .*got 7/],
  [
    'more steps than are planned',
    [...common, '--steps', '50'],
    new RegExp(`--steps: expected at most the ${PLANNED_STEPS} that .*got 50`),
  ],
  ['no val studies', [...common, '--data', path('no-val')], /no-val: expected val studies/],
  ['a recipe by sight', [...common, '--recipe', path('visual.json')], /expected the features of the images/],
];

test.each(CASES)('%s: an error in words', async (_name, args, expected) => {
  const { said, out, code } = await bench(...args, '--out', path('refused'));
  expect(said).toMatch(expected);
  expect(said).not.toContain('mistake of ours');
  expect(out).toBe('');
  expect(code).toBeGreaterThan(0);
  expect(existsSync(path('refused'))).toBe(false);
});
