import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, writeFileAtomic, writeJsonLines } from '@llama-xr/core';
import { type Dataset, prepare, readStudies } from '@llama-xr/dataset';
import { MAP_SHAPE, PATHOLOGIES, readTagHeads, type ViewFeatures, writeFeatures } from '@llama-xr/vision';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DemoFolder } from './demo-folder.ts';
import { readFindings } from './read-findings.ts';

const parent = mkdtempSync(join(tmpdir(), 'llama-xr-read-'));
afterAll(() => rmSync(parent, { recursive: true }));

const folder = new DemoFolder(join(parent, 'demo'));
const COUNT = 44;
let truth: Dataset;

/** Half of the studies have a nodule, which shows in their maps, but for one training study that was tagged wrongly. */
const MISTAGGED = 3;
const shows = (i: number) => i % 2 === 0;
const tagged = (i: number) => (i === MISTAGGED ? !shows(i) : shows(i));

beforeAll(async () => {
  // Only their names and bytes count here: the features are given.
  for (let i = 0; i < COUNT; i++) writeFileAtomic(join(folder.phantoms, `images/s${i}.dcm`), `image ${i}`);
  writeJsonLines(
    join(folder.phantoms, 'studies.jsonl'),
    Array.from({ length: COUNT }, (_, i) => ({
      id: `s${i}`,
      patient: `p${i}`,
      split: i < 36 ? 'train' : i < 40 ? 'val' : 'test',
      views: [{ id: `s${i}`, path: `images/s${i}.dcm`, projection: 'frontal' }],
      findings: `Study number ${i} is as follows.`,
      impression: '',
      tags: [tagged(i) ? 'Nodule/left' : 'normal'],
    })),
  );
  await prepare(folder.phantoms, { format: 'phantom', out: folder.data, findings: 'mesh' });
  truth = await readStudies(folder.data);
  writeFeatures(folder.features, {
    ids: truth.studies.map(({ id }) => id),
    frontal: view((i) => shows(i)),
    lateral: view(() => undefined),
    origin: {
      encoder: 'encoder of this test',
      encoderHash: 'abc',
      calibrated: false,
      job: 'job',
      images: {},
      notices: [],
      warnings: [],
    },
  });
});

function view(shown: (i: number) => boolean | undefined): ViewFeatures {
  const random = new Random(1);
  const [channels, rows, columns] = MAP_SHAPE;
  const size = channels * rows * columns;
  const map = new Float32Array(COUNT * size).fill(Number.NaN);
  for (let i = 0; i < COUNT; i++) {
    if (shown(i) === undefined) continue;
    for (let at = 0; at < size; at++)
      map[i * size + at] = random.normal() + (shown(i) && at % 3 === 0 ? 3 : 0);
  }
  const blank = (width: number) => new Float32Array(COUNT * width);
  return {
    present: Uint8Array.from({ length: COUNT }, (_, i) => Number(shown(i) !== undefined)),
    raw: blank(PATHOLOGIES.length),
    normalised: blank(PATHOLOGIES.length),
    pooled: blank(channels),
    map,
  };
}

test('the read data set has the tags that the heads read, of training studies too, and says who read them', async () => {
  const { dataset, heads } = await readFindings(folder, truth);
  const tags = dataset.studies.map((study) => study.tags.join());
  expect(tags).toEqual(Array.from({ length: COUNT }, (_, i) => (shows(i) ? 'Nodule/left' : 'normal')));
  expect(dataset.studies.map(({ report }) => report)).toEqual(truth.studies.map(({ report }) => report));
  expect(dataset.manifest.notices).toContain(
    'findings read from the images by heads fitted on the features of the encoder of this test',
  );
  expect(heads.encoderHash).toBe('abc');
  expect(readTagHeads(folder.heads).heads).toHaveLength(1);
});

test('it is not done again', async () => {
  const before = statSync(folder.heads).mtimeMs;
  await readFindings(folder, truth);
  expect(statSync(folder.heads).mtimeMs).toBe(before);
});
