/**
 * The published package: one tarball, installed in an empty folder without install scripts, runs the demo there and
 * its result can be believed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'llama-xr-pack-'));
const run = (command: string, args: string[], cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

beforeAll(() => {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], ROOT)) as {
    filename: string;
  }[];
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', join(folder, packed!.filename)]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the tarball holds JavaScript alone', () => {
  const dist = join(folder, 'node_modules/llama-xr');
  expect(existsSync(join(dist, 'dist/main.js'))).toBe(true);
  expect(existsSync(join(dist, 'packages'))).toBe(false);
  expect(run('npx', ['llama-xr', '--version']).trim()).toBe(
    JSON.parse(readFileSync(join(dist, 'package.json'), 'utf8')).version,
  );
});

test('the demo runs from the tarball, and it learned to read its images', () => {
  const result = JSON.parse(run('npx', ['llama-xr', 'demo', '--json', '--out', join(folder, 'demo')]));
  const { model, constant, shuffled } = result.findings;
  expect(model.microF1).toBeGreaterThan(constant.microF1 + 0.25);
  expect(model.microF1).toBeGreaterThan(shuffled.microF1 + 0.25);
  expect(existsSync(result.picture)).toBe(true);
});
