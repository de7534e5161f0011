import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { afterAll, expect, test } from 'vitest';
import { type Example, type JobEvent, parseRecipe, RunFolder, runTrainingJob, startAt } from './index.ts';

const BASE = join(import.meta.dirname, '../../llama/src/golden/tiny-llama.gguf');

const root = mkdtempSync(join(tmpdir(), 'llama-xr-start-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Prompts that tell a number, reports that repeat it. */
const random = new Random(3);
const examples = Array.from({ length: 32 }, (_, i): Example => {
  const told = random.int(4);
  const report = [5 + told, 5 + told, 12, random.int(20), 3];
  return {
    id: `${i}`,
    tokens: Int32Array.from([1, told, 2, ...report]),
    lossFrom: 3,
    told: `${told}`,
    stated: `${told}`,
  };
});
const val = examples.slice(0, 8);

async function run(name: string, fields: object, from?: string): Promise<JobEvent[]> {
  const recipe = parseRecipe(
    { name, rank: 2, batchSize: 4, passes: 1, learningRate: 1e-2, maxTokens: 32, ...fields },
    name,
  );
  const folder = join(root, name);
  const data = { passes: Array.from({ length: recipe.passes }, () => examples.slice(8)), val };
  mkdirSync(folder, { recursive: true });
  const job = { base: BASE, folder, recipe, data, identity: name, mode: 'layered', threads: 1 } as const;
  return Array.fromAsync(runTrainingJob({ ...job, ...(from !== undefined && { from: startAt(from) }) }));
}

const looks = (events: JobEvent[]) =>
  events.flatMap((event) => (event.type === 'validation' ? [event.loss] : []));

test('a second stage begins where the first ended, and tells reports from others by more than it did there', async () => {
  const first = await run('first', {});
  const { adapter } = new RunFolder(join(root, 'first'));
  const second = await run('second', { preference: { beta: 0.5 }, passes: 6 }, adapter);
  expect(looks(second)[0]).toBeCloseTo(looks(first).at(-1) as number, 5);
  expect(second.find((event) => event.type === 'reference')).toMatchObject({ pairs: 6 * 24 });
  const steps = second.filter((event) => event.type === 'step');
  // Nothing is preferred yet at the beginning: log 2.
  expect(steps[0]?.loss).toBeCloseTo(Math.log(2), 5);
  expect(steps[0]?.pairs?.difference).toBeCloseTo(0, 5);
  expect(steps.at(-1)?.pairs?.difference).toBeGreaterThan(0.1);
  await expect(run('third', { rank: 3 }, adapter)).rejects.toThrow(/rank: expected that of the adapter, 2/);
});
