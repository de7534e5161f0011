import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { prepare } from './prepare.ts';
import { readStudies, STUDIES_FILE } from './store.ts';
import { temporaryFolder, writeReports } from './testing/fake-sources.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

async function prepared(name: string): Promise<string> {
  const out = join(folder, name);
  const source = writeReports([1, 2, 3].map((uid) => ({ uid, findings: `Report number ${uid}.` })));
  mkdirSync(join(source, 'images'));
  writeFileSync(join(source, 'images', 'CXR1_IM-1-1001.png'), 'one');
  await prepare(source, { format: 'iu-xray', out });
  return out;
}

test('what was written is read, with absolute image paths', async () => {
  const out = await prepared('good');
  const { studies, manifest } = await readStudies(out);
  expect(studies.map((study) => study.id)).toEqual(['CXR1', 'CXR2', 'CXR3']);
  const path = studies[0]?.views[0]?.path as string;
  expect(readFileSync(path, 'utf8')).toBe('one');
  expect(readFileSync(join(out, STUDIES_FILE), 'utf8')).not.toContain(`"path":"${path}"`);
  expect(manifest.dataset.findings).toBe('mesh');
});

test('all mistakes are told, with file and line', async () => {
  const out = await prepared('bad');
  const path = join(out, STUDIES_FILE);
  const lines = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  lines[0].split = 'training';
  delete lines[1].report;
  lines[1].colour = 'red';
  lines[2].scores = { frontal: [0.5], lateral: null, source: 'guessed' };
  lines.push(lines[2], { ...lines[2], scores: undefined }, { ...lines[2], scores: undefined });
  writeFileSync(path, lines.map((line) => JSON.stringify(line)).join('\n'));
  const message = await readStudies(out).catch((error: Error) => error.message);
  for (const mistake of [
    /jsonl:1: split: /,
    /:2: report: /,
    /:2: .*colour/,
    /:3: scores\.frontal: /,
    /:3: scores\.source: /,
    /:6: id: CXR3 stands in line 5/,
  ]) {
    expect(message).toMatch(mistake);
  }
});

test('a folder without a manifest is not finished; an empty one and a foreign manifest are told', async () => {
  const out = await prepared('unfinished');
  writeFileSync(join(out, STUDIES_FILE), '\n');
  await expect(readStudies(out)).rejects.toThrow(/studies\.jsonl: expected studies, got none/);
  writeFileSync(join(out, 'manifest.json'), '{"command":"train"}');
  await expect(readStudies(out)).rejects.toThrow(/manifest\.json: expected a data manifest: .*dataset/);
  rmSync(join(out, 'manifest.json'));
  await expect(readStudies(out)).rejects.toMatchObject({ code: 'FILE_MISSING' });
});
