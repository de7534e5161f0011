/** What becomes of work when the child dies, and of the child when its parent does or has had enough. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGenerator } from './index.ts';
import { writeTinyAdapter, writeTinyModel } from './testing/tiny-model.ts';
import { all, ENDLESS, errorOf, prompts } from './testing/tiny-requests.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-recovery-'));
const base = join(folder, 'tiny.gguf');
const adapter = join(folder, 'adapter.gguf');
const open = (more: object = {}) =>
  openGenerator({ base, contextTokens: 128, threads: 1, parallel: 4, ...more });

beforeAll(() => {
  writeTinyModel(base);
  writeTinyAdapter(adapter);
});
afterAll(() => rmSync(folder, { recursive: true }));

function kill(pid: number | undefined): void {
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a child killed in the middle is replaced, with its adapter, and every text comes', async () => {
  await using victim = await open({ parallel: 2 });
  await victim.setAdapter(adapter);
  const expected = await all(victim.generate(prompts(6), ENDLESS));
  const found: string[] = [];
  for await (const { id, tokens } of victim.generate(prompts(6), ENDLESS)) {
    if (found.length === 0) kill(victim.processId);
    expect(tokens).toEqual(expected[`${id}:0`]?.tokens);
    found.push(id);
  }
  expect(found.toSorted()).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5']);
  kill(victim.processId);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await victim.tokenize('<|im_end|>')).toEqual([2]);
});

test('work that kills two children fails, with its name and the signal', async () => {
  await using victim = await open({ parallel: 2 });
  const work = errorOf(all(victim.generate(prompts(2), { ...ENDLESS, samples: 2000 })));
  const killing = setInterval(() => kill(victim.processId), 20);
  const error = await work.finally(() => clearInterval(killing));
  expect(error.code).toBe('ENGINE');
  expect(error.message).toMatch(/the llama\.cpp process ended by SIGKILL/);
});

test('leaving an iteration drops the rest of the work', async () => {
  await using lazy = await open({ parallel: 1 });
  for await (const _ of lazy.generate(prompts(200), ENDLESS)) break;
  const { cpuSeconds } = await lazy.usage();
  await all(lazy.generate(prompts(1), { maxTokens: 1 }));
  expect((await lazy.usage()).cpuSeconds - cpuSeconds).toBeLessThan(0.5);
});

test('closing ends the child and what it was doing', async () => {
  const closing = await open();
  const pid = closing.processId as number;
  expect(alive(pid)).toBe(true);
  const work = errorOf(all(closing.generate(prompts(50), ENDLESS)));
  await closing[Symbol.asyncDispose]();
  expect((await work).message).toMatch(/the generator was closed/);
  expect(alive(pid)).toBe(false);
  expect(() => closing.generate(prompts(1), ENDLESS)).toThrow(/used after it was closed/);
});

test('a parent that is killed takes its child along; one that forgets to close can still end', async () => {
  const script = (end: string) => `
    import { openGenerator } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
    const generator = await openGenerator({ base: ${JSON.stringify(base)}, contextTokens: 64, threads: 1 });
    console.log(generator.processId);
    ${end}`;
  const run = (end: string) =>
    spawn(process.execPath, ['--input-type=module-typescript', '-e', script(end)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const forgetful = run('');
  expect(await once(forgetful, 'exit')).toEqual([0, null]);
  const killed = run('setInterval(() => {}, 1000);');
  const [line] = await once(killed.stdout as NonNullable<typeof killed.stdout>, 'data');
  const orphan = Number(line);
  expect(orphan).toBeGreaterThan(0);
  killed.kill('SIGKILL');
  await expect.poll(() => alive(orphan), { timeout: 5000 }).toBe(false);
});
