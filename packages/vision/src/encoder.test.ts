import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uidOf, writeDicom } from '@llama-xr/imaging';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Encoder, loadEncoder } from './encoder.ts';
import { ConstantOutputGuard } from './guards.ts';
import { projectionWarnings } from './projection.ts';
import { drawChest, drawingInput, drawSide } from './testing/pictures.ts';
import { checkPixels, readView, type ViewInput } from './view-input.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-encoder-'));
const chest = (seed: number) => drawingInput(`chest ${seed}`, 'frontal', drawChest(seed));
const side = (seed: number) => drawingInput(`side ${seed}`, 'lateral', drawSide(seed));
const changed = (view: ViewInput, change: (value: number, i: number) => number): ViewInput => ({
  ...view,
  pixels: view.pixels.map(change),
});
const used = (view: ViewInput, projection: ViewInput['projection']): ViewInput => ({ ...view, projection });

let encoder: Encoder;

beforeAll(async () => {
  encoder = await loadEncoder({ randomSeed: 7 });
});

afterAll(async () => {
  await encoder[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test('a random-weight encoder says what it is', () => {
  expect(encoder.name).toBe('random-weight DenseNet-121 (seed 7)');
  expect(encoder.notices.join()).toMatch(/random-weight DenseNet-121 \(seed 7\).*mean nothing/);
  expect(encoder.operatingPoints).toBeUndefined();
});

test('random weights are alive: few channels are dead, activations are of order one, scores differ', async () => {
  const encoded = await encoder.encode(Array.from({ length: 6 }, (_, seed) => chest(seed)));
  const pooled = encoded.map((found) => found.pooled);
  const everSeen = pooled[0]?.map((_, channel) => Math.max(...pooled.map((row) => row[channel] as number)));
  expect(everSeen?.filter((largest) => largest === 0).length).toBeLessThan(100);
  const mean = pooled.flatMap((row) => [...row]).reduce((sum, v) => sum + v / (6 * 1024), 0);
  expect(mean).toBeGreaterThan(0.1);
  expect(mean).toBeLessThan(10);
  const spread = encoded[0]?.raw.map((_, k) => {
    const scores = encoded.map(({ raw }) => raw[k] as number);
    return Math.max(...scores) - Math.min(...scores);
  });
  expect(Math.max(...(spread ?? []))).toBeGreaterThan(0.05);
});

test('the pooled features are the mean of the map after its ReLU, and batches do not mix', async () => {
  const views = Array.from({ length: 5 }, (_, seed) => chest(seed));
  const together = await encoder.encode(views);
  const [alone] = await encoder.encode([views[3] as ViewInput]);
  together[3]?.pooled.forEach((value, channel) => {
    expect(value).toBeCloseTo(alone?.pooled[channel] as number, 4);
    const map = together[3]?.map.subarray(channel * 49, (channel + 1) * 49) ?? [];
    expect(value).toBeCloseTo([...map].reduce((sum, v) => sum + Math.max(0, v), 0) / 49, 3);
  });
  expect(together.map(({ view }) => view)).toEqual(views);
});

test('equal seeds give equal encoders, other seeds others; a closed one says so', async () => {
  await using same = await loadEncoder({ randomSeed: 7 }, { threads: 1 });
  expect(same.hash).toBe(encoder.hash);
  const [a] = await encoder.encode([chest(1)]);
  const [b] = await same.encode([chest(1)]);
  a?.raw.forEach((score, k) => {
    expect(score).toBeCloseTo(b?.raw[k] as number, 3);
  });
  const other = await loadEncoder({ randomSeed: 8 });
  expect(other.hash).not.toBe(encoder.hash);
  await other[Symbol.asyncDispose]();
  await expect(other.encode([chest(1)])).rejects.toThrow(/encoder: this session was closed/);
});

test.each([
  ['[-1, 1]', (v: number) => v / 1024, /span at least 512 of \[-1024, 1024\], got \[-1\.0, /],
  ['[0, 1]', (v: number) => (v / 1024 + 1) / 2, /span at least 512 .* got \[0\.0, /],
  ['[0, 255]', (v: number) => (255 * (v / 1024 + 1)) / 2, /span at least 512 .* got \[0\.0, /],
  [
    '[0, 4095]',
    (v: number) => (4095 * (v / 1024 + 1)) / 2,
    /expected pixels in \[-1024, 1024\], got \[0\.0, /,
  ],
  ['one value', () => 100, /span at least 512 .* got \[100\.0, 100\.0\]/],
  ['NaN', (v: number, i: number) => (i === 5000 ? Number.NaN : v), /expected finite pixels, got NaN/],
])('pixels in %s are refused', async (_, change, message) => {
  const view = changed(chest(1), change);
  expect(() => checkPixels(view)).toThrow(message);
  await expect(encoder.encode([chest(2), view])).rejects.toMatchObject({ code: 'ENCODER', message });
});

test('too few pixels are refused', async () => {
  const view = { ...chest(1), pixels: new Float32Array(100) };
  await expect(encoder.encode([view])).rejects.toThrow(/chest 1: expected 224 x 224 pixels, got 100/);
});

test('the same scores for different images are refused, for equal images they are not', () => {
  const scores = Float32Array.of(0.4, -0.2, 1);
  const guard = new ConstantOutputGuard();
  guard.check(chest(1), scores);
  guard.check(
    changed(chest(1), (v) => v * 0.999),
    scores,
  );
  expect(() => guard.check(chest(2), scores)).toThrow(
    /chest 2: expected scores that depend on the image, got the same 3 as for chest 1/,
  );
});

test('scores that differed once may repeat later', () => {
  const guard = new ConstantOutputGuard();
  guard.check(chest(1), Float32Array.of(0.4, -0.2));
  guard.check(chest(2), Float32Array.of(0.4, -0.1));
  guard.check(chest(3), Float32Array.of(0.4, -0.2));
});

test('a DICOM file that contradicts the projection it is used for is refused', async () => {
  const path = join(folder, 'lateral.dcm');
  const drawing = drawSide(1, 256);
  writeDicom(path, {
    rows: 256,
    columns: 256,
    pixels: Uint16Array.from(drawing, (value) => Math.round(4095 * value)),
    bitsStored: 12,
    patientId: 'P1',
    patientName: 'Phantom^One',
    studyInstanceUID: uidOf('study'),
    seriesInstanceUID: uidOf('series'),
    sopInstanceUID: uidOf('image'),
    studyDate: '20260102',
    studyTime: '030405',
    accessionNumber: 'A1',
    seriesNumber: 1,
    seriesDescription: 'CHEST LAT',
    viewPosition: 'LL',
    pixelSpacingMm: 1.5,
    manufacturer: 'LLaMA-XR',
    model: 'drawing',
  });
  await expect(readView(path, 'frontal')).rejects.toMatchObject({
    code: 'ENCODER',
    message: expect.stringMatching(
      /lateral\.dcm: expected a frontal view, got .*ViewPosition LL says lateral/,
    ),
  });
  const view = await readView(path, 'lateral');
  await expect(encoder.encode([view])).resolves.toHaveLength(1);
});

test('swapped views are warned of, views in their places are not', () => {
  for (let seed = 0; seed < 5; seed++) {
    expect(projectionWarnings([chest(seed), side(seed)])).toEqual([]);
    expect(projectionWarnings([chest(seed)])).toEqual([]);
    expect(projectionWarnings([side(seed)])).toEqual([]);
    const swapped = [used(side(seed), 'frontal'), used(chest(seed), 'lateral')];
    expect(projectionWarnings(swapped)).toEqual([expect.stringMatching(/may be swapped \(frontal look/)]);
    expect(projectionWarnings(swapped.slice(0, 1))).toEqual([expect.stringMatching(/but looks lateral/)]);
    expect(projectionWarnings(swapped.slice(1))).toEqual([expect.stringMatching(/but looks frontal/)]);
  }
});
