/** Hostile and damaged DICOM: whatever the bytes, the answer is a radiograph or an error of ours, soon, in little memory. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateRawSync } from 'node:zlib';
import { LlamaXrError, Random } from '@llama-xr/core';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { DataSet } from './dicom/data-set.ts';
import { parseDicom } from './dicom/file.ts';
import { describeImage, storedValues } from './dicom/image.ts';
import { TAGS } from './dicom/tags.ts';
import { uidOf, writeDicom } from './dicom/write.ts';
import { readRadiograph } from './radiograph.ts';

const DATA = process.env.LLAMA_XR_DATA ?? '';
const folder = mkdtempSync(join(tmpdir(), 'llama-xr-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'x.dcm');
writeDicom(path, {
  rows: 8,
  columns: 8,
  pixels: Uint16Array.from({ length: 64 }, (_, i) => 64 * i),
  bitsStored: 12,
  patientId: 'P',
  patientName: 'P',
  studyInstanceUID: uidOf('s'),
  seriesInstanceUID: uidOf('r'),
  sopInstanceUID: uidOf('i'),
  studyDate: '20260102',
  studyTime: '030405',
  accessionNumber: 'A',
  seriesNumber: 1,
  seriesDescription: '',
  viewPosition: 'PA',
  pixelSpacingMm: 1,
  manufacturer: 'm',
  model: 'm',
});
const whole = readFileSync(path);

async function readBytes(bytes: Uint8Array): Promise<'read' | LlamaXrError> {
  writeFileSync(path, bytes);
  try {
    await readRadiograph(path);
    return 'read';
  } catch (error) {
    if (error instanceof LlamaXrError) return error;
    throw error;
  }
}

/** Past the check of the modality, which would spare the decoders. */
async function decode(bytes: Uint8Array): Promise<void> {
  try {
    const file = parseDicom(bytes, 'x.dcm');
    await storedValues(file, describeImage(file, 'x.dcm'), 'x.dcm');
  } catch (error) {
    if (!(error instanceof LlamaXrError)) throw error;
  }
}

/** The file with one element's value replaced by others, found by its tag in explicit little endian. */
function withShort(tag: number, value: number, bytes: Buffer = whole): Buffer {
  const copy = Buffer.from(bytes);
  const head = Buffer.alloc(4);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  copy.writeUInt16LE(value, copy.indexOf(head) + 8);
  return copy;
}

const element = (group: number, number: number, vr: string, length: number) => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(group, 0);
  bytes.writeUInt16LE(number, 2);
  bytes.write(vr, 4, 'latin1');
  bytes.writeUInt32LE(length, 8);
  return bytes;
};
const headless = whole.subarray(0, whole.indexOf(Buffer.from([0x08, 0x00, 0x08, 0x00])));

test('cut short, the file is refused', async () => {
  for (let length = 0; length < whole.length; length += 3) {
    const answer = await readBytes(whole.subarray(0, length));
    expect(answer, `${length} bytes`).toBeInstanceOf(LlamaXrError);
  }
  expect(await readBytes(whole)).toBe('read');
});

test('with any bytes changed, it is read or refused', async () => {
  const change = fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) bytes[at] = value;
      await readBytes(bytes);
    }),
    { seed: 3407, numRuns: 500 },
  );
});

test.each([
  ['rows beyond the pixels', withShort(0x00280010, 9), /PixelData: expected 144 bytes, got 128/],
  [
    '65535 x 65535 pixels',
    withShort(0x00280010, 65535, withShort(0x00280011, 65535)),
    /expected at most 50000000 pixels, got 65535 x 65535/,
  ],
  ['no rows', withShort(0x00280010, 0), /Rows x Columns: expected at least 1 x 1, got 0 x 8/],
  ['bits stored above those allocated', withShort(0x00280101, 17), /BitsStored: expected 1 to 16, got 17/],
  ['a high bit below the stored ones', withShort(0x00280102, 3), /HighBit: expected 11 to 15, got 3/],
  ['three samples', withShort(0x00280002, 3), /SamplesPerPixel: expected 1, got 3/],
  [
    '4 GB of pixels',
    Buffer.concat([headless, element(0x7fe0, 0x10, 'OW', 0xfffffffe)]),
    /takes 4294967294 bytes, 0 are left/,
  ],
  [
    'deep nesting',
    Buffer.concat([
      headless,
      ...Array.from({ length: 50 }, () => [
        element(0x0040, 0x0275, 'SQ', 0xffffffff),
        Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff]),
      ]).flat(),
    ]),
    /nest deeper than 16/,
  ],
  [
    'a million elements',
    Buffer.concat([headless, Buffer.alloc(8 * 1_000_000, Buffer.from([0x11, 0, 0x11, 0, 0x53, 0x48, 0, 0]))]),
    /more than 250000 data elements/,
  ],
] as const)('%s', async (_, bytes, message) => {
  const answer = await readBytes(bytes);
  expect(answer).toBeInstanceOf(LlamaXrError);
  expect((answer as LlamaXrError).message).toMatch(message);
});

test('a small compressed frame that claims 40 megapixels is refused before decoding', async () => {
  const { syntax, dataSet } = parseDicom(whole, 'x.dcm');
  const compressed = {
    syntax: { ...syntax, pixels: 'jpeg-2000' as const },
    dataSet: new DataSet(
      new Map([[TAGS.PixelData[0], { tag: TAGS.PixelData[0], vr: 'OB', value: whole, fragments: [whole] }]]),
      true,
      'x.dcm',
    ),
  };
  const image = { ...describeImage({ syntax, dataSet }, 'x.dcm'), rows: 8000, columns: 5000 };
  await expect(storedValues(compressed, image, 'x.dcm')).rejects.toThrow(
    `expected more than ${whole.length} bytes for 5000 x 8000 pixels`,
  );
});

test('a deflate bomb is refused', async () => {
  const bytes = Buffer.from(
    headless.toString('latin1').replace('1.2.840.10008.1.2.1\0', '1.2.840.10008.1.2.1.99'),
    'latin1',
  );
  // The UID grew by two bytes: its length field is the last before it.
  bytes.writeUInt16LE(22, bytes.indexOf('1.2.840.10008.1.2.1.99') - 2);
  const piece = deflateRawSync(Buffer.alloc(2 ** 20), { finishFlush: constants.Z_FULL_FLUSH });
  const answer = await readBytes(Buffer.concat([bytes, ...Array.from({ length: 257 }, () => piece)]));
  expect((answer as LlamaXrError).code).toBe('FILE_HOSTILE');
});

const STREAMS = [
  'cornerstone/CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm',
  'pydicom_data/JLSL_16_15_1_1F.dcm',
  'pydicom_data/JPGLosslessP14SV1_1s_1f_8b.dcm',
  'pydicom/test_files/MR_small_RLE.dcm',
  'rsna/Fake_MONOHR1.dcm',
];

test.skipIf(DATA === '').each(STREAMS)(
  'damaged pixel data of %s is read or refused (needs LLAMA_XR_DATA)',
  async (file) => {
    const bytes = readFileSync(join(DATA, 'dicom', file));
    const random = new Random(file);
    const start = bytes.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
    for (let round = 0; round < 12; round++) {
      const damaged = Buffer.from(bytes);
      const end = round % 3 === 0 ? start + random.int(bytes.length - start) : bytes.length;
      for (let i = 0; i < 4; i++)
        damaged[start + 12 + random.int(round % 2 === 0 ? 200 : bytes.length - start - 12)] = random.int(256);
      await decode(damaged.subarray(0, end));
    }
  },
);
