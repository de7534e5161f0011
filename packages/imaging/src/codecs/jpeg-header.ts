/** Markers of a JPEG stream (ITU-T T.81 annex B, T.87 for JPEG-LS) up to its first scan. */
import { fail } from '@llama-xr/core';
import type { Frame } from '../dicom/pixels.ts';

export interface HuffmanTable {
  /** Codes of each length, 1 to 16 bits. */
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
}

export interface JpegHeader {
  /** Which SOF marker, 0xC0 ... 0xCF or 0xF7 (JPEG-LS). */
  readonly process: number;
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  /** By destination, 0 to 3, of DC (lossless) class. */
  readonly tables: ReadonlyMap<number, HuffmanTable>;
  /** MCUs between restart markers; 0 for none. */
  readonly restartInterval: number;
  /** Of the first scan: header bytes after its length, and where its entropy-coded data starts. */
  readonly scan: Uint8Array;
  readonly scanStart: number;
}

const START_OF_IMAGE = 0xd8;
const DEFINE_HUFFMAN = 0xc4;
const DEFINE_RESTART = 0xdd;
const START_OF_SCAN = 0xda;

const isFrame = (marker: number) =>
  marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker));

/** @throws LlamaXrError FILE_FORMAT, FILE_TRUNCATED; FILE_FORMAT too where size or components differ from the data set's. */
export function readJpegHeader({ bytes, rows, columns, name }: Frame): JpegHeader {
  const bad = (what: string): never => fail('FILE_FORMAT', `${name}: JPEG: ${what}`);
  if (bytes[0] !== 0xff || bytes[1] !== START_OF_IMAGE) bad('expected a start-of-image marker');
  const tables = new Map<number, HuffmanTable>();
  let frame: Pick<JpegHeader, 'process' | 'precision' | 'rows' | 'columns' | 'components'> | undefined;
  let restartInterval = 0;
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = bytes[at + 1] as number;
    if (bytes[at] !== 0xff) bad(`expected a marker at byte ${at}`);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length)
      fail(
        'FILE_TRUNCATED',
        `${name}: JPEG: segment ${marker.toString(16)} takes ${length} bytes, ${bytes.length - at - 2} are left`,
      );
    const segment = bytes.subarray(at + 4, end);
    if (isFrame(marker)) {
      frame = readFrame(marker, segment);
      if (frame.rows !== rows || frame.columns !== columns || frame.components !== 1)
        bad(
          `expected ${columns} x ${rows} in 1 component, got ${frame.columns} x ${frame.rows} in ${frame.components}`,
        );
    } else if (marker === DEFINE_HUFFMAN) readTables(segment, tables, bad);
    else if (marker === DEFINE_RESTART) restartInterval = ((segment[0] ?? 0) << 8) | (segment[1] ?? 0);
    else if (marker === START_OF_SCAN) {
      if (frame === undefined) return bad('a scan starts before its frame header');
      return { ...frame, tables, restartInterval, scan: segment, scanStart: end };
    }
    at = end;
  }
  return fail('FILE_TRUNCATED', `${name}: JPEG: the stream ends before its first scan`);
}

function readFrame(process: number, segment: Uint8Array) {
  const word = (i: number) => ((segment[i] ?? 0) << 8) | (segment[i + 1] ?? 0);
  return {
    process,
    precision: segment[0] ?? 0,
    rows: word(1),
    columns: word(3),
    components: segment[5] ?? 0,
  };
}

function readTables(
  segment: Uint8Array,
  tables: Map<number, HuffmanTable>,
  bad: (what: string) => never,
): void {
  for (let at = 0; at < segment.length; ) {
    const target = segment[at] as number;
    const counts = segment.slice(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (counts.length < 16 || total > 256 || at + 17 + total > segment.length)
      bad('a Huffman table is damaged');
    if (target < 16) tables.set(target, { counts, symbols: segment.slice(at + 17, at + 17 + total) });
    at += 17 + total;
  }
}
