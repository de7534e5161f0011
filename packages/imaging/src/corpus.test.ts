/**
 * All 317 files of the DICOM corpus against pydicom: equal stored values and equal gray, or the refusal that the first
 * broken rule calls for. Golden values: reference/imaging.py.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LlamaXrError, sha256 } from '@llama-xr/core';
import { describe, expect, test } from 'vitest';
import { parseDicom } from './dicom/file.ts';
import { toGrayscale } from './dicom/grayscale.ts';
import { describeImage, storedValues } from './dicom/image.ts';
import corpus from './golden/corpus.json' with { type: 'json' };
import { readRadiograph } from './radiograph.ts';

interface Verdict {
  rule: string;
  size?: number[];
  stored?: string;
  sum?: number;
  range?: string;
  shown?: number[];
  mean?: number;
}

const DATA = process.env.LLAMA_XR_DATA ?? '';
const files = Object.entries(corpus.files as Record<string, Verdict>);

/** What our error says where a rule is broken. */
const REFUSAL: Record<string, RegExp> = {
  'not DICOM': /expected (DICOM, PNG or JPEG|a DICOM file)/,
  'no transfer syntax': /TransferSyntaxUID \(0002,0010\) is missing/,
  'transfer syntax': /expected a transfer syntax that is read here, got/,
  'no pixel data': /expected an image, got .* without PixelData/,
  colour: /PhotometricInterpretation: expected MONOCHROME1 or MONOCHROME2, got/,
  frames: /NumberOfFrames: expected 1, got/,
  bits: /BitsAllocated: expected 8 or 16, got/,
  damaged: /takes \d+ bytes, \d+ are left|NumberOfFrames: expected a number/,
  modality: /Modality: expected a radiograph \(.*\), got [A-Z]+$/,
};

/**
 * Where we differ: pydicom drops without a word what is cut short (an element, an item longer than its sequence, fragments
 * without an end mark); here the first two are errors, and the third is looked at.
 */
const OTHERWISE: Record<string, string> = {
  'pydicom/test_files/rtplan_truncated.dcm': 'damaged',
  'pydicom/test_files/dicomdirtests/DICOMDIR-nooffset': 'damaged',
  'pydicom_data/emri_small_jpeg_2k_lossless_too_short.dcm': 'frames',
};

const probesOf = (pixels: Float32Array) =>
  Array.from({ length: 8 }, (_, i) => pixels[Math.floor((i * (pixels.length - 1)) / 7)] as number);

async function decode(path: string) {
  const file = parseDicom(readFileSync(path), path);
  const image = describeImage(file, path);
  const stored = await storedValues(file, image, path);
  return { image, stored, gray: toGrayscale(stored, image, file.dataSet, path) };
}

async function refusal(path: string): Promise<LlamaXrError> {
  const error = await readRadiograph(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error, path).toBeInstanceOf(LlamaXrError);
  return error as LlamaXrError;
}

describe.skipIf(DATA === '')('the DICOM corpus (needs LLAMA_XR_DATA)', () => {
  test('has the files that the golden values were made from', () => {
    const rows = readFileSync(join(DATA, 'dicom/index.csv'), 'utf8').trim().split('\n').length - 1;
    expect(files).toHaveLength(rows);
    const counts: Record<string, number> = {};
    for (const [, { rule }] of files) counts[rule] = (counts[rule] ?? 0) + 1;
    expect(counts).toEqual({
      read: 26,
      modality: 79,
      'no pixel data': 82,
      colour: 78,
      frames: 20,
      'not DICOM': 18,
      'transfer syntax': 6,
      bits: 5,
      damaged: 2,
      'no transfer syntax': 1,
    });
  });

  test('101 images decode to the values that pydicom gives', async () => {
    let decoded = 0;
    for (const [file, golden] of files.filter(([, { stored }]) => stored !== undefined)) {
      const { image, stored, gray } = await decode(join(DATA, 'dicom', file));
      const digest = sha256(new Uint8Array(stored.buffer)).slice(0, 16);
      expect({ file, size: [image.rows, image.columns], digest, range: gray.range }).toEqual({
        file,
        size: golden.size,
        digest: golden.stored,
        range: golden.range,
      });
      probesOf(gray.pixels).forEach((value, i) => {
        expect(value, `${file} probe ${i}`).toBeCloseTo(golden.shown?.[i] as number, 5);
      });
      expect(gray.pixels.reduce((a, b) => a + b, 0) / gray.pixels.length, file).toBeCloseTo(
        golden.mean as number,
        5,
      );
      decoded++;
    }
    expect(decoded).toBe(101);
  });

  test('26 radiographs are read whole', async () => {
    for (const [file, golden] of files.filter(([, { rule }]) => rule === 'read')) {
      const radiograph = await readRadiograph(join(DATA, 'dicom', file));
      expect([radiograph.height, radiograph.width], file).toEqual(golden.size);
    }
  });

  test('all others are refused, each by the rule it breaks', async () => {
    let refused = 0;
    for (const [file, golden] of files.filter(([, { rule }]) => rule !== 'read')) {
      const rule = OTHERWISE[file] ?? golden.rule;
      const path = join(DATA, 'dicom', file);
      const { message } = await refusal(path);
      expect(message, `${file}: ${rule}`).toMatch(REFUSAL[rule] as RegExp);
      expect(message.startsWith(`${path}: `), message).toBe(true);
      refused++;
    }
    expect(refused).toBe(291);
  });

  test('12-bit JPEG is refused by name', async () => {
    const path = join(DATA, 'dicom/pydicom/test_files/JPGExtended.dcm');
    await expect(decode(path)).rejects.toThrow(
      'expected 8-bit sequential or lossless coding, got 12-bit, SOF1',
    );
  });

  test('MONOCHROME1 is the inverse of MONOCHROME2', async () => {
    const folder = join(DATA, 'dicom/rsna');
    const upright = await readRadiograph(
      join(folder, '1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819.dcm'),
    );
    const inverse = await readRadiograph(join(folder, 'Fake_MONOHR1.dcm'));
    expect(upright.projection).toBe('frontal');
    expect(
      upright.pixels.every((value, i) => Math.abs(value + (inverse.pixels[i] as number) - 1) < 1e-6),
    ).toBe(true);
  });
});
