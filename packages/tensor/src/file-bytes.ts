/**
 * A file read by position, a piece at a time, with its size known: every offset and length that a header declares is
 * checked against it before anything is allocated.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { fail, fileError } from '@llama-xr/core';

/** One read call takes at most this much: Node and some systems refuse 2 GiB and more. */
const MAX_READ_BYTES = 2 ** 30;

export class FileBytes implements Disposable {
  readonly path: string;
  readonly size: number;
  #descriptor: number | undefined;

  /** @throws LlamaXrError FILE_MISSING, FILE_UNREADABLE, FILE_FORMAT (a folder, a pipe, a device). */
  constructor(path: string) {
    this.path = path;
    try {
      // Asked before opening: opening a pipe waits for a writer.
      const stat = statSync(path);
      if (stat.isDirectory()) fail('FILE_FORMAT', `${path}: expected a file, got a folder`);
      if (!stat.isFile()) fail('FILE_FORMAT', `${path}: expected a regular file, got a pipe or a device`);
      this.#descriptor = openSync(path, 'r');
      this.size = fstatSync(this.#descriptor).size;
    } catch (error) {
      throw fileError(error, path);
    }
  }

  /**
   * Reads exactly `length` bytes from `offset`, into memory of their own.
   * @throws LlamaXrError FILE_TRUNCATED when the file ends before; `what` names the thing wanted.
   */
  read(offset: number, length: number, what: string): Uint8Array<ArrayBuffer> {
    this.check(offset, length, what);
    const bytes = this.#allocate(length, what);
    for (let done = 0; done < length; ) {
      const n = this.#readSome(bytes, done, Math.min(length - done, MAX_READ_BYTES), offset + done);
      if (n === 0) fail('FILE_TRUNCATED', `${this.path}: became shorter while ${what} was read`);
      done += n;
    }
    return bytes;
  }

  /** @throws LlamaXrError FILE_TRUNCATED when the file has no such bytes. Allocates nothing. */
  check(offset: number, length: number, what: string): void {
    if (offset + length <= this.size) return;
    fail(
      'FILE_TRUNCATED',
      `${this.path}: ${what}: expected ${length} bytes at ${offset}, but the file ends at ${this.size}`,
    );
  }

  /** A sparse file can be larger than any memory. */
  #allocate(length: number, what: string): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(length);
    } catch (error) {
      fail('FILE_HOSTILE', `${this.path}: ${what}: no memory for ${length} bytes at once`, { cause: error });
    }
  }

  #readSome(into: Uint8Array, at: number, length: number, position: number): number {
    if (this.#descriptor === undefined) fail('ENGINE', `${this.path}: read after it was closed`);
    try {
      return readSync(this.#descriptor, into, at, length, position);
    } catch (error) {
      throw fileError(error, this.path);
    }
  }

  [Symbol.dispose](): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
