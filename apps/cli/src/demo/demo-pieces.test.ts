import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent, writeFileAtomic, writeJsonLines } from '@llama-xr/core';
import type { Study } from '@llama-xr/dataset';
import { score } from '@llama-xr/metrics';
import { readRecipe } from '@llama-xr/train';
import type { TagHeads } from '@llama-xr/vision';
import { afterAll, expect, test } from 'vitest';
import { DEMO_SIZE, DemoFolder } from './demo-folder.ts';
import { scoreRows } from './demo-words.ts';
import { chooseShown } from './draw-comparison.ts';
import { ownRecipe } from './own-recipe.ts';
import { prepareData, reportTexts } from './phantom-data.ts';
import { countSides, weakFindings } from './reading-quality.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-demo-'));
afterAll(() => rmSync(folder, { recursive: true }));

const study = (id: string, tags: string[], views = 2): Study => ({
  id,
  patient: id,
  split: 'test',
  views: Array.from({ length: views }, (_, i) => ({
    id: `${id}-${i}`,
    projection: i === 0 ? 'frontal' : 'lateral',
  })),
  findings: '',
  impression: '',
  report: 'Report.',
  tags,
  abnormal: tags[0] !== 'normal',
});

test('a folder is taken for one demo, and refused to another', async () => {
  const demo = new DemoFolder(join(folder, 'demo'));
  await demo.claim({ seed: 1, ...DEMO_SIZE });
  await demo.claim({ seed: 1, ...DEMO_SIZE });
  await expect(demo.claim({ seed: 2, ...DEMO_SIZE })).rejects.toThrow(/expected a demo with \{"seed":2/);
});

test('what another version made is told as such, and what to do about it', async () => {
  const demo = new DemoFolder(join(folder, 'older'));
  const study = { id: 's', patient: 'p', split: 'train', tags: ['normal'], findings: 'Clear lungs.' };
  const view = { id: 's', path: 's.dcm', projection: 'frontal' };
  writeFileAtomic(join(demo.phantoms, 's.dcm'), 'an image');
  writeJsonLines(join(demo.phantoms, 'studies.jsonl'), [{ ...study, views: [view], impression: '' }]);
  const prepared = (seed: number) => demo.fill(() => prepareData(demo, { seed, ...DEMO_SIZE }, silent));
  await prepared(1);
  await prepared(1);
  await expect(prepared(2)).rejects.toMatchObject({
    code: 'RESUME',
    message: expect.stringMatching(
      /older: holds a demo of another version .*older\/data: holds data prepared/,
    ),
    hint: 'Take another folder with --out, or remove this one.',
  });
  await expect(demo.fill(() => Promise.reject(new Error('disk full')))).rejects.toThrow(/^disk full$/);
});

test('sides are counted where the finding is rightly stated, and nowhere else', () => {
  const truth = [
    study('a', ['Pleural Effusion/left/small']),
    study('b', ['Pneumothorax/right/large']),
    study('c', ['Pleural Effusion/bilateral/small']),
    study('d', ['normal']),
  ];
  const drafts = [
    { id: 'a', prediction: 'There is a small left pleural effusion.' },
    { id: 'b', prediction: 'Large left pneumothorax.' },
    { id: 'c', prediction: 'A pleural effusion is present.' },
    { id: 'd', prediction: 'Small right pleural effusion.' },
  ];
  expect(countSides(drafts, truth)).toEqual({ right: 1, wrong: 1, unsaid: 1 });
});

test('weak findings are named as reports name them', () => {
  const heads = [
    { form: { head: 'Pulmonary Atelectasis', places: [] }, area: 0.6 },
    { form: { head: 'Cardiomegaly', places: [] }, area: 0.99 },
  ];
  expect(weakFindings({ heads } as unknown as TagHeads)).toEqual(['atelectasis']);
});

test('the picture shows studies with both views and different findings, most findings first', () => {
  const studies = [
    study('normal', ['normal']),
    study('one view', ['Nodule'], 1),
    study('a', ['Pneumothorax/left/small']),
    study('again', ['Pneumothorax/right/small']),
    study('b', ['Cardiomegaly/mild', 'Pleural Effusion/left/small']),
    study('c', ['Pulmonary Edema']),
    study('too many', ['Lung/hyperdistention']),
  ];
  expect(chooseShown(studies).map(({ id }) => id)).toEqual(['b', 'a', 'c']);
});

test('the recipe that comes with the program is found and valid', async () => {
  expect(await readRecipe(ownRecipe('demo'))).toMatchObject({ name: 'demo', exemplars: 0 });
  expect(() => ownRecipe('no such recipe')).toThrow(/recipes\/no such recipe\.json: not found/);
});

test('texts to learn the language from are varied, and the same for the same seed', () => {
  const settings = { seed: 5, ...DEMO_SIZE, texts: 50 };
  const texts = reportTexts(settings);
  expect(new Set(texts).size).toBeGreaterThan(45);
  expect(reportTexts(settings)).toEqual(texts);
  expect(reportTexts({ ...settings, seed: 6 })).not.toEqual(texts);
});

test('the small table has a column for every system, and the figures of the score', () => {
  const effusion = 'Small left pleural effusion.';
  const table = score(
    [
      { id: 'a', prediction: effusion, references: [effusion] },
      { id: 'b', prediction: 'The lungs are clear.', references: ['The lungs are clear.'] },
    ],
    { protocols: ['alnum'], constant: 'The heart is normal.' },
  );
  const rows = scoreRows(table);
  expect(rows[0]?.trim().split(/\s+/)).toEqual(['model', 'constant', 'random', 'shuffled']);
  expect(rows[1]).toMatch(/^finding F1, micro +1\.000 +0\.000 +0\.000 +0\.000$/);
  expect(rows.at(-1)).toMatch(/^distinct texts +2 +1 /);
});
