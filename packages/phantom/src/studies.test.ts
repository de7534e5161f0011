import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRadiograph, toPicture } from '@llama-xr/imaging';
import { tagFindings } from '@llama-xr/reports';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { comparisonSvg, writeComparison } from './comparison.ts';
import { makePhantoms, PHANTOM_TABLE, type PhantomStudy } from './studies.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-phantoms-'));
afterAll(() => rmSync(folder, { recursive: true }));

const COUNT = 50;
let studies: PhantomStudy[] = [];
const seen: number[] = [];
beforeAll(async () => {
  studies = await makePhantoms(join(folder, 'a'), {
    count: COUNT,
    seed: 11,
    size: 64,
    onProgress: ({ done }) => seen.push(done),
  });
});

test('the table holds what was returned, and progress was told', () => {
  const lines = readFileSync(join(folder, 'a', PHANTOM_TABLE), 'utf8')
    .trim()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(studies);
  expect(studies).toHaveLength(COUNT);
  expect(seen).toEqual(Array.from({ length: COUNT }, (_, i) => i + 1));
});

test('every image is a chest radiograph that is read back, with its projection', async () => {
  for (const { views } of studies) {
    for (const { path, projection } of views) {
      const radiograph = await readRadiograph(join(folder, 'a', path));
      expect(radiograph).toMatchObject({ width: 64, height: 64, bits: 12, projection, remarks: [] });
    }
  }
});

test('some studies have no lateral view, some patients come twice', () => {
  const single = studies.filter(({ views }) => views.length === 1).length;
  expect(single).toBeGreaterThan(0);
  expect(single).toBeLessThan(0.3 * COUNT);
  expect(studies.every(({ views }) => views[0]?.projection === 'frontal')).toBe(true);
  expect(new Set(studies.map(({ id }) => id)).size).toBe(COUNT);
  expect(new Set(studies.map(({ patient }) => patient)).size).toBeLessThan(COUNT);
});

test('splits are about 80/10/10 and keep patients together', () => {
  const splits = new Map<string, Set<string>>();
  for (const { patient, split } of studies)
    splits.set(patient, (splits.get(patient) ?? new Set()).add(split));
  for (const [patient, met] of splits) expect(met.size, patient).toBe(1);
  const share = (split: string) => studies.filter((study) => study.split === split).length / COUNT;
  expect(share('train')).toBeGreaterThan(0.7);
  expect(share('val')).toBeGreaterThan(0.04);
  expect(share('test')).toBeGreaterThan(0.04);
});

test('tags, labels and the abnormal mark agree', () => {
  for (const { tags, labels, abnormal } of studies) {
    expect(abnormal).toBe(!tags.includes('normal'));
    expect(labels.Cardiomegaly === 1).toBe(tagFindings(tags).has('cardiomegaly'));
  }
});

test('equal seeds give equal bytes, others do not', async () => {
  await makePhantoms(join(folder, 'b'), { count: 3, seed: 11, size: 64 });
  await makePhantoms(join(folder, 'c'), { count: 3, seed: 12, size: 64 });
  const bytes = (name: string, path: string) => readFileSync(join(folder, name, path));
  const image = 'images/P00001-1-frontal.dcm';
  expect(bytes('b', image).equals(bytes('a', image))).toBe(true);
  expect(bytes('c', image).equals(bytes('a', image))).toBe(false);
});

test('wrong options are refused', async () => {
  await expect(makePhantoms(folder, { count: 0 })).rejects.toThrow('count: expected an integer >= 1, got 0');
  await expect(makePhantoms(folder, { count: 1, size: 8 })).rejects.toThrow(
    'expected 64 to 2048 pixels, got 8',
  );
});

test('a comparison stands alone: images inside, sentences coloured, text escaped', async () => {
  const study = studies.find(({ views }) => views.length === 2) as PhantomStudy;
  const [frontal, lateral] = await Promise.all(
    study.views.map(async ({ path }) => toPicture(await readRadiograph(join(folder, 'a', path)))),
  );
  if (frontal === undefined || lateral === undefined) throw new Error('expected two views');
  const comparison = {
    title: 'A <study>',
    frontal,
    lateral,
    tags: ['Pneumothorax/left/small', 'Cardiomegaly/mild'],
    reference: 'Small left pneumothorax. Mild cardiomegaly.',
    draft: 'Small left pneumothorax. There is a nodule. The lungs are clear & well.',
  };
  const svg = await comparisonSvg([comparison], 'caption');
  expect(svg.match(/data:image\/png;base64,/g)).toHaveLength(2);
  expect(svg).not.toMatch(/<study>|https?:\/\/(?!www\.w3\.org)/);
  expect(svg).toMatch(/fill="#1a7f37">Small left pneumothorax\./);
  expect(svg).toMatch(/fill="#c9252d">There is a nodule\./);
  expect(svg).toMatch(/Missed: cardiomegaly/);
  expect(svg).toMatch(/clear &amp; well/);
  await writeComparison(join(folder, 'picture'), [comparison], 'caption');
  expect(readFileSync(join(folder, 'picture.png')).subarray(1, 4).toString()).toBe('PNG');
  expect(readFileSync(join(folder, 'picture.svg'), 'utf8')).toBe(svg);
});
