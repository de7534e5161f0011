import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Progress } from '@llama-xr/core';
import { RunFolder, readEvents } from '@llama-xr/train';
import { afterAll, expect, test, vi } from 'vitest';
import { packagesOf, runTorch } from './peft-engine.ts';
import { writeTrainerLog } from './peft-training.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-peft-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** An interpreter that does what a shell script says. */
function fake(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}
const versions = (more: object) =>
  `echo '${JSON.stringify({ torch: '2', transformers: '5', datasets: '4', accelerate: '1', trl: '1', peft: '0.2', ...more })}'`;

test('versions are those of the interpreter; a GGUF needs its reader', () => {
  const python = fake('whole', versions({}));
  expect(packagesOf(python, 'hub/name')).toMatchObject({ trl: '1', peft: '0.2' });
  expect(() => packagesOf(python, 'base.gguf')).toThrow(/lacks gguf/);
});

test('a Python that is missing, broken or bare is refused by name', () => {
  expect(() => packagesOf(join(folder, 'none'), 'x')).toThrow(/none: expected a Python that runs.*ENOENT/);
  expect(() => packagesOf(fake('broken', 'echo no >&2; exit 3'), 'x')).toThrow(/exit code 3: no/);
  const bare = fake('bare', versions({ trl: null, peft: null }));
  expect(() => packagesOf(bare, 'x')).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/lacks trl, peft$/),
      hint: `${bare} -m pip install trl peft`,
    }),
  );
});

test('losses are progress, in either way that the trainer writes them', async () => {
  const script = `echo "$@" > args\necho "{'loss': 2.5, 'grad_norm': 1.0}"\necho "{'loss': '2.25', 'epoch': '1'}"\necho "{'eval_loss': '9'}"`;
  const shown: Progress[] = [];
  const job = { folder, processes: 2, steps: 2 };
  await runTorch(fake('trains', script), job, { progress: (one) => shown.push(one) });
  expect(shown.map(({ done, total, note }) => [done, total, note])).toEqual([
    [1, 2, 'loss 2.500'],
    [2, 2, 'loss 2.250'],
  ]);
  expect(readFileSync(join(folder, 'args'), 'utf8').trim()).toBe(
    '-m torch.distributed.run --nproc-per-node 2 train.py',
  );
});

test("torchrun's last lines stand in the error", async () => {
  const python = fake('fails', 'seq 1 50; echo "CUDA out of memory" >&2; exit 7');
  const run = runTorch(python, { folder, processes: 1, steps: 1 }, { progress: () => {} });
  await expect(run).rejects.toThrow(/exit code 0, got 7; its last lines:\n(?:.*\n)*CUDA out of memory/);
  await expect(run).rejects.not.toThrow(/\n1\n/);
});

test('a run that is told to end takes what torchrun started with it', async () => {
  const sleeper = join(folder, 'sleeper');
  const python = fake('starts', `sleep 300 & echo $! > ${sleeper}; wait`);
  const engine = pathToFileURL(join(import.meta.dirname, 'peft-engine.ts'));
  const job = { folder, processes: 1, steps: 1 };
  const code = `import { runTorch } from '${engine}';
    await runTorch('${python}', ${JSON.stringify(job)}, { progress() {} });`;
  const run = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
  const pid = await vi.waitFor(() => {
    const written = readFileSync(sleeper, 'utf8').trim();
    expect(written).toMatch(/^\d+$/);
    return Number(written);
  }, 10_000);
  run.kill('SIGTERM');
  expect((await once(run, 'exit'))[1]).toBe('SIGTERM');
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/), 10_000);
});

test("the trainer's log becomes ours", async () => {
  const history = [
    { step: 1, loss: 3, grad_norm: 0.5, learning_rate: 1e-3 },
    { step: 1, eval_loss: 2.5 },
  ];
  writeFileSync(join(folder, 'log.json'), JSON.stringify(history));
  const run = new RunFolder(folder);
  const read = await writeTrainerLog(folder, run, { steps: 1, val: 4, title: 'test' });
  expect(read).toEqual({ losses: [3], valLoss: 2.5 });
  expect(readEvents(run.log)).toMatchObject([
    { type: 'step', step: 1, of: 1, loss: 3, rate: 1e-3, gradientNorm: 0.5 },
    { type: 'validation', step: 1, loss: 2.5, examples: 4, kept: 1 },
  ]);
  expect(readFileSync(run.curves, 'utf8')).toContain('finished');
});
