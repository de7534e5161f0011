/** Runs by sight as a user types them: what works with images, and errors in words for what does not. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, readJson, writeFileAtomic, writeJson, writeJsonLines } from '@llama-xr/core';
import { prepare } from '@llama-xr/dataset';
import { readProjector } from '@llama-xr/llama';
import { DEVICES } from '@llama-xr/llamacpp';
import { RunFolder, readEvents } from '@llama-xr/train';
import { MAP_SHAPE, PATHOLOGIES, type ViewFeatures, writeFeatures } from '@llama-xr/vision';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { writeTinyModel } from '../../../packages/llamacpp/src/testing/tiny-model.ts';
import { runCommand as run } from './testing/run-command.ts';

const PEFT = join(import.meta.dirname, '../../../packages/llama/src/golden/tiny-adapter');
const folder = mkdtempSync(join(tmpdir(), 'llama-xr-sight-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = 0;
});

const COUNT = 12;
const [CHANNELS, ROWS, COLUMNS] = MAP_SHAPE;
const VISUAL = { pooled: true, grid: 2, hidden: 4 };
const RECIPE = {
  ...{ name: 'sight', fusion: 'visual', visual: VISUAL, rank: 2, passes: 1, batchSize: 4, maxTokens: 200 },
  ...{ learningRate: 0.01, validation: { grounding: 4 }, decoding: { maxTokens: 8 } },
};

/** Studies of two kinds, and features in which they differ. */
beforeAll(async () => {
  writeTinyModel(path('base.gguf'));
  for (let i = 0; i < COUNT; i++) writeFileAtomic(path(`phantoms/images/s${i}.dcm`), `image ${i}`);
  const studies = Array.from({ length: COUNT }, (_, i) => ({
    id: `s${i}`,
    patient: `p${i}`,
    split: i < 6 ? 'train' : i < 10 ? 'val' : 'test',
    views: [{ id: `s${i}`, path: `images/s${i}.dcm`, projection: 'frontal' }],
    findings: i % 2 === 0 ? `Nodule ${i} on the left.` : `Clear lungs ${i}.`,
    impression: '',
    tags: [i % 2 === 0 ? 'Nodule/left' : 'normal'],
  }));
  writeJsonLines(path('phantoms/studies.jsonl'), studies);
  await prepare(path('phantoms'), { format: 'phantom', out: path('data'), findings: 'mesh' });

  features('features', {});
  features('pooled', { maps: false });
  features('other', { encoderHash: 'another' });
  features('blind', { missing: 3 });
  features('shifted', { shift: 5 });
  const recipes = {
    sight: {},
    hybrid: { fusion: 'hybrid' },
    words: { fusion: 'findings' },
    pooled: { visual: { ...VISUAL, grid: 0 } },
    wide: { visual: { ...VISUAL, hidden: 8 } },
    contrast: { contrast: { share: 1 } },
  };
  for (const [name, fields] of Object.entries(recipes))
    writeJson(path(`${name}.json`), { ...RECIPE, ...fields });
  await trained('run', 'sight');
  await trained('run-hybrid', 'hybrid');
});

function features(name: string, { maps = true, encoderHash = 'abc', missing = -1, shift = 0 }): void {
  const origin = { encoder: 'test', calibrated: false, job: name, images: {}, notices: [], warnings: [] };
  writeFeatures(path(`${name}.safetensors`), {
    ids: Array.from({ length: COUNT }, (_, i) => `s${i}`),
    frontal: view((i) => i !== missing, maps, shift),
    lateral: view(() => false, maps, shift),
    origin: { ...origin, encoderHash },
  });
}

function view(taken: (i: number) => boolean, maps: boolean, shift: number): ViewFeatures {
  const random = new Random(1);
  const values = (size: number) => {
    const all = new Float32Array(COUNT * size).fill(Number.NaN);
    for (let i = 0; i < COUNT; i++)
      if (taken(i))
        for (let at = i * size; at < (i + 1) * size; at++)
          all[at] = random.normal() + shift + (at % 2) * (i % 2);
    return all;
  };
  return {
    present: Uint8Array.from({ length: COUNT }, (_, i) => Number(taken(i))),
    raw: values(PATHOLOGIES.length),
    normalised: values(PATHOLOGIES.length),
    pooled: values(CHANNELS),
    ...(maps && { map: values(CHANNELS * ROWS * COLUMNS) }),
  };
}

