/**
 * The header of a GGUF file, version 2 or 3, little-endian (ggml/docs/gguf.md), read as hostile input: every count and
 * length is checked against the bytes that are left before anything is allocated for it.
 */
import { fail } from '@llama-xr/core';
import type { FileBytes } from './file-bytes.ts';
import { ForwardReader } from './forward-reader.ts';
import { GGML_TYPES, type GgmlType, ggmlByteLength, ggmlTypeOf } from './ggml-types.ts';
import { GGUF_VALUE_BYTES, GGUF_VALUE_TYPES, type GgufNumberType, type GgufValue } from './gguf-values.ts';
import { elementCount } from './tensor.ts';

export interface GgufTensor {
  readonly name: string;
  /** Row-major, outermost axis first: the reverse of ggml's own order. */
  readonly shape: readonly number[];
  readonly type: GgmlType;
  /** From the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

export interface GgufHeader {
  readonly version: number;
  readonly metadata: Map<string, GgufValue>;
  readonly tensors: Map<string, GgufTensor>;
}

/** "GGUF", little-endian. */
export const GGUF_MAGIC = 0x46554747;
export const DEFAULT_ALIGNMENT = 32;

const MAX_DIMENSIONS = 4;
const MAX_TENSORS = 2 ** 20;
const MAX_KEYS = 2 ** 16;
/** Llama 3's 280,147 merges are the longest list in use; a header that wants more than this is no model's. */
const MAX_ARRAY_LENGTH = 2 ** 24;
const MAX_STRING_BYTES = 2 ** 24;
/** Beyond any chat template, vocabulary and list of tensors; bounds the memory that a hostile file can claim. */
const MAX_HEADER_BYTES = 2 ** 28;

const VALUE_TYPE_NAMES = new Map<number, keyof typeof GGUF_VALUE_TYPES>(
  Object.entries(GGUF_VALUE_TYPES).map(([name, id]) => [id, name as keyof typeof GGUF_VALUE_TYPES]),
);

export function readGgufHeader(file: FileBytes): GgufHeader {
  const reader = new HeaderReader(file);
  if (file.size < 24 || reader.uint32('magic') !== GGUF_MAGIC) {
    fail('FILE_FORMAT', `${file.path}: expected a GGUF file, got one that does not begin with "GGUF"`);
  }
  const version = reader.uint32('version');
  if (version !== 2 && version !== 3) {
    const order = (version & 0xffff) === 0 ? ' (big-endian?)' : '';
    fail('FILE_UNSUPPORTED', `${file.path}: expected GGUF version 2 or 3, got ${version}${order}`);
  }
  // A tensor's entry takes at least 8 (name) + 4 (axes) + 4 (type) + 8 (offset) bytes, a key at least 8 + 4 + 1.
  const tensorCount = reader.count(24, 'number of tensors', MAX_TENSORS);
  const keyCount = reader.count(13, 'number of metadata keys', MAX_KEYS);
  const metadata = readMetadata(reader, keyCount);
  const entries = readEntries(reader, tensorCount);
  const alignment = readAlignment(file.path, metadata);
  const dataStart = Math.ceil(reader.position / alignment) * alignment;
  return { version, metadata, tensors: placeTensors(file, entries, dataStart, alignment) };
}

function readMetadata(reader: HeaderReader, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = reader.string(`metadata key ${i}`);
    if (metadata.has(key)) reader.refuse('FILE_FORMAT', `metadata key ${quote(key)} stands there twice`);
    metadata.set(key, reader.value(quote(key)));
  }
  return metadata;
}

type Entry = Omit<GgufTensor, 'byteLength'>;

function readEntries(reader: HeaderReader, count: number): Entry[] {
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    const name = reader.string(`name of tensor ${i}`);
    const what = `tensor ${quote(name)}`;
    const axes = reader.uint32(what);
    if (axes > MAX_DIMENSIONS) {
      reader.refuse('FILE_HOSTILE', `${what}: expected at most ${MAX_DIMENSIONS} axes, got ${axes}`);
    }
    const shape = Array.from({ length: axes }, () => reader.uint64(what)).reverse();
    const id = reader.uint32(what);
    const type =
      ggmlTypeOf(id) ??
      reader.refuse('FILE_UNSUPPORTED', `${what}: expected a tensor type of ggml, got type ${id}`);
    entries.push({ name, shape, type, offset: reader.uint64(what) });
  }
  return entries;
}

function readAlignment(path: string, metadata: ReadonlyMap<string, GgufValue>): number {
  const entry = metadata.get('general.alignment');
  if (entry === undefined) return DEFAULT_ALIGNMENT;
  const n = entry.value;
  if (entry.type === 'uint32' && typeof n === 'number' && n >= 1 && n <= 2 ** 20 && (n & (n - 1)) === 0)
    return n;
  fail(
    'FILE_FORMAT',
    `${path}: general.alignment: expected a power of two up to 2^20, got ${String(n).slice(0, 40)}`,
  );
}

