import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBaseWeights } from '../weights/base-weights.ts';
import { openTrainingEngine } from './engine.ts';
import { openPretrainingEngine } from './pretraining.ts';
import { valuesOf } from './row-table.ts';
import { TINY, tinyBatch } from './tiny-llama.ts';
import { openPretrainingWorker, openTrainingWorker } from './training-worker.ts';

const BASE = join(import.meta.dirname, '../golden/tiny-llama.gguf');

/** A batch for a model of any vocabulary. */
function batchFor(vocabulary: number) {
  const batch = tinyBatch();
  const within = (token: number) => token % vocabulary;
  return { ...batch, ids: batch.ids.map(within), labels: batch.labels.map(within) };
}

test('an engine in a thread computes what one in this thread does, and leaves the event loop free', async () => {
  const options = { rank: 2, seed: 5, threads: 1, mode: 'layered' } as const;
  using base = openBaseWeights(BASE);
  const batch = batchFor(base.config.vocabulary);
  await using local = await openTrainingEngine(base, options);
  await using worker = await openTrainingWorker(BASE, options);
  expect(worker.parameters).toEqual(local.parameters);
  expect(worker.mode).toBe('layered');
  for (const engine of [local, worker]) engine.parameters.fill(0.01);
  let ticks = 0;
  const clock = setInterval(() => ticks++, 1);
  const losses = [];
  for (let i = 0; i < 5; i++) losses.push((await worker.forwardBackward(batch, { accumulate: i > 0 })).loss);
  clearInterval(clock);
  expect(ticks).toBeGreaterThan(0);
  for (let i = 0; i < 5; i++) {
    const { loss } = await local.forwardBackward(batch, { accumulate: i > 0 });
    expect(losses[i]).toBe(loss);
  }
  expect([...worker.gradients]).toEqual([...local.gradients]);
  expect(await worker.loss(batch)).toBe(await local.loss(batch));
  expect(await worker.logProbabilities(batch)).toEqual(await local.logProbabilities(batch));
  const rows = Int32Array.of(3);
  expect(await worker.logits(batch, rows)).toEqual(await local.logits(batch, rows));
});

test('errors cross the threads by name', async () => {
  await expect(openTrainingWorker('nowhere.gguf', { rank: 2 })).rejects.toThrow(
    /nowhere\.gguf: no such file/,
  );
  await expect(openTrainingWorker(BASE, { rank: 2, alpha: Number.NaN })).rejects.toThrow(
    /alpha: expected a number/,
  );
  const worker = await openTrainingWorker(BASE, { rank: 1, mode: 'layered' });
  await expect(worker.loss({ ...tinyBatch(), sequence: 7 })).rejects.toThrow(/ids: expected 2 x 7 elements/);
  await worker[Symbol.asyncDispose]();
  await expect(worker.loss(tinyBatch())).rejects.toThrow(/was closed/);
});

test('pretraining in a thread', async () => {
  await using local = await openPretrainingEngine(TINY, { threads: 1, seed: 2 });
  await using worker = await openPretrainingWorker(TINY, { threads: 1, seed: 2 });
  const [there, here] = [worker, local].map(({ weights }) => valuesOf(weights.embedding, TINY.vocabulary));
  expect(there).toEqual(here);
  const { loss } = await local.forwardBackward(tinyBatch());
  expect((await worker.forwardBackward(tinyBatch())).loss).toBe(loss);
  expect([...worker.gradients]).toEqual([...local.gradients]);
});
