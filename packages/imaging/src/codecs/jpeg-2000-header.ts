/** The SIZ marker of a JPEG 2000 codestream (ITU-T T.800 A.5.1): what the stream will decode to. */
import { fail } from '@llama-xr/core';
import type { Frame } from '../dicom/pixels.ts';

const CODESTREAM_START = Buffer.from([0xff, 0x4f, 0xff, 0x51]);
const SIZ_BYTES = 42;
/** JP2 boxes may stand before the codestream; DICOM forbids them, writers do it anyway. */
const MAX_BOX_BYTES = 4096;
const MAX_TILES = 65_535;

/** @throws LlamaXrError FILE_FORMAT where the size, the components or the bits differ from the data set's. */
export function readJpeg2000Size({ bytes, rows, columns, bitsAllocated, name }: Frame): void {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_BOX_BYTES)).indexOf(
    CODESTREAM_START,
  );
  if (start < 0) fail('FILE_FORMAT', `${name}: JPEG 2000: expected a codestream (FF4F FF51)`);
  if (bytes.length < start + SIZ_BYTES)
    fail('FILE_TRUNCATED', `${name}: JPEG 2000: the stream ends in its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, SIZ_BYTES);
  const word = (index: number) => view.getUint32(8 + 4 * index);
  const width = word(0) - word(2);
  const height = word(1) - word(3);
  const components = view.getUint16(40);
  if (width !== columns || height !== rows || components !== 1)
    fail(
      'FILE_FORMAT',
      `${name}: JPEG 2000: expected ${columns} x ${rows} in 1 component, got ${width} x ${height} in ${components}`,
    );
  const tiles = Math.ceil(width / word(4)) * Math.ceil(height / word(5));
  if (!(tiles <= MAX_TILES))
    fail('FILE_HOSTILE', `${name}: JPEG 2000: expected at most ${MAX_TILES} tiles, got ${tiles}`);
  const bits = ((bytes[start + SIZ_BYTES] ?? 0) & 0x7f) + 1;
  if (bits > bitsAllocated)
    fail('FILE_FORMAT', `${name}: JPEG 2000: expected at most ${bitsAllocated} bits, got ${bits}`);
}
