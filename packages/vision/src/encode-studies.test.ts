import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunManifest, readJson, writeJson } from '@llama-xr/core';
import { openSafetensors, writeSafetensors } from '@llama-xr/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeStudies, type StudyEncoder, type StudyToEncode } from './encode-studies.ts';
import { type Encoder, loadEncoder } from './encoder.ts';
import { readFeatures } from './features-file.ts';
import { drawChest, drawSide, writeDrawing } from './testing/pictures.ts';
import { readView } from './view-input.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-encode-'));
const at = (name: string) => join(folder, name);
let encoder: Encoder;
let studies: StudyToEncode[];

/** An encoder that counts, and stops after so many views. */
function counting(stopAfter = Number.POSITIVE_INFINITY): StudyEncoder & { seen: string[] } {
  const seen: string[] = [];
  return {
    name: encoder.name,
    hash: encoder.hash,
    notices: encoder.notices,
    operatingPoints: encoder.operatingPoints,
    seen,
    encode: async (views) => {
      if (seen.length + views.length > stopAfter) throw new Error('stopped');
      seen.push(...views.map(({ name }) => name));
      return encoder.encode(views);
    },
  };
}

beforeAll(async () => {
  encoder = await loadEncoder({ randomSeed: 7 }, { threads: 1 });
  const [frontal, lateral, second] = [[], [], []] as string[][];
  for (let i = 0; i < 6; i++) {
    frontal?.push(await writeDrawing(folder, `f${i}.png`, drawChest(i)));
    lateral?.push(await writeDrawing(folder, `l${i}.png`, drawSide(i)));
    second?.push(await writeDrawing(folder, `s${i}.png`, drawChest(10 + i)));
  }
  const front = (i: number) => ({ path: frontal?.[i] as string, projection: 'frontal' as const });
  const lat = (i: number) => ({ path: lateral?.[i] as string, projection: 'lateral' as const });
  studies = [
    { id: 'both', views: [lat(0), front(0)] },
    { id: 'frontal only', views: [front(1)] },
    { id: 'lateral only', views: [lat(2)] },
    { id: 'no file', views: [{ projection: 'frontal' }] },
    { id: 'two frontals', views: [front(4), { path: second?.[4] as string, projection: 'frontal' }] },
    { id: 'unknown', views: [front(5), { path: second?.[5] as string, projection: 'unknown' }] },
  ];
});

