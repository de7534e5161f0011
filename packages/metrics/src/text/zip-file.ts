/**
 * One entry of a ZIP file (PKWARE APPNOTE 6.3: stored or deflated), for data that users have in a .jar. Reads the
 * central directory only; no ZIP64, no encryption.
 */
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { fail, fileError } from '@llama-xr/core';

const END = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const END_LENGTH = 22;
const LONGEST_COMMENT = 0xffff;

export class ZipFile {
  readonly #path: string;
  readonly #bytes: Buffer;

  /** @throws LlamaXrError FILE_MISSING */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#bytes = readFileSync(path);
    } catch (error) {
      throw fileError(error, path);
    }
  }

  /**
   * @param maxBytes more than that is refused before it is inflated.
   * @throws LlamaXrError FILE_FORMAT
   */
  read(name: string, maxBytes: number): Buffer {
    try {
      return this.#read(name, maxBytes);
    } catch (error) {
      if (!(error instanceof RangeError) && (error as NodeJS.ErrnoException).code?.startsWith('Z') !== true)
        throw error;
      return this.#refuse(`${name} cannot be read: ${(error as Error).message}`, error);
    }
  }

  #read(name: string, maxBytes: number): Buffer {
    const entry = this.#find(name);
    const method = this.#bytes.readUInt16LE(entry + 10);
    const compressed = this.#bytes.readUInt32LE(entry + 20);
    const size = this.#bytes.readUInt32LE(entry + 24);
    if (size > maxBytes) this.#refuse(`${name}: expected at most ${maxBytes} bytes, got ${size}`);
    const local = this.#bytes.readUInt32LE(entry + 42);
    if (this.#bytes.readUInt32LE(local) !== LOCAL_ENTRY) this.#refuse(`${name} is not where it should be`);
    const start = local + 30 + this.#bytes.readUInt16LE(local + 26) + this.#bytes.readUInt16LE(local + 28);
    const packed = this.#bytes.subarray(start, start + compressed);
    if (method === 0) return packed;
    if (method !== 8) this.#refuse(`${name}: expected it stored or deflated, got method ${method}`);
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  }

  /** Offset of an entry in the central directory. */
  #find(name: string): number {
    const wanted = Buffer.from(name);
    let at = this.#bytes.readUInt32LE(this.#end() + 16);
    while (this.#bytes.readUInt32LE(at) === DIRECTORY_ENTRY) {
      const length = this.#bytes.readUInt16LE(at + 28);
      if (this.#bytes.subarray(at + 46, at + 46 + length).equals(wanted)) return at;
      at += 46 + length + this.#bytes.readUInt16LE(at + 30) + this.#bytes.readUInt16LE(at + 32);
    }
    return this.#refuse(`expected an entry ${name}, got none`);
  }

  #end(): number {
    const last = this.#bytes.length - END_LENGTH;
    for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--)
      if (this.#bytes.readUInt32LE(at) === END) return at;
    return this.#refuse('expected a ZIP file, got none of its marks');
  }

  #refuse(message: string, cause?: unknown): never {
    return fail('FILE_FORMAT', `${this.#path}: ${message}`, { cause });
  }
}
