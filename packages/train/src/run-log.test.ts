import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { truncateLog } from './run-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a resumed run keeps its log up to the checkpoint, without the torn last line', () => {
  const path = join(folder, 'log.jsonl');
  const lines = [
    '{"type":"validation","step":0}',
    '{"type":"step","step":1}',
    '{"type":"step","step":2}',
    '{"type":"validation","step":2}',
  ];
  const after = [
    '{"type":"checkpoint","step":2}',
    '{"type":"validation","step":2,"kept":2}',
    '{"type":"step","step":3}',
    '{"type":"st',
  ];
  writeFileSync(path, [...lines, ...after].join('\n'));
  truncateLog(path, 2);
  expect(readFileSync(path, 'utf8')).toBe(`${lines.join('\n')}\n`);
  truncateLog(join(folder, 'none.jsonl'), 2);
});