const base = ['--base', path('base.gguf')];
const data = ['--data', path('data')];
const out = ['--out', path('out')];
const seen = (name = 'features') => ['--features', path(`${name}.safetensors`)];
const from = (name: string) => ['--from', path(name)];
const recipe = (name = 'sight') => ['--recipe', path(`${name}.json`)];
const ofRun = (name = 'run') => ['--run', path(name)];
const train = [...['train', ...base, ...data], '--threads', '1'];

async function trained(name: string, of: string, { images = 'features', begun = '' } = {}) {
  const more = begun === '' ? [] : from(begun);
  const { out: text, said } = await run(
    ...[...train, ...recipe(of), ...seen(images), ...more, '--out', path(name), '--json', '--quiet'],
  );
  expect(said).toBe('');
  return JSON.parse(text) as { valLossBefore: number; valLoss: number };
}

test('a second stage begins where the run ended, and its projector goes on', async () => {
  const end = readEvents(new RunFolder(path('run')).log).findLast(({ type }) => type === 'validation');
  const second = await trained('second', 'contrast', { begun: 'run' });
  expect(end).toMatchObject({ loss: expect.closeTo(second.valLossBefore, 5) });
  expect(second.valLoss).not.toBeCloseTo(second.valLossBefore, 5);
  const { from } = (await readJson(path('second/run.json'))) as { from: Record<string, unknown> };
  expect(from.projector).toMatchObject({ path: path('run/projector.safetensors') });
  // Drafts are written through the second stage's own projector.
  const drafted = await run(
    'generate',
    ...ofRun('second'),
    ...data,
    '--split',
    'test',
    '--out',
    path('drafts.jsonl'),
    '--device',
    'auto',
    '--json',
    '--quiet',
  );
  expect(JSON.parse(drafted.out)).toMatchObject({ drafts: 2 });
  // The device that was found, not the word auto.
  const { config } = (await readJson(path('drafts.jsonl.manifest.json'))) as { config: { device: string } };
  expect(DEVICES).toContain(config.device);
});

test('a second stage reads other images on the scale of the first', async () => {
  const scale = (name: string) => readProjector(new RunFolder(path(name)).projector).scale;
  await trained('moved', 'sight', { images: 'shifted' });
  expect(scale('moved').mean).not.toEqual(scale('run').mean);
  await trained('moved-second', 'sight', { images: 'shifted', begun: 'run' });
  expect(scale('moved-second')).toEqual(scale('run'));
});

test('a plan counts the projector, with the data set and without', async () => {
  const trainable = async (name: string, ...more: string[]) => {
    const { out: text } = await run('plan', ...base, ...recipe(name), ...more, '--threads', '1', '--json');
    return (JSON.parse(text) as { trainable: number }).trainable;
  };
  const [slots, width, { hidden }] = [2 * (1 + 2 * 2), 64, VISUAL];
  const projector = hidden * CHANNELS + hidden + width * hidden + width + 2 * slots * width;
  expect(await trainable('sight', ...data, ...seen())).toBe((await trainable('words')) + projector);
  expect(await trainable('sight')).toBe((await trainable('words', ...data)) + projector);
});

test('memory that a run leaves keeps weights or activations, as planned, and changes nothing that it learns', async () => {
  const trainedBy = async (mode: string, name: string, ...memory: string[]) => {
    const flags = [...recipe(), ...seen(), '--mode', mode, ...memory, '--out', path(name)];
    const { out: text } = await run(...train, ...flags, '--json', '--quiet');
    return JSON.parse(text) as { mode: string; keptBytes: number; valLoss: number };
  };
  const bare = await trainedBy('layered', 'layered');
  const kept = await trainedBy('layered', 'kept', '--memory', '1');
  expect(bare.keptBytes).toBe(0);
  expect(kept.keptBytes).toBeGreaterThan(0);
  expect(kept.valLoss).toBeCloseTo(bare.valLoss, 5);
  const said = await run('plan', ...base, ...data, ...recipe(), ...seen(), '--memory', '1', '--threads', '1');
  expect(said.out).toMatch(/activations kept +\d/);

  const whole = await trainedBy('whole', 'whole');
  const merged = await trainedBy('auto', 'merged', '--memory', '1');
  expect([merged.mode, merged.keptBytes > 0, whole.keptBytes]).toEqual(['whole', true, 0]);
  expect(merged.valLoss).toBe(whole.valLoss);
  expect(said.out).toMatch(/merged weights kept +\d/);

  const flags = [...recipe(), ...seen(), '--memory', '0.1', '--out', path('cramped')];
  const { said: words } = await run(...train, ...flags);
  expect(words).toMatch(/NOTE: --memory: 100 MB, but steps that run layered take about \d+ MB at least/);
});

