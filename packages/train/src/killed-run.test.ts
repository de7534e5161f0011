import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { RunFolder } from './run-folder.ts';
import { readEvents } from './run-log.ts';

const BASE = join(import.meta.dirname, '../../llama/src/golden/tiny-llama.gguf');

const root = mkdtempSync(join(tmpdir(), 'llama-xr-killed-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Runs in a process that gets SIGKILL once the log has so many lines. */
async function run(folder: RunFolder, lines = Number.POSITIVE_INFINITY): Promise<void> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'testing/killed-run.ts'), BASE, folder.path],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const ended = once(child, 'exit');
  while (child.exitCode === null && child.signalCode === null) {
    const log = existsSync(folder.log) ? readFileSync(folder.log, 'utf8') : '';
    if (log.split('\n').length > lines) child.kill('SIGKILL');
    await Promise.race([ended, setTimeout(2)]);
  }
  expect(child.signalCode ?? child.exitCode).toBe(lines === Number.POSITIVE_INFINITY ? 0 : 'SIGKILL');
}

/** What the log holds of losses and looks. */
const course = (folder: RunFolder) =>
  readEvents(folder.log).flatMap((event) => {
    if (event.type === 'step') return [[event.step, event.loss, event.gradientNorm]];
    if (event.type === 'validation') return [[event.step, event.loss, event.groundingGap, event.kept]];
    return [];
  });

test('a process killed three times ends with the losses and the adapter of one that was not', async () => {
  const whole = new RunFolder(join(root, 'whole'));
  await run(whole);
  const killed = new RunFolder(join(root, 'killed'));
  for (const lines of [3, 14, 27]) await run(killed, lines);
  await run(killed);
  expect(course(killed)).toEqual(course(whole));
  const file = join('adapter', 'adapter_model.safetensors');
  const bytes = ({ path }: RunFolder) => readFileSync(join(path, file));
  expect(bytes(killed).equals(bytes(whole))).toBe(true);
  expect(course(whole).length).toBeGreaterThan(20);
});
