/**
 * Writes GGUF version 3 (ggml/docs/gguf.md), readable by llama.cpp and the Python `gguf` package: metadata, tensor
 * entries, then each tensor's bytes at the next multiple of 32. A file stands under its name only when it is whole.
 */
import { AtomicFile, fail } from '@llama-xr/core';
import { GGML_TYPES, type GgmlType, ggmlByteLength } from './ggml-types.ts';
import { DEFAULT_ALIGNMENT, GGUF_MAGIC } from './gguf-header.ts';
import { GGUF_VALUE_BYTES, GGUF_VALUE_TYPES, type GgufNumberType, type GgufValue } from './gguf-values.ts';
import { elementCount } from './tensor.ts';

export interface GgufTensorToWrite {
  readonly name: string;
  /** Row-major, outermost axis first. */
  readonly shape: readonly number[];
  readonly type: GgmlType;
  /** The bytes, or a function that makes them: called once, in order, so that a large file needs little memory. */
  readonly data: Uint8Array | (() => Uint8Array);
}

export interface GgufContent {
  readonly metadata: Iterable<readonly [string, GgufValue]>;
  readonly tensors: readonly GgufTensorToWrite[];
}

/** @throws LlamaXrError INPUT when a tensor's bytes do not fill its shape; FILE_WRITE when the disk is full. */
export function writeGguf(path: string, { metadata, tensors }: GgufContent): void {
  const out = new HeaderWriter();
  const entries = [...metadata].filter(([key]) => key !== 'general.alignment');
  out.uint32(GGUF_MAGIC);
  out.uint32(3);
  out.uint64(tensors.length);
  out.uint64(entries.length);
  for (const [key, value] of entries) {
    out.string(key);
    out.value(value);
  }
  writeEntries(out, tensors);
  using file = new AtomicFile(path);
  file.write(out.bytes());
  file.write(padding(out.length));
  for (const tensor of tensors) {
    const bytes = typeof tensor.data === 'function' ? tensor.data() : tensor.data;
    if (bytes.byteLength !== byteLength(tensor)) {
      fail(
        'INPUT',
        `${path}: tensor ${tensor.name}: expected ${byteLength(tensor)} bytes, got ${bytes.byteLength}`,
      );
    }
    file.write(bytes);
    file.write(padding(bytes.byteLength));
  }
  file.commit();
}

function writeEntries(out: HeaderWriter, tensors: readonly GgufTensorToWrite[]): void {
  let offset = 0;
  for (const tensor of tensors) {
    out.string(tensor.name);
    out.uint32(tensor.shape.length);
    for (const extent of tensor.shape.toReversed()) out.uint64(extent);
    out.uint32(GGML_TYPES[tensor.type].id);
    out.uint64(offset);
    offset += byteLength(tensor);
    offset += padding(offset).length;
  }
}

function byteLength({ name, shape, type }: GgufTensorToWrite): number {
  const whole = ggmlByteLength(type, shape.at(-1) ?? 1) !== undefined;
  const bytes = whole ? ggmlByteLength(type, elementCount(shape) ?? 0.5) : undefined;
  return (
    bytes ?? fail('INPUT', `tensor ${name}: expected rows of whole ${type} blocks, got [${shape.join(', ')}]`)
  );
}

function padding(length: number): Uint8Array {
  return new Uint8Array((DEFAULT_ALIGNMENT - (length % DEFAULT_ALIGNMENT)) % DEFAULT_ALIGNMENT);
}

/** Collects the header, which is small beside the weights. */
class HeaderWriter {
  #bytes = Buffer.alloc(2 ** 16);
  length = 0;

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  uint32(value: number): void {
    this.number('uint32', value);
  }

  uint64(value: number): void {
    this.number('uint64', value);
  }

  string(text: string): void {
    const length = Buffer.byteLength(text);
    this.uint64(length);
    const at = this.#grow(length);
    this.#bytes.write(text, at, 'utf8');
  }

  value(entry: GgufValue): void {
    this.uint32(GGUF_VALUE_TYPES[entry.type]);
    if (entry.type !== 'array') {
      this.#scalar(entry.type, entry.value);
      return;
    }
    this.uint32(GGUF_VALUE_TYPES[entry.of]);
    this.uint64(entry.value.length);
    for (const item of entry.value) this.#scalar(entry.of, item);
  }

  #scalar(type: Exclude<GgufValue['type'], 'array'>, value: string | boolean | number): void {
    if (type === 'string') this.string(String(value));
    else if (type === 'bool') this.number('uint8', value ? 1 : 0);
    else this.number(type, Number(value));
  }

  number(type: GgufNumberType, value: number): void {
    const at = this.#grow(GGUF_VALUE_BYTES[type]);
    switch (type) {
      case 'uint8':
        this.#bytes.writeUInt8(value, at);
        break;
      case 'int8':
        this.#bytes.writeInt8(value, at);
        break;
      case 'uint16':
        this.#bytes.writeUInt16LE(value, at);
        break;
      case 'int16':
        this.#bytes.writeInt16LE(value, at);
        break;
      case 'uint32':
        this.#bytes.writeUInt32LE(value, at);
        break;
      case 'int32':
        this.#bytes.writeInt32LE(value, at);
        break;
      case 'float32':
        this.#bytes.writeFloatLE(value, at);
        break;
      case 'float64':
        this.#bytes.writeDoubleLE(value, at);
        break;
      case 'uint64':
        this.#bytes.writeBigUInt64LE(BigInt(value), at);
        break;
      case 'int64':
        this.#bytes.writeBigInt64LE(BigInt(value), at);
        break;
    }
  }

  /** Makes room for `length` more bytes; gives the place of the first. */
  #grow(length: number): number {
    const at = this.length;
    this.length += length;
    if (this.length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.length, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return at;
  }
}
