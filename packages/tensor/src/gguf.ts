/**
 * GGUF files: the weights and metadata of a model, read by position. Nothing but the header stays in memory, so a
 * model of any size can be opened.
 */
import { fail } from '@llama-xr/core';
import { dequantize } from './dequantize.ts';
import { FileBytes } from './file-bytes.ts';
import { type GgufHeader, type GgufTensor, readGgufHeader } from './gguf-header.ts';
import type { GgufValue } from './gguf-values.ts';
import { elementCount } from './tensor.ts';

/** @throws LlamaXrError FILE_* naming the file, when it is missing, truncated, foreign or hostile. */
export function openGguf(path: string): Gguf {
  const file = new FileBytes(path);
  try {
    return new Gguf(file, readGgufHeader(file));
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

export class Gguf implements Disposable {
  readonly path: string;
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  readonly #file: FileBytes;

  constructor(file: FileBytes, header: GgufHeader) {
    this.path = file.path;
    this.version = header.version;
    this.metadata = header.metadata;
    this.tensors = header.tensors;
    this.#file = file;
  }

  get byteLength(): number {
    return this.#file.size;
  }

  /** @throws LlamaXrError MODEL when the file has no such tensor. */
  tensor(name: string): GgufTensor {
    return this.tensors.get(name) ?? fail('MODEL', `${this.path}: has no tensor ${name}`);
  }

  /** The bytes of a tensor as they stand in the file, in memory of their own. */
  read(name: string): Uint8Array<ArrayBuffer> {
    const { offset, byteLength } = this.tensor(name);
    return this.#file.read(offset, byteLength, `tensor ${name}`);
  }

  /** The bytes of `count` rows from row `first` on; a row runs along the last axis. */
  readRows(name: string, first: number, count: number): Uint8Array<ArrayBuffer> {
    const { offset, byteLength, shape } = this.tensor(name);
    const rows = elementCount(shape.slice(0, -1)) ?? 0;
    if (!(first >= 0 && count >= 0 && first + count <= rows)) {
      fail(
        'INPUT',
        `${this.path}: tensor ${name}: expected rows within 0..${rows}, got ${first}..${first + count}`,
      );
    }
    const rowBytes = rows === 0 ? 0 : byteLength / rows;
    return this.#file.read(offset + first * rowBytes, count * rowBytes, `tensor ${name}`);
  }

  /** All values of a tensor, row-major. @throws LlamaXrError FILE_UNSUPPORTED for a type that is not decoded. */
  dequantize(name: string): Float32Array {
    const { type, shape } = this.tensor(name);
    return dequantize(type, this.read(name), elementCount(shape) ?? 0);
  }

  /** A metadata number. @throws LlamaXrError FILE_FORMAT when the key holds something else. */
  number(key: string): number | undefined {
    const entry = this.metadata.get(key);
    if (entry === undefined) return undefined;
    return typeof entry.value === 'number' ? entry.value : this.#refuse(key, 'a number');
  }

  bool(key: string): boolean | undefined {
    const entry = this.metadata.get(key);
    if (entry === undefined) return undefined;
    return typeof entry.value === 'boolean' ? entry.value : this.#refuse(key, 'true or false');
  }

  string(key: string): string | undefined {
    const entry = this.metadata.get(key);
    if (entry === undefined) return undefined;
    return typeof entry.value === 'string' ? entry.value : this.#refuse(key, 'a text');
  }

  strings(key: string): readonly string[] | undefined {
    const entry = this.metadata.get(key);
    if (entry === undefined) return undefined;
    return entry.type === 'array' && entry.of === 'string'
      ? entry.value
      : this.#refuse(key, 'a list of texts');
  }

  numbers(key: string): readonly number[] | undefined {
    const entry = this.metadata.get(key);
    if (entry === undefined) return undefined;
    if (entry.type === 'array' && entry.of !== 'string' && entry.of !== 'bool') return entry.value;
    return this.#refuse(key, 'a list of numbers');
  }

  #refuse(key: string, expected: string): never {
    const { type } = this.metadata.get(key) as GgufValue;
    fail('FILE_FORMAT', `${this.path}: ${key}: expected ${expected}, got a value of type ${type}`);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
