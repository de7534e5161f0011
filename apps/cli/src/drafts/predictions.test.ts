import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Draft, PartialPredictions } from './predictions.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-predictions-'));
afterAll(() => rmSync(folder, { recursive: true }));

const draft = (id: string): Draft => ({
  id,
  prediction: `draft of ${id}`,
  references: ['x'],
  abnormal: false,
  input: [],
  retrieved: false,
  logProbability: -1,
  notices: [],
});

test('a killed run keeps whole drafts, drops the torn one, and ends in the order asked for', () => {
  const out = join(folder, 'p.jsonl');
  const first = new PartialPredictions(out, 'key');
  first.add(draft('b'));
  appendFileSync(`${out}.part`, '{"id":"c","predic');
  const second = new PartialPredictions(out, 'key');
  expect([second.size, second.get('b')?.prediction, second.get('c')]).toEqual([1, 'draft of b', undefined]);
  second.add(draft('a'));
  second.finish(out, ['a', 'b']);
  expect(
    readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id),
  ).toEqual(['a', 'b']);
  expect(existsSync(`${out}.part`)).toBe(false);
});

test('drafts of another run, data set or decoding are not kept', () => {
  const out = join(folder, 'q.jsonl');
  new PartialPredictions(out, 'one').add(draft('a'));
  expect(new PartialPredictions(out, 'two').size).toBe(0);
});
