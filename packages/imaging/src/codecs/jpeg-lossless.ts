/**
 * JPEG lossless, sequential, Huffman coded (ITU-T T.81 annex H, process 14), one component of 2 to 16 bits. Each
 * sample is predicted from its neighbours (a left, b above, c above left) and the difference is coded.
 */
import { fail } from '@llama-xr/core';
import type { Containers, Frame } from '../dicom/pixels.ts';
import type { HuffmanTable, JpegHeader } from './jpeg-header.ts';

type Predictor = (a: number, b: number, c: number) => number;

/** Table H.1, by selection value. */
const PREDICTORS: readonly (Predictor | undefined)[] = [
  undefined,
  (a) => a,
  (_, b) => b,
  (_, __, c) => c,
  (a, b, c) => a + b - c,
  (a, b, c) => a + ((b - c) >> 1),
  (a, b, c) => b + ((a - c) >> 1),
  (a, b) => (a + b) >> 1,
];

/** Decodes the scan that `header` describes. @throws LlamaXrError FILE_FORMAT, FILE_TRUNCATED. */
export function decodeLossless(frame: Frame, header: JpegHeader): Containers {
  const { name, bitsAllocated, columns, rows, bytes } = frame;
  const bad = (what: string): never => fail('FILE_FORMAT', `${name}: JPEG lossless: ${what}`);
  if (header.precision < 2 || header.precision > bitsAllocated)
    bad(`expected 2 to ${bitsAllocated} bits, got ${header.precision}`);
  const [, , destination = 0, selection = 0, , transform = 0] = header.scan;
  const predictor = PREDICTORS[selection] ?? bad(`expected predictor 1 to 7, got ${selection}`);
  const table = header.tables.get(destination >> 4) ?? bad(`Huffman table ${destination >> 4} is missing`);
  const shift = transform & 15;
  if (shift >= header.precision) bad(`expected a point transform below ${header.precision}, got ${shift}`);
  if (header.restartInterval % columns !== 0)
    bad(`expected a restart interval of whole rows of ${columns}, got ${header.restartInterval}`);

  const reader = new DifferenceReader(bytes.subarray(header.scanStart), table, name);
  const samples = predict(reader, header, { rows, columns, shift, predictor });
  return bitsAllocated === 8 ? new Uint8Array(samples) : samples;
}

function predict(
  reader: DifferenceReader,
  { precision, restartInterval }: JpegHeader,
  { rows, columns, shift, predictor }: { rows: number; columns: number; shift: number; predictor: Predictor },
): Uint16Array {
  const samples = new Uint16Array(rows * columns);
  const restartRows = restartInterval / columns;
  const middle = 1 << (precision - shift - 1);
  for (let y = 0, at = 0; y < rows; y++) {
    const restart = restartRows > 0 && y > 0 && y % restartRows === 0;
    if (restart) reader.restart();
    const first = y === 0 || restart;
    for (let x = 0; x < columns; x++, at++) {
      const left = samples[at - 1] as number;
      const above = samples[at - columns] as number;
      let prediction: number;
      if (first) prediction = x === 0 ? middle : left;
      else if (x === 0) prediction = above;
      else prediction = predictor(left, above, samples[at - columns - 1] as number);
      samples[at] = prediction + reader.next();
    }
  }
  return shift === 0 ? samples : samples.map((sample) => sample << shift);
}

/** Entropy-coded differences of one scan: Huffman code of the bit count, then the bits (F.1.2.1, H.1.2.2). */
class DifferenceReader {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  /** By the next 16 bits: length << 8 | symbol; 0 where no code begins so. */
  readonly #lookup: Uint16Array;
  #offset = 0;
  #bits = 0;
  #available = 0;
  #padded = 0;

  constructor(bytes: Uint8Array, table: HuffmanTable, name: string) {
    this.#bytes = bytes;
    this.#name = name;
    this.#lookup = lookupTable(table);
  }

  next(): number {
    this.#fill(16);
    const entry = this.#lookup[(this.#bits >>> (this.#available - 16)) & 0xffff] as number;
    const length = entry >> 8;
    const size = entry & 0xff;
    if (length === 0 || size > 16)
      fail('FILE_FORMAT', `${this.#name}: JPEG lossless: a Huffman code is not in its table`);
    this.#available -= length;
    if (size === 0) return 0;
    if (size === 16) return 0x8000;
    this.#fill(size);
    this.#available -= size;
    const value = (this.#bits >>> this.#available) & ((1 << size) - 1);
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** Drops the bits up to the next marker and passes it. */
  restart(): void {
    this.#available = 0;
    this.#padded = 0;
    const { length } = this.#bytes;
    while (this.#offset < length && !this.#atMarker()) this.#offset++;
    this.#offset += 2;
  }

  #atMarker(): boolean {
    return this.#bytes[this.#offset] === 0xff && this.#bytes[this.#offset + 1] !== 0;
  }

  #fill(need: number): void {
    while (this.#available < need) {
      let byte = 0;
      if (this.#offset < this.#bytes.length && !this.#atMarker()) {
        byte = this.#bytes[this.#offset++] as number;
        if (byte === 0xff) this.#offset++;
      } else if (++this.#padded > 4) {
        // A peek may look a little past the end; whole samples may not come from there.
        fail('FILE_TRUNCATED', `${this.#name}: JPEG lossless: the stream ends before its last pixel`);
      }
      this.#bits = (this.#bits << 8) | byte;
      this.#available += 8;
    }
  }
}

function lookupTable({ counts, symbols }: HuffmanTable): Uint16Array {
  const lookup = new Uint16Array(0x10000);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    for (let i = 0; i < (counts[length - 1] as number); i++, index++) {
      const from = code << (16 - length);
      lookup.fill((length << 8) | (symbols[index] as number), from, from + (1 << (16 - length)));
      code++;
    }
    code <<= 1;
  }
  return lookup;
}
