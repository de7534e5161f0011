/** Reads a file, or a part of it, from front to back, a chunk in memory at a time. */
import { fail } from '@llama-xr/core';
import type { FileBytes } from './file-bytes.ts';

const CHUNK_BYTES = 2 ** 18;

export class ForwardReader {
  readonly path: string;
  readonly end: number;
  readonly #file: FileBytes;
  #chunk: Buffer = Buffer.alloc(0);
  #chunkStart: number;
  #at = 0;

  constructor(file: FileBytes, start = 0, end = file.size) {
    this.path = file.path;
    this.#file = file;
    this.#chunkStart = start;
    this.end = end;
  }

  get position(): number {
    return this.#chunkStart + this.#at;
  }

  get left(): number {
    return this.end - this.position;
  }

  /**
   * The next `length` bytes, a view that is good until the next call.
   * @throws LlamaXrError FILE_TRUNCATED when fewer are left; `what` names the thing wanted.
   */
  take(length: number, what: string): Buffer {
    if (length > this.left) {
      fail(
        'FILE_TRUNCATED',
        `${this.path}: ${what}: expected ${length} bytes at ${this.position}, got ${this.left}`,
      );
    }
    if (this.#at + length > this.#chunk.length) {
      const position = this.position;
      const wanted = Math.min(Math.max(length, CHUNK_BYTES), this.left);
      this.#chunk = Buffer.from(this.#file.read(position, wanted, what).buffer);
      this.#chunkStart = position;
      this.#at = 0;
    }
    this.#at += length;
    return this.#chunk.subarray(this.#at - length, this.#at);
  }
}
