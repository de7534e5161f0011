/**
 * The image pixel description of a DICOM data set (PS3.3 C.7.6.3), checked before anything is decoded, and its stored
 * values. Reads one frame of one sample a pixel, 8 or 16 bits allocated: what a radiograph is. Colour, cine, masks
 * and dose grids are refused.
 */
import { fail } from '@llama-xr/core';
import { MAX_PIXELS } from '../limits.ts';
import type { DataSet } from './data-set.ts';
import type { DicomFile } from './file.ts';
import { decodePixels } from './pixels.ts';
import type { Keyword } from './tags.ts';

export interface ImageDescription {
  readonly rows: number;
  readonly columns: number;
  readonly photometricInterpretation: 'MONOCHROME1' | 'MONOCHROME2';
  readonly bitsAllocated: 8 | 16;
  /** 1 to bitsAllocated. */
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
}

/** @throws LlamaXrError FILE_UNSUPPORTED or FILE_FORMAT, naming the attribute, the rule and the value. */
export function describeImage({ dataSet }: DicomFile, name: string): ImageDescription {
  if (dataSet.element('PixelData') === undefined)
    fail(
      'FILE_UNSUPPORTED',
      `${name}: expected an image, got ${dataSet.text('Modality') ?? 'a file'} without PixelData`,
    );
  const photometricInterpretation = dataSet.text('PhotometricInterpretation');
  if (photometricInterpretation !== 'MONOCHROME1' && photometricInterpretation !== 'MONOCHROME2')
    fail(
      'FILE_UNSUPPORTED',
      `${name}: PhotometricInterpretation: expected MONOCHROME1 or MONOCHROME2, got ${photometricInterpretation ?? 'none'}`,
    );
  const samples = dataSet.number('SamplesPerPixel') ?? 1;
  if (samples !== 1) fail('FILE_UNSUPPORTED', `${name}: SamplesPerPixel: expected 1, got ${samples}`);
  const frames = dataSet.number('NumberOfFrames') ?? 1;
  if (frames !== 1) fail('FILE_UNSUPPORTED', `${name}: NumberOfFrames: expected 1, got ${frames}`);
  return { ...sizeOf(dataSet, name), ...bitsOf(dataSet, name), photometricInterpretation };
}

function sizeOf(dataSet: DataSet, name: string): { rows: number; columns: number } {
  const rows = required(dataSet, 'Rows', name);
  const columns = required(dataSet, 'Columns', name);
  if (rows < 1 || columns < 1)
    fail('FILE_FORMAT', `${name}: Rows x Columns: expected at least 1 x 1, got ${rows} x ${columns}`);
  if (rows * columns > MAX_PIXELS)
    fail(
      'FILE_HOSTILE',
      `${name}: Rows x Columns: expected at most ${MAX_PIXELS} pixels, got ${rows} x ${columns}`,
    );
  return { rows, columns };
}

function bitsOf(dataSet: DataSet, name: string) {
  const bitsAllocated = required(dataSet, 'BitsAllocated', name);
  if (bitsAllocated !== 8 && bitsAllocated !== 16)
    fail('FILE_UNSUPPORTED', `${name}: BitsAllocated: expected 8 or 16, got ${bitsAllocated}`);
  const bitsStored = dataSet.number('BitsStored') ?? bitsAllocated;
  if (bitsStored < 1 || bitsStored > bitsAllocated)
    fail('FILE_FORMAT', `${name}: BitsStored: expected 1 to ${bitsAllocated}, got ${bitsStored}`);
  const highBit = dataSet.number('HighBit') ?? bitsStored - 1;
  if (highBit < bitsStored - 1 || highBit >= bitsAllocated)
    fail(
      'FILE_FORMAT',
      `${name}: HighBit: expected ${bitsStored - 1} to ${bitsAllocated - 1}, got ${highBit}`,
    );
  return { bitsAllocated, bitsStored, highBit, signed: dataSet.number('PixelRepresentation') === 1 } as const;
}

function required(dataSet: DataSet, keyword: Keyword, name: string): number {
  return dataSet.number(keyword) ?? fail('FILE_FORMAT', `${name}: ${keyword} is missing`);
}

/**
 * The stored values of the image, [rows, columns], in the range of its bits: [0, 2^bits) unsigned,
 * [-2^(bits-1), 2^(bits-1)) signed.
 * @throws LlamaXrError FILE_TRUNCATED, FILE_FORMAT, FILE_UNSUPPORTED.
 */
export async function storedValues(
  file: DicomFile,
  image: ImageDescription,
  name: string,
): Promise<Int32Array> {
  const containers = await decodePixels(file, image, name);
  // Compressed streams carry the value itself; native containers may hold it above or below other bits.
  const shift =
    file.syntax.pixels === 'native' || file.syntax.pixels === 'rle'
      ? image.highBit + 1 - image.bitsStored
      : 0;
  const up = 32 - image.bitsStored;
  const values = new Int32Array(containers.length);
  for (let i = 0; i < values.length; i++) {
    const atTop = ((containers[i] as number) >> shift) << up;
    values[i] = image.signed ? atTop >> up : atTop >>> up;
  }
  return values;
}