/** Checks each tensor's shape, size and place; offsets in the file count from the start of the data. */
function placeTensors(file: FileBytes, entries: readonly Entry[], start: number, alignment: number) {
  const tensors = new Map<string, GgufTensor>();
  for (const entry of entries) {
    const what = `tensor ${quote(entry.name)}`;
    if (tensors.has(entry.name)) fail('FILE_FORMAT', `${file.path}: ${what} stands there twice`);
    const shape = `[${entry.shape.join(', ')}]`;
    const count =
      elementCount(entry.shape) ?? fail('FILE_HOSTILE', `${file.path}: ${what}: impossible shape ${shape}`);
    // A row is a whole number of blocks; a scalar is a row of one.
    const wholeRows = ggmlByteLength(entry.type, entry.shape.at(-1) ?? 1) !== undefined;
    const byteLength = wholeRows ? ggmlByteLength(entry.type, count) : undefined;
    if (byteLength === undefined) {
      const { block } = GGML_TYPES[entry.type];
      fail(
        'FILE_FORMAT',
        `${file.path}: ${what}: expected rows of whole ${entry.type} blocks (${block}), got ${shape}`,
      );
    }
    if (entry.offset % alignment !== 0) {
      fail(
        'FILE_FORMAT',
        `${file.path}: ${what}: expected a multiple of ${alignment} as offset, got ${entry.offset}`,
      );
    }
    file.check(start + entry.offset, byteLength, what);
    tensors.set(entry.name, { ...entry, offset: start + entry.offset, byteLength });
  }
  return tensors;
}

/** A name from a file, fit for one line of a message. */
function quote(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
}

/** The primitives of a header, each checked against what is left of the file. */
class HeaderReader {
  readonly #file: ForwardReader;

  constructor(file: FileBytes) {
    this.#file = new ForwardReader(file, 0, Math.min(file.size, MAX_HEADER_BYTES));
  }

  get position(): number {
    return this.#file.position;
  }

  refuse(code: 'FILE_FORMAT' | 'FILE_HOSTILE' | 'FILE_UNSUPPORTED', message: string): never {
    fail(code, `${this.#file.path}: ${message}`);
  }

  uint32(what: string): number {
    return this.#file.take(4, what).readUInt32LE();
  }

  /** @throws LlamaXrError FILE_HOSTILE for what a number cannot hold exactly. */
  uint64(what: string): number {
    const n = Number(this.#file.take(8, what).readBigUInt64LE());
    if (!Number.isSafeInteger(n)) this.refuse('FILE_HOSTILE', `${what}: expected less than 2^53, got ${n}`);
    return n;
  }

  /** A number of things, at most `most`, each of which takes at least `minBytes` of what is left of the file. */
  count(minBytes: number, what: string, most: number): number {
    const n = this.uint64(what);
    const { left } = this.#file;
    if (n * minBytes > left) {
      this.refuse('FILE_HOSTILE', `${what}: ${n} declared, but only ${left} bytes are left in the file`);
    }
    if (n > most) this.refuse('FILE_HOSTILE', `${what}: expected at most ${most}, got ${n}`);
    return n;
  }

  string(what: string): string {
    return this.#file.take(this.count(1, what, MAX_STRING_BYTES), what).toString('utf8');
  }

  value(what: string): GgufValue {
    const type = this.#valueType(what);
    if (type === 'string') return { type, value: this.string(what) };
    if (type === 'bool') return { type, value: this.#bool(what) };
    if (type === 'array') return this.#array(what);
    return { type, value: this.#number(type, what) };
  }

  #valueType(what: string): keyof typeof GGUF_VALUE_TYPES {
    const id = this.uint32(what);
    const name = VALUE_TYPE_NAMES.get(id);
    return name ?? this.refuse('FILE_FORMAT', `${what}: expected a value type 0 to 12, got ${id}`);
  }

  #array(what: string): GgufValue {
    const of = this.#valueType(what);
    if (of === 'array') this.refuse('FILE_UNSUPPORTED', `${what}: expected a flat list, got a list of lists`);
    const length = this.count(of === 'string' ? 8 : GGUF_VALUE_BYTES[of], what, MAX_ARRAY_LENGTH);
    const all = <T>(read: () => T): T[] => Array.from({ length }, read);
    if (of === 'string') return { type: 'array', of, value: all(() => this.string(what)) };
    if (of === 'bool') return { type: 'array', of, value: all(() => this.#bool(what)) };
    return { type: 'array', of, value: all(() => this.#number(of, what)) };
  }

  #bool(what: string): boolean {
    const n = this.#file.take(1, what).readUInt8();
    if (n > 1) this.refuse('FILE_FORMAT', `${what}: expected 0 or 1, got ${n}`);
    return n === 1;
  }

  #number(type: GgufNumberType, what: string): number {
    const bytes = this.#file.take(GGUF_VALUE_BYTES[type], what);
    switch (type) {
      case 'uint8':
        return bytes.readUInt8();
      case 'int8':
        return bytes.readInt8();
      case 'uint16':
        return bytes.readUInt16LE();
      case 'int16':
        return bytes.readInt16LE();
      case 'uint32':
        return bytes.readUInt32LE();
      case 'int32':
        return bytes.readInt32LE();
      case 'float32':
        return bytes.readFloatLE();
      case 'float64':
        return bytes.readDoubleLE();
      case 'uint64':
        return Number(bytes.readBigUInt64LE());
      case 'int64':
        return Number(bytes.readBigInt64LE());
    }
  }
}
