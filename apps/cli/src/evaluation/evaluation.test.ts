/** An evaluation from the command line: what it leaves, and what the one who checks it finds out. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const BIN = join(import.meta.dirname, '../../bin/llama-xr.js');
const folder = mkdtempSync(join(tmpdir(), 'llama-xr-evaluation-'));
const predictions = join(folder, 'predictions.jsonl');
const scores = join(folder, 'scores');
const key = join(folder, 'key.pem');
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) =>
  execFileSync(process.execPath, [BIN, ...args, '--quiet'], { encoding: 'utf8' });
const refused = (...args: string[]) => {
  const { status, stderr } = spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8' });
  expect(status).not.toBe(0);
  return stderr;
};

const REPORTS = [
  'The heart is normal.',
  'There is a large left pleural effusion.',
  'No acute disease.',
  'A right apical nodule.',
];

beforeAll(() => {
  const lines = Array.from({ length: 12 }, (_, i) => ({
    id: `s${i}`,
    prediction: REPORTS[(i * 3) % 4],
    references: [REPORTS[i % 4]],
    site: i < 6 ? 'north' : 'south',
    age: 20 + 5 * i,
  }));
  writeFileSync(predictions, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  run('evaluate', predictions, '--protocol', 'coco', '--out', scores, '--signing-key', key);
});

test('the page has the worst cases, the groups, and asks for nothing', () => {
  const page = readFileSync(join(scores, 'report.html'), 'utf8');
  expect(page).toContain('<h2>Worst cases</h2>');
  expect(page).toContain('site: north');
  expect(page).toContain('age: 40 to 59');
  expect(page).not.toMatch(/https?:\/\/|<script/);
});

test('it verifies, wherever the predictions lie now', () => {
  expect(run('evaluate', '--verify', scores)).toMatch(/signature: valid[\s\S]*all \d+ numbers the same/);
  const moved = join(folder, 'moved.jsonl');
  writeFileSync(moved, readFileSync(predictions));
  const { key: fingerprint, numbers } = JSON.parse(run('evaluate', moved, '--verify', scores, '--json'));
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(numbers).toBeGreaterThan(200);
});

test('a changed number, a changed manifest, other predictions: each is found', () => {
  const tampered = (name: string, change: (text: string) => string, words: RegExp) => {
    const path = join(scores, name);
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, change(before));
    expect(refused('evaluate', '--verify', scores)).toMatch(words);
    writeFileSync(path, before);
  };
  tampered(
    'scores.json',
    (text) => text.replace(/0\.\d/, '0.9'),
    /scores\.json: expected the file that was signed/,
  );
  tampered(
    'manifest.json',
    (text) => text.replace('"seed": 3407', '"seed": 1'),
    /signature: does not fit the contents/,
  );
  const others = join(folder, 'others.jsonl');
  writeFileSync(others, readFileSync(predictions, 'utf8').replace('normal', 'large'));
  expect(refused('evaluate', others, '--verify', scores)).toMatch(
    /others\.jsonl: expected the file that was signed/,
  );
});

test('evaluations stand side by side', () => {
  const out = run('compare', `north=${scores}`, `south=${scores}`);
  expect(out).toMatch(/coco, all +north +south +pooled/);
  expect(refused('compare', scores, scores)).toMatch(/expected a name for each evaluation, got scores twice/);
});

test('models of the user: BERTScore as one more protocol, the labels of CheXbert', () => {
  const goldens = join(import.meta.dirname, '../../../../packages/text-models/src/goldens');
  const model = (name: string) => {
    const path = join(folder, name);
    mkdirSync(path);
    copyFileSync(join(goldens, `${name}.onnx`), join(path, 'model.onnx'));
    copyFileSync(join(goldens, 'tokenizer.json'), join(path, 'tokenizer.json'));
    return path;
  };
  const out = join(folder, 'with-models');
  const models = ['--bertscore', model('bert'), '--chexbert', model('chexbert')];
  const table = JSON.parse(
    run(
      'evaluate',
      predictions,
      '--protocol',
      'coco',
      ...models,
      '--out',
      out,
      '--signing-key',
      key,
      '--json',
    ),
  );
  const own = JSON.parse(readFileSync(join(scores, 'scores.json'), 'utf8'));
  expect(table.protocols.bertscore.all.model['BERTScore-F1']).toBeGreaterThan(0);
  expect(table.clinical.scores.all.model).not.toEqual(own.clinical.scores.all.model);
  expect(table.clinical.errors).toEqual(own.clinical.errors);
  expect(run('evaluate', '--verify', out)).toMatch(/numbers the same/);
  expect(refused('evaluate', predictions, '--bertscore', folder)).toMatch(/expected|no such file/);
});

test('graphs of RadGraph stand in for ours: its answer to the list of texts, and no other', () => {
  const list = join(folder, 'texts.json');
  run('evaluate', predictions, '--radgraph-texts', list);
  const texts = JSON.parse(readFileSync(list, 'utf8')) as string[];
  expect(texts).toEqual(expect.arrayContaining(REPORTS));
  const graphs = join(folder, 'graphs.json');
  // Graphs without a single entity: all agree.
  const answers = texts.map((text) => ({ text: text.replace(/\.$/, ' .'), entities: {} }));
  writeFileSync(graphs, JSON.stringify({ ...answers }));
  const table = run('evaluate', predictions, '--radgraph', graphs, '--protocol', 'coco', '--json');
  expect(/"graph F1, partial": ?([\d.]+)/.exec(table)?.[1]).toBe('1');
  writeFileSync(graphs, JSON.stringify({ 0: answers[0] }));
  expect(refused('evaluate', predictions, '--radgraph', graphs)).toMatch(
    /graphs\.json: report 1: expected ".*got none/,
  );
});
