/** RLE Lossless (PS3.5 annex G): PackBits, one segment a byte of the container, most significant byte first. */
import { fail } from '@llama-xr/core';
import type { Containers, Frame } from '../dicom/pixels.ts';

const HEADER_BYTES = 64;

export function decodeRle({ bytes, rows, columns, bitsAllocated, name }: Frame): Containers {
  const segments = bitsAllocated / 8;
  if (bytes.length < HEADER_BYTES)
    fail('FILE_TRUNCATED', `${name}: RLE: expected a header of ${HEADER_BYTES} bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const declared = view.getUint32(0, true);
  if (declared !== segments)
    fail(
      'FILE_FORMAT',
      `${name}: RLE: expected ${segments} segments for ${bitsAllocated} bits, got ${declared}`,
    );
  const count = rows * columns;
  const planes = Array.from({ length: segments }, (_, i) => {
    const start = view.getUint32(4 + 4 * i, true);
    const end = i + 1 < segments ? view.getUint32(8 + 4 * i, true) : bytes.length;
    if (start < HEADER_BYTES || start > end || end > bytes.length)
      fail(
        'FILE_FORMAT',
        `${name}: RLE: segment ${i}: bytes ${start} to ${end} are not within ${bytes.length}`,
      );
    return unpackBits(bytes.subarray(start, end), count, name);
  });
  const [high, low] = planes as [Uint8Array, Uint8Array | undefined];
  return low === undefined ? high : Uint16Array.from(high, (byte, i) => (byte << 8) | (low[i] as number));
}

function unpackBits(bytes: Uint8Array, count: number, name: string): Uint8Array {
  const plane = new Uint8Array(count);
  let filled = 0;
  for (let i = 0; i < bytes.length && filled < count; ) {
    const control = bytes[i++] as number;
    if (control < 128) {
      const run = Math.min(control + 1, count - filled, bytes.length - i);
      plane.set(bytes.subarray(i, i + run), filled);
      i += control + 1;
      filled += run;
    } else if (control > 128) {
      const run = Math.min(257 - control, count - filled);
      plane.fill(bytes[i++] ?? 0, filled, filled + run);
      filled += run;
    }
  }
  if (filled < count) fail('FILE_TRUNCATED', `${name}: RLE: expected ${count} pixels, got ${filled}`);
  return plane;
}
