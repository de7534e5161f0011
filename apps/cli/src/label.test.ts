/** `llama-xr label`: what it prints, where it prints it, and what it refuses. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { runCommand } from './testing/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-label-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = 0;
});

function file(name: string, ...lines: readonly (string | object)[]): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
  );
  return path;
}

const label = (...args: string[]) => runCommand('label', ...args);

/** Labels of each printed line that are stated or doubted, or denied where null is possible. */
function printed(out: string, empty: 0 | null): { id: unknown; labels: Record<string, number> }[] {
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: unknown; labels: Record<string, number> })
    .map(({ id, labels }) => ({
      id,
      labels: Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== empty)),
    }));
}

const REPORTS = [
  { id: 'a', findings: 'Small left effusion.', impression: 'Possible pneumonia.' },
  { id: 7, findings: null, impression: 'No edema.' },
  { id: 'c', report: 'Atelectasis versus scarring.', prediction: 'Edema.' },
  { id: 'd', prediction: 'Lungs are clear.' },
];

test('one line a report on standard output, and nothing else', async () => {
  const { out, code } = await label(file('reports.jsonl', ...REPORTS), '--scheme', 'nih14');
  expect(code).toBe(0);
  expect(printed(out, 0)).toEqual([
    { id: 'a', labels: { Effusion: 1 } },
    { id: 7, labels: {} },
    { id: 'c', labels: { Atelectasis: 1 } },
    { id: 'd', labels: {} },
  ]);
  expect(Object.keys(JSON.parse(out.split('\n')[0] ?? '').labels)).toHaveLength(14);
});

test('chexpert14 tells denied and doubted from not spoken of', async () => {
  const { out } = await label(file('reports.jsonl', ...REPORTS), '--scheme', 'chexpert14');
  expect(printed(out, null).map(({ labels }) => labels)).toEqual([
    { 'Pleural Effusion': 1, Pneumonia: -1 },
    { 'No Finding': 1, Edema: 0 },
    { Atelectasis: -1, 'Lung Opacity': -1 },
    { 'No Finding': 1 },
  ]);
});

test('--mentions adds what was found, --out writes the same lines to a file', async () => {
  const path = file('reports.jsonl', ...REPORTS);
  const out = join(folder, 'labels.jsonl');
  const ran = await label(path, '--scheme', 'nih14', '--mentions', '--out', out);
  expect(ran.out).toBe(`4 reports labelled: ${out}\n`);
  const first = JSON.parse(readFileSync(out, 'utf8').split('\n')[0] ?? '');
  expect(first.mentions[0]).toEqual({
    finding: 'pleural effusion',
    polarity: 'positive',
    side: 'left',
    severity: 'small',
    sentence: 0,
    start: 11,
    end: 19,
  });
});

test('gold labels, as lines or as CSV: scores, and each label that differs', async () => {
  const path = file('reports.jsonl', ...REPORTS);
  const lines = file(
    'gold.jsonl',
    { id: 'a', labels: { Effusion: 1, Pneumonia: 1, Edema: 0 } },
    { id: '7', labels: { Effusion: 0, Pneumonia: 0, Edema: 0 } },
  );
  const csv = file('gold.csv', 'filename,Effusion,Pneumonia,Edema,normal', 'a,1,1,0,0', '7,0,0,0,1');
  const errors = join(folder, 'errors.jsonl');
  for (const gold of [lines, csv]) {
    const labels = join(folder, 'labels.jsonl');
    const ran = await label(
      path,
      '--scheme',
      'nih14',
      '--gold',
      gold,
      '--errors',
      errors,
      '--out',
      labels,
      '--json',
    );
    const { scores } = JSON.parse(ran.out);
    expect(scores).toMatchObject({
      reports: 2,
      micro: { f1: 2 / 3 },
      macro: { f1: 1 / 2 },
      agreement: 5 / 6,
    });
    expect(scores.labels.map((row: { label: string; f1: number }) => [row.label, row.f1])).toEqual([
      ['Effusion', 1],
      ['Pneumonia', 0],
    ]);
    const [error, ...more] = readFileSync(errors, 'utf8').trim().split('\n');
    expect(more).toEqual([]);
    expect(JSON.parse(error ?? '')).toMatchObject({ id: 'a', label: 'Pneumonia', gold: 1, said: 0 });
  }
  const table = await label(path, '--scheme', 'nih14', '--gold', csv);
  expect(printed(table.out, 0)).toHaveLength(4);
  expect(table.said).toMatch(/Effusion +1 +1 +1 +1\.000/);
  expect(table.said).toMatch(/micro +0\.667/);
});

const GOOD = ['--scheme', 'nih14'];

test.each<[string, () => string[], RegExp]>([
  [
    'an unknown scheme',
    () => [file('g.jsonl', { id: 'a', report: '' }), '--scheme', 'nih15'],
    /--scheme: expected nih14 or chexpert14, got nih15/,
  ],
  ['no scheme', () => [file('g.jsonl', { id: 'a', report: '' })], /--scheme/],
  ['a missing file', () => [join(folder, 'none.jsonl'), ...GOOD], /none\.jsonl: no such file/],
  ['an empty file', () => [file('empty.jsonl'), ...GOOD], /empty\.jsonl: expected at least one report/],
  [
    'a torn line',
    () => [file('torn.jsonl', '{"id": "a", "rep'), ...GOOD],
    /torn\.jsonl:1: expected one JSON value/,
  ],
  ['a list', () => [file('list.jsonl', '[1]'), ...GOOD], /list\.jsonl:1: expected an object, got a list/],
  ['no id', () => [file('id.jsonl', { report: '' }), ...GOOD], /id\.jsonl:1: id: expected text, got none/],
  [
    'no text',
    () => [file('t.jsonl', { id: 'a' }), ...GOOD],
    /t\.jsonl:1: expected findings, impression, report or prediction, got only id/,
  ],
  [
    'text that is none',
    () => [file('n.jsonl', '', { id: 'a', findings: 5 }), ...GOOD],
    /n\.jsonl:2: findings: expected text, got 5/,
  ],
  [
    'errors without gold',
    () => [file('g.jsonl', { id: 'a', report: '' }), ...GOOD, '--errors', 'x'],
    /--errors: expected --gold/,
  ],
  [
    'a gold value that is none',
    () => [file('g.jsonl', { id: 'a', report: '' }), ...GOOD, '--gold', file('v.csv', 'id,Edema', 'a,2')],
    /v\.csv:2: Edema: expected 1, 0, -1 or null, got "2"/,
  ],
  [
    'gold of another scheme',
    () => [
      file('g.jsonl', { id: 'a', report: '' }),
      ...GOOD,
      '--gold',
      file('s.jsonl', { id: 'a', labels: { Fracture: 1 } }),
    ],
    /s\.jsonl:1: expected labels of nih14 such as Atelectasis, got only Fracture/,
  ],
  [
    'gold of other reports',
    () => [file('g.jsonl', { id: 'a', report: '' }), ...GOOD, '--gold', file('o.csv', 'id,Edema', 'b,1')],
    /o\.csv: expected ids of .*g\.jsonl, got none of them/,
  ],
])('refused: %s', async (_, args, words) => {
  const { said, code } = await label(...args());
  expect(said).toMatch(words);
  expect(code).not.toBe(0);
});

test('a mistake on the way leaves no half-written file', async () => {
  const path = file('half.jsonl', { id: 'a', report: 'Edema.' }, { id: 'b' });
  const out = join(folder, 'half-labels.jsonl');
  const { code } = await label(path, ...GOOD, '--out', out);
  expect(code).toBe(65);
  expect(existsSync(out)).toBe(false);
});
