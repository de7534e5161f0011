/** What the end-to-end suites share: the peers that the environment names, commands, and a folder for each suite. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export const ROOT = join(import.meta.dirname, '../..');

/** An interpreter with the packages of reference/requirements.txt. */
export const PYTHON = process.env.LLAMA_XR_PYTHON;
const DATA = process.env.LLAMA_XR_DATA;
const MODELS = process.env.LLAMA_XR_MODELS;

export const SMOLLM2 = join(MODELS ?? '', 'smollm2-135m-instruct-q4_1.gguf');
export const data = (...path: string[]): string => join(DATA ?? '', ...path);

const NEEDS = {
  LLAMA_XR_PYTHON: PYTHON !== undefined,
  LLAMA_XR_DATA: DATA !== undefined,
  LLAMA_XR_MODELS: MODELS !== undefined,
  dcmdump: hasCommand('dcmdump'),
  dciodvfy: hasCommand('dciodvfy'),
  chromium: hasCommand('chromium'),
  xllamacpp: hasPackage('xllamacpp'),
  trl: hasPackage('trl'),
};
export type Need = keyof typeof NEEDS;

/** Whether one of the peers is missing: `describe.skipIf(lacks(...))`. */
export const lacks = (...needs: Need[]): boolean => needs.some((need) => !NEEDS[need]);

function hasCommand(name: string): boolean {
  return spawnSync('which', [name]).status === 0;
}

function hasPackage(name: string): boolean {
  if (PYTHON === undefined) return false;
  return spawnSync(PYTHON, ['-c', `import importlib.metadata as m; m.version("${name}")`]).status === 0;
}

/** A folder that is removed after the suite. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'llama-xr-e2e-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a script of reference/. @returns its standard output. */
export function reference(script: string, ...args: string[]): string {
  return execFileSync(PYTHON as string, [join(ROOT, 'reference', script), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
    // Threads that wait for each other spin: on a busy machine two are many times slower than one.
    env: { ...process.env, OMP_NUM_THREADS: '1', OMP_WAIT_POLICY: 'PASSIVE' },
  });
}

/** The command line that runs `llama-xr` from the sources. */
export const LLAMA_XR: readonly [string, string] = [process.execPath, join(ROOT, 'apps/cli/bin/llama-xr.js')];

/** Runs a command with `--json`: all of its standard output must be one object. */
export function llamaXr(...args: string[]): unknown {
  const [node, program] = LLAMA_XR;
  const out = execFileSync(node, [program, ...args, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(out);
}

/** The largest difference between two lists of numbers, as a share of the largest number. */
export function relativeDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  let [worst, largest] = [0, 0];
  for (let i = 0; i < theirs.length; i++) {
    // NaN is never larger: it must not pass as equal.
    const off = Math.abs((ours[i] as number) - (theirs[i] as number));
    worst = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(worst, off);
    largest = Math.max(largest, Math.abs(theirs[i] as number));
  }
  return worst / largest;
}
