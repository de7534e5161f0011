import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeStudies, type StudyToEncode } from './encode-studies.ts';
import { type Encoder, loadEncoder } from './encoder.ts';
import { readFeatures } from './features-file.ts';
import { frontalLook } from './projection.ts';
import { readView } from './view-input.ts';

const data = process.env.LLAMA_XR_DATA;
const folder = mkdtempSync(join(tmpdir(), 'llama-xr-real-'));
let encoder: Encoder;
beforeAll(async () => {
  if (data) encoder = await loadEncoder({ randomSeed: 7 });
}, 60_000);
afterAll(async () => {
  if (data) await encoder[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const iu = (name: string) => join(data as string, 'iu-xray/images', name);
const IU_PAIRS = [
  ['CXR7_IM-2263-1001.png', 'CXR7_IM-2263-2001.png'],
  ['CXR54_IM-2145-1001.png', 'CXR54_IM-2145-1002.png'],
  ['CXR1900_IM-0584-1001.png', 'CXR1900_IM-0584-2001.png'],
] as const;

const RSNA = 'dicom/rsna/1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819.dcm';
const INVERTED = 'dicom/rsna/Fake_MONOHR1.dcm';

/** The three IU pairs, RSNA's DICOM film, and every 40th film of Hannover. */
function studies(): StudyToEncode[] {
  const root = data as string;
  const hannover = readdirSync(join(root, 'hannover/png')).filter((_, i) => i % 40 === 0);
  const frontal = (id: string, path: string): StudyToEncode => ({
    id,
    views: [{ path: join(root, path), projection: 'frontal' }],
  });
  return [
    ...IU_PAIRS.map(([f, l]) => ({
      id: f,
      views: [
        { path: iu(f), projection: 'frontal' as const },
        { path: iu(l), projection: 'lateral' as const },
      ],
    })),
    frontal('rsna', RSNA),
    ...hannover.map((name) => frontal(name, `hannover/png/${name}`)),
  ];
}

test.skipIf(!data)(
  'IU pairs, RSNA DICOM and Hannover films go through the encoder (needs LLAMA_XR_DATA)',
  async () => {
    const out = join(folder, 'features.safetensors');
    const list = studies();
    await encodeStudies(list, encoder, out);
    const { ids, frontal, lateral, origin } = readFeatures(out);
    expect(ids).toHaveLength(list.length);
    expect([...frontal.present]).toEqual(ids.map(() => 1));
    expect([...lateral.present]).toEqual(ids.map((_, i) => Number(i < IU_PAIRS.length)));
    expect(frontal.pooled.every(Number.isFinite)).toBe(true);
    expect(origin.notices[0]).toMatch(/random-weight DenseNet-121 \(seed 7\)/);
    expect(origin.warnings.filter((warning) => warning.includes('iu-xray'))).toEqual([]);
    const rows = ids.map((_, i) => frontal.raw.subarray(i * 18, (i + 1) * 18).join());
    expect(new Set(rows).size).toBe(ids.length);
  },
);

test.skipIf(!data)('a MONOCHROME1 film is inverted (needs LLAMA_XR_DATA)', async () => {
  const film = await readView(join(data as string, RSNA), 'frontal');
  const twin = await readView(join(data as string, INVERTED), 'frontal');
  // Both files hold the same stored values, so that one is the photographic negative of the other.
  const sum = film.pixels.map((v, i) => v + (twin.pixels[i] as number));
  expect(Math.max(...sum.map(Math.abs))).toBeLessThan(1);
  await expect(readView(join(data as string, RSNA), 'lateral')).rejects.toThrow(
    /ViewPosition PA says frontal/,
  );
});

test.skipIf(!data)('each IU pair shows which view is the frontal one (needs LLAMA_XR_DATA)', async () => {
  for (const [f, l] of IU_PAIRS) {
    const frontal = frontalLook((await readView(iu(f), 'frontal')).pixels);
    const lateral = frontalLook((await readView(iu(l), 'lateral')).pixels);
    expect(frontal, f).toBeGreaterThan(1);
    expect(lateral, l).toBeLessThan(0.55);
  }
});

test.skipIf(!data)('a real film scaled to [-1, 1] is refused (needs LLAMA_XR_DATA)', async () => {
  const view = await readView(iu(IU_PAIRS[0][0]), 'frontal');
  const wrong = { ...view, pixels: view.pixels.map((v) => v / 1024) };
  await expect(encoder.encode([wrong])).rejects.toThrow(/span at least 512/);
});
