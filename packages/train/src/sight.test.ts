/**
 * A run by sight from end to end: adapter and projector learn together to tell images apart, a killed run goes on, and a second
 * stage begins with both.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { loadProjector, type SoftInput } from '@llama-xr/llama';
import { afterAll, expect, test } from 'vitest';
import {
  type Example,
  type JobEvent,
  parseRecipe,
  type Recipe,
  RunFolder,
  readEvents,
  runTrainingJob,
  type Start,
  startAt,
} from './index.ts';

const BASE = join(import.meta.dirname, '../../llama/src/golden/tiny-llama.gguf');
const root = mkdtempSync(join(tmpdir(), 'llama-xr-sight-'));
afterAll(() => rmSync(root, { recursive: true }));

const FEATURES = 8;
const settings = { pooled: true, grid: 0 };
const scale = { mean: new Float32Array(2 * FEATURES), deviation: new Float32Array(2 * FEATURES).fill(1) };
const REPORTS = [
  [7, 8, 9, 3],
  [10, 11, 12, 3],
] as const;

/** Images of two kinds, which differ in one direction, under noise; every third has no lateral. */
const random = new Random(5);
const study = (i: number): Example => {
  const kind = i % 2;
  const present = Uint8Array.of(1, i % 3 === 0 ? 0 : 1);
  const features = Float32Array.from({ length: 2 * FEATURES }, (_, at) =>
    present[Math.floor(at / FEATURES)] === 0
      ? 0
      : 0.5 * random.normal() + (at % 2 === 0 ? 1 : -1) * (kind - 0.5),
  );
  const prompt = [5, 0, 0, 6];
  const tokens = Int32Array.from([...prompt, ...(REPORTS[kind] as readonly number[])]);
  const known = { told: `${kind}`, stated: `${kind}` };
  return { id: `s${i}`, tokens, lossFrom: prompt.length, ...known, soft: { from: 1, features, present } };
};
const PASSES = 4;
const examples = Array.from({ length: 40 }, (_, i) => study(i));
const data = { passes: Array.from({ length: PASSES }, () => examples.slice(0, 32)), val: examples.slice(32) };

const fields = {
  name: 'sight',
  fusion: 'visual',
  visual: { ...settings, hidden: 8 },
  rank: 4,
  alpha: 8,
  passes: PASSES,
  batchSize: 8,
  packing: true,
  sharePrefix: true,
  rowTokens: 24,
  maxTokens: 16,
  learningRate: 0.01,
  warmupSteps: 4,
  rates: { b: 4, projector: 1.5 },
  validation: { grounding: 8, everySteps: 4 },
  keep: 'best',
};
const recipe = parseRecipe(fields, 'sight');

const job = (name: string, more: { recipe?: Recipe; from?: Start } = {}) =>
  runTrainingJob({
    base: BASE,
    folder: join(root, name),
    recipe,
    data,
    projector: { settings, scale, encoderHash: 'abc' },
    identity: 'x',
    mode: 'whole',
    threads: 1,
    checkpointSeconds: name === 'killed' ? 0 : 1000,
    ...more,
  });

/** What must be the same in a run that was killed. */
const losses = (events: readonly JobEvent[]) =>
  events.flatMap((event) =>
    event.type === 'step' || event.type === 'validation' ? [[event.type, event.step, event.loss]] : [],
  );

test('it learns to tell images apart, and a killed run ends with the same adapter and the same projector', async () => {
  for (const name of ['straight', 'killed']) mkdirSync(join(root, name));
  const straight = await Array.fromAsync(job('straight'));
  const gaps = straight.flatMap((event) => (event.type === 'validation' ? [event.groundingGap ?? 0] : []));
  expect(Math.abs(gaps[0] as number)).toBeLessThan(0.005);
  // The base's small head leaves at most about 0.09 to be told apart by.
  expect(gaps.at(-1)).toBeGreaterThan(0.05);

  const killed: JobEvent[] = [];
  for await (const event of job('killed')) {
    if (event.type === 'checkpoint' && event.step === 9) break;
    killed.push(event);
  }
  const rest = await Array.fromAsync(job('killed'));
  expect(rest).toContainEqual({ type: 'resume', step: 9 });
  expect([...losses(killed), ...losses(rest)]).toEqual(losses(straight));

  const folders = ['straight', 'killed'].map((name) => new RunFolder(join(root, name)));
  await using stack = new AsyncDisposableStack();
  const vectors = [];
  for (const { projector, adapterGguf } of folders) {
    expect(existsSync(adapterGguf)).toBe(true);
    const loaded = stack.use(await loadProjector(projector));
    expect(loaded).toMatchObject({ slots: 2, features: FEATURES, settings, encoderHash: 'abc' });
    vectors.push(await loaded.project(examples[0]?.soft as SoftInput));
  }
  expect(vectors[0]).toEqual(vectors[1]);
}, 60_000);

test.each([
  ['preference', { preference: { beta: 0.5 }, contrast: { share: 0 } }],
  ['contrast', { contrast: { share: 1 } }],
])(
  'a second stage with %s begins with the adapter and the projector of the first',
  async (name, pairs) => {
    const first = new RunFolder(join(root, 'straight'));
    const second = parseRecipe({ ...fields, ...pairs, keep: 'last' }, name);
    mkdirSync(join(root, name));
    const events = await Array.fromAsync(job(name, { recipe: second, from: startAt(first.path) }));
    const looks = events.flatMap((event) => (event.type === 'validation' ? [event] : []));
    const ended = readEvents(first.log).findLast((event) => event.type === 'validation');
    expect(looks[0]?.loss).toBeCloseTo(ended?.loss as number, 6);
    expect(looks[0]?.groundingGap).toBeCloseTo(ended?.groundingGap as number, 6);
    const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    expect(steps.at(-1)?.pairs?.difference).toBeGreaterThan(steps[0]?.pairs?.difference as number);

    await using before = await loadProjector(first.projector);
    await using after = await loadProjector(new RunFolder(join(root, name)).projector);
    expect(after.scale).toEqual(before.scale);
    const seen = examples[0]?.soft as SoftInput;
    expect(await after.project(seen)).not.toEqual(await before.project(seen));
  },
  60_000,
);

test('a second stage by sight needs a projector of its own shape', async () => {
  const { adapter, projector } = new RunFolder(join(root, 'straight'));
  mkdirSync(join(root, 'refused'));
  const run = (from: Start, visual = {}) =>
    Array.fromAsync(job('refused', { recipe: parseRecipe({ ...fields, ...visual }, 'refused'), from }));
  await expect(run({ adapter })).rejects.toThrow(/adapter: expected a projector beside it, got no projector/);
  await expect(run({ adapter, projector }, { visual: { ...settings, hidden: 9 } })).rejects.toThrow(
    /projector\.safetensors: w1: expected \[9,8\], got \[8,8\]/,
  );
}, 60_000);
