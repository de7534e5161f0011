import { LlamaXrError } from '@llama-xr/core';
import { expect, test } from 'vitest';
import { Job } from './jobs.ts';

const work = { kind: 'tokenize', text: '', special: true } as const;

function jobOf(count: number): Job<readonly number[]> {
  const job = new Job<readonly number[]>();
  for (let i = 1; i <= count; i++) job.add(i, work, `request ${i}`, (tokens) => tokens);
  return job;
}

async function collect<Result>(job: Job<Result>): Promise<Result[]> {
  const found: Result[] = [];
  for await (const result of job.results()) found.push(result);
  return found;
}

test('results come in their order, each once, and the iteration ends with the last', async () => {
  const job = new Job<number>();
  const adapter = { kind: 'adapter', path: null, scale: 1 } as const;
  for (const number of [1, 2]) job.add(number, adapter, 'adapter', (seconds) => seconds);
  const results = collect(job);
  job.result(2, 0.2);
  await Promise.resolve();
  job.result(1, 0.1);
  job.result(1, 0.3);
  expect(await results).toEqual([0.2, 0.1]);
});

test('a piece survives one child, not two; what was not begun survives all', async () => {
  const job = jobOf(3);
  job.started(1);
  job.bury('killed');
  expect(job.unfinished.map(({ number }) => number)).toEqual([1, 2, 3]);
  job.result(3, [7]);
  job.started(1);
  job.bury('killed');
  expect(job.done).toBe(true);
  const results = job.results();
  expect((await results.next()).value).toEqual([7]);
  await expect(results.next()).rejects.toThrow(/^killed \(twice, at work on request 1\)$/);

  const waiting = jobOf(1);
  for (let i = 0; i < 5; i++) waiting.bury('killed');
  expect(waiting.done).toBe(false);
});

test('the first error is the one that is told', async () => {
  const job = jobOf(2);
  job.fail(new LlamaXrError('ENGINE', 'first'));
  job.fail(new LlamaXrError('ENGINE', 'second'));
  job.result(1, [1]);
  await expect(collect(job)).rejects.toThrow('first');
});