test('a merge keeps the projector out of the file, and says so', async () => {
  const merged = await run('merge', ...ofRun(), '--out', path('merged.gguf'), '--json', '--quiet');
  expect(JSON.parse(merged.out)).toMatchObject({
    loss: null,
    notices: expect.arrayContaining([
      expect.stringMatching(/^fusion visual: the projector of images is not in the merged file/),
    ]),
  });
});

test('a hybrid run can be asked what a finding that is told changes', async () => {
  const flags = [...data, ...seen(), '--out', path('flips.jsonl'), '--split', 'test'];
  const { out: text } = await run('counterfactual', ...ofRun('run-hybrid'), ...flags, '--json', '--quiet');
  expect(JSON.parse(text)).toMatchObject({ studies: 2 });
});

const importing = ['import-adapter', PEFT, ...base, ...data, ...seen()];
const exporting = ['export', '--to', 'trl', ...base, ...data];

const CASES: readonly [name: string, args: string[], said: RegExp][] = [
  [
    'no features',
    [...train, ...recipe(), ...out],
    /fusion visual: expected the features of the images, got none[\s\S]*encode --maps.*--features/,
  ],
  [
    'a recipe in words made visual without features',
    [...train, ...recipe('words'), '--fusion', 'visual', ...out],
    /fusion visual: expected the features of the images, got none/,
  ],
  [
    'a grid without maps',
    [...train, ...recipe(), ...seen('pooled'), ...out],
    /pooled\.safetensors: expected the maps that a grid of 2 is made of, got none[\s\S]*encode --maps/,
  ],
  [
    'a study with neither view',
    [...train, ...recipe(), ...seen('blind'), ...out],
    /blind\.safetensors: study s3: expected a frontal or a lateral view, got neither/,
  ],
  [
    'drafts from features of another encoder',
    ['generate', ...ofRun(), ...data, ...seen('other'), ...out],
    /other\.safetensors: features of another encoder than the projector was trained with/,
  ],
  [
    'drafts from features without maps',
    ['generate', ...ofRun(), ...data, ...seen('pooled'), ...out],
    /pooled\.safetensors: expected the maps that a grid of 2 is made of/,
  ],
  ['scenarios', ['scenarios', ...ofRun()], /run: reads images \(fusion visual\)[\s\S]*--drafts/],
  ['scenarios of a hybrid run', ['scenarios', ...ofRun('run-hybrid')], /reads images \(fusion hybrid\)/],
  [
    'findings to flip that it is not told',
    ['counterfactual', ...ofRun(), ...data, ...out],
    /run: reads images alone \(fusion visual\)[\s\S]*--shuffle-inputs/,
  ],
  [
    'drafts on a device that no build is for here',
    ['generate', ...ofRun(), ...data, ...out, '--device', process.platform === 'darwin' ? 'vulkan' : 'metal'],
    /llama\.cpp is not prebuilt for \S+ (metal|vulkan)/,
  ],
  ['a plan without features', ['plan', ...base, ...data, ...recipe()], /expected the features of the images/],
  ['an export', [...exporting, ...recipe(), ...out], /fusion: .*SFTTrainer has no soft tokens.*got visual/],
  ['an adapter from elsewhere', [...importing, ...recipe(), ...out], /fusion: .*no projector.*got visual/],
  [
    'a second stage of another encoder',
    [...train, ...recipe(), ...seen('other'), ...from('run'), ...out],
    /other\.safetensors: features of another encoder/,
  ],
  [
    'a second stage through other soft tokens',
    [...train, ...recipe('pooled'), ...seen(), ...from('run'), ...out],
    /visual\.grid: expected that of .*run, 2, got 0/,
  ],
  [
    'a second stage with another width',
    [...train, ...recipe('wide'), ...seen(), ...from('run'), ...out],
    /visual\.hidden: expected that of .*run, 4, got 8/,
  ],
  [
    'a second stage that sees, of an adapter alone',
    [...train, ...recipe(), ...seen(), ...from('run/adapter'), ...out],
    /adapter: expected the run folder of a run by sight \(fusion visual\), got no projector/,
  ],
  [
    'a second stage in words, of a run that sees',
    [...train, ...recipe('words'), ...from('run'), ...out],
    /run: has learned from images, expected fusion visual or hybrid, got findings/,
  ],
];

test.each(CASES)('%s: an error in words', async (_name, args, expected) => {
  const { said, code } = await run(...args);
  expect(said).toMatch(expected);
  expect(said).not.toContain('mistake of ours');
  expect(code).toBeGreaterThan(0);
  expect(existsSync(path('out'))).toBe(false);
});
