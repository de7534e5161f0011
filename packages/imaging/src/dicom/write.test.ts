import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readRadiograph } from '../radiograph.ts';
import { parseDicom } from './file.ts';
import { describeImage, storedValues } from './image.ts';
import { type DicomRadiograph, uidOf, writeDicom } from './write.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-write-'));
afterAll(() => rmSync(folder, { recursive: true }));

const radiograph: DicomRadiograph = {
  rows: 3,
  columns: 4,
  pixels: Uint16Array.of(0, 1, 2, 3, 1000, 2000, 3000, 4095, 4094, 4093, 7, 8),
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
  seriesDescription: 'CHEST PA',
  viewPosition: 'PA',
  pixelSpacingMm: 1.5,
  manufacturer: 'LLaMA-XR',
  model: 'phantom',
};

test('what is written is read back: values, range, view, spacing', async () => {
  const path = join(folder, 'frontal.dcm');
  writeDicom(path, radiograph);
  const file = parseDicom(readFileSync(path), path);
  const image = describeImage(file, path);
  expect([...(await storedValues(file, image, path))]).toEqual([...radiograph.pixels]);
  expect(file.dataSet.text('PatientID')).toBe('P1');
  expect(file.dataSet.text('StudyInstanceUID')).toBe(uidOf('study'));

  const read = await readRadiograph(path);
  expect(read).toMatchObject({
    width: 4,
    height: 3,
    bits: 12,
    projection: 'frontal',
    photometricInterpretation: 'MONOCHROME2',
    source: {
      format: 'dicom',
      modality: 'CR',
      viewPosition: 'PA',
      range: 'window',
      pixelSpacingMm: [1.5, 1.5],
    },
    remarks: [],
  });
  read.pixels.forEach((value, i) => {
    expect(value).toBeCloseTo((radiograph.pixels[i] as number) / 4095, 6);
  });
});

test('the lateral view says so', async () => {
  const path = join(folder, 'lateral.dcm');
  writeDicom(path, { ...radiograph, viewPosition: 'LL' });
  expect((await readRadiograph(path)).projection).toBe('lateral');
});

test('UIDs are valid, equal for equal texts, and differ for others', () => {
  expect(uidOf('a')).toMatch(/^2\.25\.[1-9]\d{0,38}$/);
  expect(uidOf('a')).toBe(uidOf('a'));
  expect(uidOf('a')).not.toBe(uidOf('b'));
});

test('pixels that do not fit are refused and nothing is left behind', () => {
  const before = readdirSync(folder);
  const path = join(folder, 'bad.dcm');
  expect(() => writeDicom(path, { ...radiograph, pixels: new Uint16Array(11) })).toThrow(
    'bad.dcm: expected 3 x 4 pixels, got 11',
  );
  expect(() => writeDicom(path, { ...radiograph, bitsStored: 10 })).toThrow(
    'expected pixels up to 1023, got 2000',
  );
  expect(readdirSync(folder)).toEqual(before);
});

test('8-bit pixels in big-endian words come in swapped pairs', async () => {
  const path = join(folder, 'big.dcm');
  writeDicom(path, radiograph);
  const file = parseDicom(readFileSync(path), path);
  const image = {
    ...describeImage(file, path),
    rows: 2,
    columns: 3,
    bitsAllocated: 8,
    bitsStored: 8,
    highBit: 7,
  } as const;
  const syntax = { ...file.syntax, littleEndian: false };
  // Words 0x0000, 0x0100, 0x0200 in little endian hold bytes 0, 0, 1, 0, 2, 0.
  const values = await storedValues({ ...file, syntax }, image, path);
  expect([...values]).toEqual([0, 0, 0, 1, 0, 2]);
});
