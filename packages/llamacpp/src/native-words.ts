/**
 * What llama.cpp wrote to stderr, and which of it explains a failure: the library tells its reasons nowhere else, and a
 * failed assertion's last words come only this way.
 *
 * The child's stderr is a file without a name, not a pipe: Node makes pipes non-blocking, and native code that meets a full
 * one loses its words. What the child wrote before it sent a message stands in the file when the message arrives.
 */
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Loading a model writes some 30 kB; reasons stand at the end. */
const MOST_BYTES = 64 * 1024;
const MOST_LINES = 4;
const REASON =
  /\b(\w*error|fail(ed|ure)?|invalid|fatal|terminat(e|ed|ing)|abort(ed)?|GGML_ASSERT|unsupported|missing|mismatch|unable)\b/i;
/** Build folders of the prebuilt libraries, before a source file's name. */
const BUILD_FOLDER = /\S*\/llama\.cpp\//g;

export class NativeWords implements Disposable {
  /** The file that a child takes as its stderr. */
  readonly descriptor: number;
  #read = 0;
  #closed = false;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'llama-xr-'));
    this.descriptor = openSync(join(folder, 'stderr'), 'a+');
    // The file lives as long as someone holds it open; a process that is killed leaves nothing behind.
    rmSync(folder, { recursive: true, force: true });
  }

  /** The reasons written since the last call, on one line; empty when there are none. */
  take(): string {
    if (this.#closed) return '';
    const { size } = fstatSync(this.descriptor);
    const bytes = Buffer.alloc(Math.min(size - this.#read, MOST_BYTES));
    const length = readSync(this.descriptor, bytes, 0, bytes.length, size - bytes.length);
    this.#read = size;
    return bytes
      .toString('utf8', 0, length)
      .split(/\r?\n/)
      .filter((line) => REASON.test(line))
      .slice(-MOST_LINES)
      .map((line) => line.replaceAll(BUILD_FOLDER, '').trim())
      .join('; ');
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    closeSync(this.descriptor);
  }
}
