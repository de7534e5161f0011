/**
 * The published package: one tarball, installed in an empty folder without install scripts, runs the demo there and
 * its result can be believed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'llama-xr-pack-'));
const installed = join(folder, 'node_modules/llama-xr');
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

test('the tarball holds JavaScript, recipes and papers, no sources and no tests', () => {
  const files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  expect(files).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'dist/main.js',
      'dist/child.js',
      'dist/training-thread.js',
      'dist/review-page.js',
    ]),
  );
  const expected =
    /^(?:dist\/[\w.-]+\.js|recipes\/[\w-]+\.json|recipes\/trl\/train\.py|scenarios\/[\w-]+\.json5|apps\/cli\/bin\/llama-xr\.js|package\.json|README\.md|LICENSE|CITATION\.cff)$/;
  expect(files.filter((file) => !expected.test(file))).toEqual([]);
});

test('it tells its version, finds its engines, and scores drafts', () => {
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(run('npx', ['llama-xr', '--version']).trim()).toBe(version);
  const { machine } = JSON.parse(run('npx', ['llama-xr', 'doctor', '--json']));
  expect(machine.trainingDevices).toContain('cpu');
  expect(machine.generation.found).toBe(true);
  const drafts = ['the heart is normal', 'small left effusion'].map((text, i) => ({
    id: `${i}`,
    prediction: text,
    references: [`${text} .`],
    abnormal: i === 1,
  }));
  const file = join(folder, 'predictions.jsonl');
  writeFileSync(file, drafts.map((draft) => `${JSON.stringify(draft)}\n`).join(''));
  // METEOR needs the WordNet that comes as a dependency.
  const { protocols } = JSON.parse(run('npx', ['llama-xr', 'evaluate', file, '--json']));
  expect(protocols.paper.all.model.METEOR).toBeGreaterThan(0.5);
});

test('the demo runs from the tarball, and it learned to read its images', () => {
  const result = JSON.parse(run('npx', ['llama-xr', 'demo', '--json', '--out', join(folder, 'demo')]));
  const { model, constant, shuffled } = result.findings;
  expect(model.microF1).toBeGreaterThan(constant.microF1 + 0.25);
  expect(model.microF1).toBeGreaterThan(shuffled.microF1 + 0.25);
  expect(existsSync(result.picture)).toBe(true);
});
