/**
 * Files that are either whole or not there: every write goes to a temporary file beside its target, is
 * flushed to the disk and then renamed.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import JSON5 from 'json5';
import { fail, fileError } from './errors.ts';

/** Writes a file atomically from parts; the folder is made if need be. */
export class AtomicFile implements Disposable {
  readonly path: string;
  readonly #temporary: string;
  #descriptor: number | undefined;

  /** @param mode permissions of the file, where it must not be open to others. */
  constructor(path: string, { mode = 0o666 }: { mode?: number } = {}) {
    this.path = path;
    this.#temporary = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#descriptor = openSync(this.#temporary, 'w', mode);
    } catch (error) {
      throw fileError(error, path);
    }
  }

  write(part: string | Uint8Array): void {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#open(), bytes, done);
    } catch (error) {
      this[Symbol.dispose]();
      throw fileError(error, this.path);
    }
  }

  /** Flushes and renames: from here on the file stands under its name. */
  commit(): void {
    const descriptor = this.#open();
    try {
      fsyncSync(descriptor);
      closeSync(descriptor);
      this.#descriptor = undefined;
      renameSync(this.#temporary, this.path);
      syncFolder(dirname(this.path));
    } catch (error) {
      this[Symbol.dispose]();
      throw fileError(error, this.path);
    }
  }

  /** Drops what was written, unless it was committed. */
  [Symbol.dispose](): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
    rmSync(this.#temporary, { force: true });
  }

  #open(): number {
    return this.#descriptor ?? fail('FILE_WRITE', `${this.path}: written to after it was closed`);
  }
}

/** Writes a whole file atomically. */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  using file = new AtomicFile(path);
  file.write(content);
  file.commit();
}

export function writeJson(path: string, value: unknown): void {
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

export function writeJsonLines(path: string, values: Iterable<unknown>): void {
  using file = new AtomicFile(path);
  for (const value of values) file.write(`${JSON.stringify(value)}\n`);
  file.commit();
}

/** @throws LlamaXrError FILE_MISSING, FILE_FORMAT (names the file and the parser's words). */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    fail('FILE_FORMAT', `${path}: expected JSON: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Reads a file that people write by hand: JSON with comments, trailing commas and bare names (JSON5).
 * @throws LlamaXrError FILE_MISSING, CONFIG (names the file, the line and the column).
 */
export async function readJson5(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON5.parse(text);
  } catch (error) {
    fail('CONFIG', `${path}: expected JSON (comments allowed): ${(error as Error).message}`, {
      cause: error,
    });
  }
}

export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Reads JSON lines one by one; blank lines are skipped. Errors name file and line: `x.jsonl:7: ...`. */
export async function* readJsonLines(path: string): AsyncGenerator<{ line: number; value: unknown }> {
  const stream = createReadStream(path, 'utf8');
  // Opened before the first line is asked for, so that a missing file is an error and not a silent end.
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', (error) => reject(fileError(error, path)));
  });
  let line = 0;
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (text.trim() === '') continue;
      try {
        yield { line, value: JSON.parse(text) };
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        fail('FILE_FORMAT', `${path}:${line}: expected one JSON value a line: ${error.message}`, {
          cause: error,
        });
      }
    }
  } catch (error) {
    throw fileError(error, path);
  } finally {
    stream.destroy();
  }
}

/** SHA-256 of bytes or text, in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 of a file, streamed. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const part of createReadStream(path)) hash.update(part as Buffer);
  } catch (error) {
    throw fileError(error, path);
  }
  return hash.digest('hex');
}

/** A rename is durable only once its folder is flushed; platforms that cannot open a folder skip this. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
