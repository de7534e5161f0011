/**
 * Pixel data to containers: one unsigned integer a pixel, as the transfer syntax codes it. Sizes that a compressed
 * stream declares for itself must equal those of the data set before a decoder sees it.
 */
import { fail } from '@llama-xr/core';
import { decodeJpeg } from '../codecs/jpeg.ts';
import { decodeRle } from '../codecs/rle.ts';
import { decodeJpeg2000, decodeJpegLs } from '../codecs/wasm.ts';
import { ALWAYS_FINE_PIXELS, MAX_PIXELS_A_BYTE } from '../limits.ts';
import type { DicomFile } from './file.ts';
import type { ImageDescription } from './image.ts';

/** [rows * columns] containers of 8 or 16 bits. */
export type Containers = Uint8Array | Uint16Array;

/** What a decoder is given: one compressed frame, and the size that it must have. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  /** Head of the error messages. */
  readonly name: string;
}

export async function decodePixels(
  file: DicomFile,
  image: ImageDescription,
  name: string,
): Promise<Containers> {
  const { vr, value, fragments } =
    file.dataSet.element('PixelData') ?? fail('FILE_FORMAT', `${name}: no PixelData`);
  const { rows, columns, bitsAllocated, bitsStored } = image;
  if (file.syntax.pixels === 'native') {
    if (fragments !== undefined)
      fail('FILE_FORMAT', `${name}: expected plain pixel data in ${file.syntax.name}, got fragments`);
    checkLength(value, image, name);
    return native(value, image, file.syntax.littleEndian, vr);
  }
  if (fragments === undefined || fragments.length === 0)
    fail('FILE_FORMAT', `${name}: expected pixel data in fragments (${file.syntax.name}), got none`);
  const bytes = fragments.length === 1 ? (fragments[0] as Uint8Array) : Buffer.concat(fragments);
  if (rows * columns > Math.max(ALWAYS_FINE_PIXELS, MAX_PIXELS_A_BYTE * bytes.length))
    fail('FILE_HOSTILE', `${name}: expected more than ${bytes.length} bytes for ${columns} x ${rows} pixels`);
  const frame: Frame = { bytes, rows, columns, bitsAllocated, bitsStored, name };
  switch (file.syntax.pixels) {
    case 'rle':
      return decodeRle(frame);
    case 'jpeg':
      return decodeJpeg(frame);
    case 'jpeg-ls':
      return decodeJpegLs(frame);
    case 'jpeg-2000':
      return decodeJpeg2000(frame);
  }
}

function checkLength(
  value: Uint8Array,
  { rows, columns, bitsAllocated }: ImageDescription,
  name: string,
): void {
  const expected = (rows * columns * bitsAllocated) / 8;
  if (value.length < expected)
    fail('FILE_TRUNCATED', `${name}: PixelData: expected ${expected} bytes, got ${value.length}`);
}

function native(value: Uint8Array, image: ImageDescription, littleEndian: boolean, vr: string): Containers {
  const count = image.rows * image.columns;
  // Bytes in big-endian words stand in swapped pairs (PS3.5 section 8.1.1).
  if (image.bitsAllocated === 8 && !littleEndian && vr === 'OW')
    return value.slice(0, count).map((_, i) => value[i ^ 1] ?? 0);
  if (image.bitsAllocated === 8) return value.subarray(0, count);
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const containers = new Uint16Array(count);
  for (let i = 0; i < count; i++) containers[i] = view.getUint16(2 * i, littleEndian);
  return containers;
}
