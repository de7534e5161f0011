/**
 * A build for GPUs on a machine without one. The CPU's libraries under the names of the Vulkan build stand for it: what they find
 * is what that build finds where there is no GPU. Real GPUs: test/e2e/devices.e2e.ts.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findLibrary, nativeLibraries } from './library.ts';
import { writeTinyModel } from './testing/tiny-model.ts';

const PACKAGE = '@node-llama-cpp/linux-x64-vulkan';
const folder = mkdtempSync(join(tmpdir(), 'llama-xr-device-'));
const base = join(folder, 'tiny.gguf');
const here = process.platform === 'linux' && process.arch === 'x64' && !nativeLibraries('vulkan').found;
const skipped = here ? '' : ' (skipped: needs Linux x64 without the Vulkan build)';

beforeAll(() => {
  writeTinyModel(base);
  if (!here) return;
  const home = join(folder, 'node_modules', PACKAGE);
  const bins = join(home, 'bins', 'linux-x64-vulkan');
  mkdirSync(bins, { recursive: true });
  mkdirSync(join(home, 'dist'));
  writeFileSync(join(home, 'package.json'), '{ "main": "dist/index.js" }');
  writeFileSync(join(home, 'dist/index.js'), '');
  const cpu = findLibrary('cpu');
  for (const name of readdirSync(cpu.folder)) {
    const target = join(cpu.folder, name);
    symlinkSync(target, join(bins, name));
    if ([cpu.ggml, cpu.llama].includes(target))
      symlinkSync(target, join(bins, name.replace('.v', '.vulkan.v')));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function openOn(device: string): unknown {
  const program = join(import.meta.dirname, 'testing/open-on-device.ts');
  const env = { ...process.env, NODE_PATH: join(folder, 'node_modules') };
  return JSON.parse(execFileSync(process.execPath, [program, base, device], { env, encoding: 'utf8' }));
}

test.skipIf(!here)(`a build that finds no GPU is refused, not run on the CPU${skipped}`, () => {
  expect(openOn('vulkan')).toEqual({
    code: 'DEVICE',
    message: expect.stringContaining(`vulkan: llama.cpp (${PACKAGE}) finds no GPU that it can use`),
    hint: expect.stringMatching(/vulkaninfo .* choose the device cpu/),
  });
});

test.skipIf(!here)(`auto passes by a build that finds no GPU${skipped}`, () => {
  expect(openOn('auto')).toEqual({ device: 'cpu' });
});
