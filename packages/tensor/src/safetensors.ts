/**
 * safetensors (github.com/huggingface/safetensors): 8 bytes of header length, a JSON header, the data. Read by
 * position, with the checks of the reference implementation: the tensors fill the data without a gap or an overlap.
 */
import { AtomicFile, fail } from '@llama-xr/core';
import { FileBytes } from './file-bytes.ts';
import { bytesOf, bytesPerElement, type DType, elementCount, type Tensor, viewAs } from './tensor.ts';

/** The reference implementation's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

const DTYPES = new Map<string, DType>([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
]);
const NAMES = new Map([...DTYPES].map(([name, dtype]) => [dtype, name]));

export interface SafetensorsEntry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** @throws LlamaXrError FILE_* naming the file, when it is missing, truncated, foreign or hostile. */
export function openSafetensors(path: string): Safetensors {
  const file = new FileBytes(path);
  try {
    return new Safetensors(file);
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

export class Safetensors implements Disposable {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly #file: FileBytes;

  constructor(file: FileBytes) {
    this.path = file.path;
    this.#file = file;
    const { header, dataStart } = readHeader(file);
    const { __metadata__: metadata = {}, ...entries } = header;
    this.metadata = readMetadata(file.path, metadata);
    this.tensors = readEntries(file, entries, dataStart);
  }

  names(): string[] {
    return [...this.tensors.keys()];
  }

  /** @throws LlamaXrError MODEL when the file has no such tensor. */
  read(name: string): Tensor {
    const entry = this.tensors.get(name) ?? fail('MODEL', `${this.path}: has no tensor ${name}`);
    const bytes = this.#file.read(entry.offset, entry.byteLength, `tensor ${name}`);
    return { dtype: entry.dtype, shape: entry.shape, data: viewAs(entry.dtype, bytes) };
  }

  /** Rows `first` to `first + count` of a tensor's first axis. @throws LlamaXrError MODEL, INPUT. */
  readRows(name: string, first: number, count: number): Tensor {
    const entry = this.tensors.get(name) ?? fail('MODEL', `${this.path}: has no tensor ${name}`);
    const [rows = 0, ...row] = entry.shape;
    if (!(first >= 0 && count >= 0 && first + count <= rows))
      fail('INPUT', `${this.path}: ${name}: expected rows within 0..${rows}, got ${first}..${first + count}`);
    const size = entry.byteLength / rows;
    const bytes = this.#file.read(entry.offset + first * size, count * size, `tensor ${name}`);
    return { dtype: entry.dtype, shape: [count, ...row], data: viewAs(entry.dtype, bytes) };
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

function readHeader(file: FileBytes): { header: Record<string, unknown>; dataStart: number } {
  const foreign = (got: string): never =>
    fail('FILE_FORMAT', `${file.path}: expected a safetensors file, got ${got}`);
  if (file.size < 8) foreign(`${file.size} bytes`);
  const length = Number(new DataView(file.read(0, 8, 'header length').buffer).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) foreign(`a header of ${length} bytes (at most ${MAX_HEADER_BYTES})`);
  const text = Buffer.from(file.read(8, length, 'header').buffer).toString('utf8');
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    foreign(`a header that is no JSON (${(error as Error).message})`);
  }
  if (!isObject(header)) foreign('a header that is no JSON object');
  return { header: header as Record<string, unknown>, dataStart: 8 + length };
}

function readMetadata(path: string, metadata: unknown): Record<string, string> {
  if (isObject(metadata) && Object.values(metadata).every((value) => typeof value === 'string')) {
    return metadata as Record<string, string>;
  }
  fail('FILE_FORMAT', `${path}: __metadata__: expected texts by name`);
}

function readEntries(
  file: FileBytes,
  header: Record<string, unknown>,
  dataStart: number,
): Map<string, SafetensorsEntry> {
  const tensors = Object.entries(header).map(
    ([name, entry]) => [name, readEntry(file, name, entry, dataStart)] as const,
  );
  let end = dataStart;
  for (const [name, { offset, byteLength }] of byPlace(tensors)) {
    if (offset !== end) {
      fail('FILE_FORMAT', `${file.path}: ${name}: expected its data at ${end}, got ${offset}`);
    }
    end += byteLength;
  }
  if (end !== file.size) {
    fail(
      'FILE_FORMAT',
      `${file.path}: expected the file to end with its tensors at ${end}, got ${file.size}`,
    );
  }
  return new Map(tensors);
}

/** By offset; of two at one place the empty one first. */
function byPlace(tensors: readonly (readonly [string, SafetensorsEntry])[]) {
  return tensors.toSorted(([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength);
}

function readEntry(file: FileBytes, name: string, entry: unknown, dataStart: number): SafetensorsEntry {
  const refuse = (expected: string, got: unknown): never =>
    fail(
      'FILE_FORMAT',
      `${file.path}: ${name}: expected ${expected}, got ${JSON.stringify(got)?.slice(0, 80)}`,
    );
  if (!isObject(entry)) return refuse('an object', entry);
  const { dtype: dtypeName, shape, data_offsets: offsets } = entry;
  const dtype = DTYPES.get(String(dtypeName));
  if (dtype === undefined) {
    fail(
      'FILE_UNSUPPORTED',
      `${file.path}: ${name}: expected one of ${[...DTYPES.keys()].join(', ')}, got ${dtypeName}`,
    );
  }
  if (!isNaturals(shape)) return refuse('a shape', shape);
  if (!isNaturals(offsets) || offsets.length !== 2) return refuse('data_offsets of two numbers', offsets);
  const [begin, end] = offsets as [number, number];
  const count = elementCount(shape);
  if (count === undefined)
    fail('FILE_HOSTILE', `${file.path}: ${name}: impossible shape [${shape.join(', ')}]`);
  const byteLength = count * bytesPerElement(dtype);
  if (end - begin !== byteLength)
    return refuse(`${byteLength} bytes for [${shape.join(', ')}] ${dtype}`, offsets);
  file.check(dataStart + begin, byteLength, name);
  return { dtype, shape, offset: dataStart + begin, byteLength };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/**
 * Writes atomically, in the order of the Python package: the largest elements first, then by name.
 * @throws LlamaXrError INPUT when data do not fill their shape; FILE_WRITE.
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: Readonly<Record<string, string>>,
): void {
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      bytesPerElement(b.dtype) - bytesPerElement(a.dtype) || (nameA < nameB ? -1 : 1),
  );
  // Without a prototype: a tensor may bear any name, `__proto__` too.
  const header: Record<string, unknown> = Object.create(null);
  if (metadata !== undefined) header.__metadata__ = metadata;
  let end = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    if (name === '__metadata__' || elementCount(shape) !== data.length) {
      fail('INPUT', `${path}: ${name}: expected the elements of [${shape.join(', ')}], got ${data.length}`);
    }
    const begin = end;
    end += data.byteLength;
    header[name] = { dtype: NAMES.get(dtype), shape, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, ' ');
  text.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  using file = new AtomicFile(path);
  file.write(length);
  file.write(padded);
  for (const [, { data }] of ordered) file.write(bytesOf(data));
  file.commit();
}
