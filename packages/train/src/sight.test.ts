/** A run by sight from end to end: adapter and projector learn together to tell images apart, and a killed run goes on. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { loadProjector, type SoftInput } from '@llama-xr/llama';
import { afterAll, expect, test } from 'vitest';
import { type Example, type JobEvent, parseRecipe, RunFolder, runTrainingJob } from './index.ts';

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
  return { id: `s${i}`, tokens, lossFrom: prompt.length, soft: { from: 1, features, present } };
};
const PASSES = 4;
const examples = Array.from({ length: 40 }, (_, i) => study(i));
const data = { passes: Array.from({ length: PASSES }, () => examples.slice(0, 32)), val: examples.slice(32) };

const recipe = parseRecipe(
  {
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
  },
  'sight',
);

const job = (name: string) =>
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