afterAll(async () => {
  await encoder[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test('features stand under their study, a missing view is masked and never a copy', async () => {
  const out = at('features.safetensors');
  await encodeStudies(studies, encoder, out, { maps: true });
  const { ids, frontal, lateral, origin } = readFeatures(out, { maps: true });
  expect(ids).toEqual(studies.map(({ id }) => id));
  expect([...frontal.present]).toEqual([1, 1, 0, 0, 1, 1]);
  expect([...lateral.present]).toEqual([1, 0, 1, 0, 0, 0]);
  for (const [side, rows] of [
    ['frontal', frontal],
    ['lateral', lateral],
  ] as const) {
    for (let i = 0; i < ids.length; i++) {
      const row = rows.raw.subarray(i * 18, (i + 1) * 18);
      if (rows.present[i] === 0) {
        expect(row.every(Number.isNaN)).toBe(true);
        expect(rows.pooled.subarray(i * 1024, (i + 1) * 1024).every(Number.isNaN)).toBe(true);
        continue;
      }
      const path = studies[i]?.views.find(({ projection }) => projection === side)?.path as string;
      const [expected] = await encoder.encode([await readView(path, side)]);
      row.forEach((score, k) => {
        expect(score).toBeCloseTo(expected?.raw[k] as number, 4);
      });
      const size = 1024 * 49;
      const map = rows.map?.subarray(i * size, (i + 1) * size) as Float32Array;
      expect(map[777]).toBeCloseTo(expected?.map[777] as number, 1);
    }
  }
  expect(origin).toMatchObject({ encoder: encoder.name, encoderHash: encoder.hash, calibrated: false });
  expect(origin.warnings).toEqual([
    'no file: a frontal view has no file',
    'no file: has no view that could be used',
    expect.stringMatching(/^two frontals: .*s4\.png: left out, a second frontal view/),
    expect.stringMatching(/^unknown: .*s5\.png: left out, its projection is not known/),
  ]);
  const manifest = (await readJson(`${out}.manifest.json`)) as RunManifest;
  expect(manifest.notices).toEqual([...encoder.notices, '1 studies have no view that could be used']);
  expect(manifest.inputs.encoder).toBe(encoder.hash);
  expect(Object.keys(manifest.inputs)).toHaveLength(1 + 6);
  expect(existsSync(`${out}.parts`)).toBe(false);
});

test('a job that stopped goes on where it was, and a finished one is not done again', async () => {
  const out = at('stopped.safetensors');
  const options = { studiesPerPart: 2 };
  await expect(encodeStudies(studies, counting(3), out, options)).rejects.toThrow('stopped');
  expect(existsSync(out)).toBe(false);
  const again = counting();
  await encodeStudies(studies, again, out, options);
  expect(again.seen).toHaveLength(3); // of six views, three stood in the first part
  const third = counting();
  await encodeStudies(studies, third, out, options);
  expect(third.seen).toEqual([]);
});

test('kill -9 in the middle, run again: the same file as without', async () => {
  writeJson(at('studies.json'), studies);
  const out = at('killed.safetensors');
  const child = spawn(process.execPath, [
    join(import.meta.dirname, 'testing/encode-child.ts'),
    at('studies.json'),
    out,
  ]);
  const errors: string[] = [];
  child.stderr.on('data', (text) => errors.push(String(text)));
  const ended = new Promise<string>((resolve) =>
    child.on('close', (_, signal) => resolve(signal ?? errors.join(''))),
  );
  child.stdout.once('data', () => child.kill('SIGKILL'));
  expect(await ended).toBe('SIGKILL');
  expect(existsSync(out)).toBe(false);
  expect(readdirSync(`${out}.parts`).some((name) => name.endsWith('.safetensors'))).toBe(true);

  await encodeStudies(studies, encoder, out, { studiesPerPart: 2 });
  await encodeStudies(studies, encoder, at('whole.safetensors'), { studiesPerPart: 2 });
  expect(readFileSync(out).equals(readFileSync(at('whole.safetensors')))).toBe(true);
});

test('parts of another job are not mixed in', async () => {
  const out = at('mixed.safetensors');
  await expect(encodeStudies(studies, counting(3), out, { studiesPerPart: 2 })).rejects.toThrow('stopped');
  const other = { ...counting(), hash: 'another' };
  await expect(encodeStudies(studies, other, out, { studiesPerPart: 2 })).rejects.toMatchObject({
    code: 'RESUME',
    message: expect.stringMatching(/mixed\.safetensors\.parts: expected parts of this job/),
  });
});

test('an image that cannot be read stops the job by name and leaves no file', async () => {
  writeFileSync(at('broken.png'), 'no picture');
  const broken: StudyToEncode = { id: 'x', views: [{ path: at('broken.png'), projection: 'frontal' }] };
  const out = at('broken.safetensors');
  await expect(encodeStudies([broken], encoder, out)).rejects.toThrow(
    /broken\.png: expected DICOM, PNG or JPEG/,
  );
  const missing: StudyToEncode = { id: 'x', views: [{ path: at('none.png'), projection: 'frontal' }] };
  await expect(encodeStudies([missing], encoder, out)).rejects.toThrow(/none\.png: no such file/);
  expect(existsSync(out)).toBe(false);
});

test('swapped views in a data set become a notice', async () => {
  const [first] = studies as [StudyToEncode];
  const swapped = {
    id: 'swapped',
    views: first.views.map(({ path, projection }) => ({
      path: path as string,
      projection: projection === 'frontal' ? ('lateral' as const) : ('frontal' as const),
    })),
  };
  const { origin } = await encodeStudies([swapped], encoder, at('swapped.safetensors'));
  expect(origin.notices).toContain('1 views look as if frontal and lateral were swapped');
});

test('the same study twice, or none, is refused', async () => {
  const [first] = studies as [StudyToEncode];
  await expect(encodeStudies([first, first], encoder, at('x'))).rejects.toThrow(/got both twice/);
  await expect(encodeStudies([], encoder, at('x'))).rejects.toThrow(/expected at least one study/);
});

test('foreign and damaged features files are refused by name', async () => {
  const foreign = at('foreign.safetensors');
  writeSafetensors(foreign, new Map());
  expect(() => readFeatures(foreign)).toThrow(/foreign\.safetensors: expected features .*got other tensors/);
  expect(() => readFeatures(at('absent.safetensors'))).toThrow(/absent\.safetensors: no such file/);

  const good = at('good.safetensors');
  await encodeStudies(studies.slice(0, 1), encoder, good);
  const reordered = at('reordered.safetensors');
  {
    using file = openSafetensors(good);
    const labels = JSON.parse(file.metadata.labels as string) as string[];
    const tensors = new Map(file.names().map((name) => [name, file.read(name)]));
    writeSafetensors(reordered, tensors, { ...file.metadata, labels: JSON.stringify(labels.toReversed()) });
    writeSafetensors(at('short.safetensors'), tensors, { ...file.metadata, ids: '["a","b"]' });
  }
  expect(() => readFeatures(reordered)).toThrow(/score 0: expected Atelectasis, got Enlarged/);
  expect(() => readFeatures(at('short.safetensors'))).toThrow(/frontal\.\w+: expected \[2.*got \[1/);
  writeFileSync(at('cut.safetensors'), readFileSync(good).subarray(0, 2000));
  expect(() => readFeatures(at('cut.safetensors'))).toThrow(/cut\.safetensors/);
});
