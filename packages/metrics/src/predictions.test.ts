import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LlamaXrError } from '@llama-xr/core';
import { afterAll, expect, test } from 'vitest';
import { readPredictions } from './predictions.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-predictions-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(...lines: unknown[]): string {
  const path = join(folder, 'predictions.jsonl');
  writeFileSync(
    path,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return path;
}

async function refusal(path: string): Promise<LlamaXrError> {
  return readPredictions(path).then(
    () => expect.unreachable('was read'),
    (error) => error as LlamaXrError,
  );
}

test('lines are read; one reference may be given as text, an id as a number', async () => {
  const path = file(
    { id: 'a', prediction: 'clear', references: ['clear lungs', 'lungs clear'], abnormal: false, more: 1 },
    '',
    { id: 7, prediction: 'large heart', references: 'cardiomegaly', input: ['Cardiomegaly'], lookup: 'big' },
  );
  expect(await readPredictions(path)).toEqual([
    { id: 'a', prediction: 'clear', references: ['clear lungs', 'lungs clear'], abnormal: false },
    {
      id: '7',
      prediction: 'large heart',
      references: ['cardiomegaly'],
      input: ['Cardiomegaly'],
      lookup: 'big',
    },
  ]);
});

test('every mistake is told at once, with file, line, field and rule', async () => {
  const path = file(
    { id: 'a', prediction: 'clear', references: ['x'] },
    { prediction: 'clear', references: ['x'] },
    { id: 'a', prediction: 'clear', references: ['x'] },
    { id: 'b', prediction: '  ', references: ['x'] },
    { id: 'c', prediction: 'clear', references: [] },
    { id: 'd', prediction: 'clear', references: ['x', ''] },
    { id: 'e', prediction: 5, references: 'x', abnormal: 'yes' },
    { id: 'f', prediction: 'clear' },
    '[1, 2]',
    { id: 'g', prediction: 'clear', references: ['x', 3] },
  );
  const error = await refusal(path);
  expect(error.code).toBe('FILE_FORMAT');
  expect(error.message.replaceAll(path, 'p.jsonl')).toMatchInlineSnapshot(`
    "p.jsonl: 10 mistakes
      - p.jsonl:2: id: missing
      - p.jsonl:3: id: a stands in line 1 already
      - p.jsonl:4: prediction: expected a report, got an empty text
      - p.jsonl:5: references: expected at least one report, got an empty list
      - p.jsonl:6: references[1]: expected a report, got an empty text
      - p.jsonl:7: prediction: expected text, got number
      - p.jsonl:7: abnormal: expected true or false, got string
      - p.jsonl:8: references: missing
      - p.jsonl:9: expected an object, got a list
      - p.jsonl:10: references[1]: expected text, got number"
  `);
});

test('a line that is no JSON, an empty file and a missing one are named', async () => {
  expect((await refusal(file({ id: 'a', prediction: 'x', references: 'y' }, '{"id": '))).message).toMatch(
    /predictions\.jsonl:2: expected one JSON value a line/,
  );
  expect((await refusal(file(''))).message).toMatch(/predictions\.jsonl: expected at least one prediction/);
  expect((await refusal(join(folder, 'none.jsonl'))).code).toBe('FILE_MISSING');
});

test('an empty prediction can be allowed, for a model that wrote nothing', async () => {
  const path = file({ id: 'a', prediction: '', references: 'y' });
  expect((await readPredictions(path, { allowEmpty: true }))[0]?.prediction).toBe('');
});
