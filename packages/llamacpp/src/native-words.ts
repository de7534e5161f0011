/**
 * What llama.cpp wrote to stderr, line by line, and which of it explains a failure. The library tells its reasons nowhere
 * else, and a failed assertion's last words come only this way.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { markLine } from './protocol.ts';

/** Loading a model writes some hundred lines; reasons stand at the end. */
const KEPT_LINES = 400;
const TOLD_LINES = 4;
const REASON =
  /\b(error|fail(ed|ure)?|invalid|fatal|terminat(e|ed|ing)|abort(ed)?|GGML_ASSERT|unsupported|missing|mismatch|unable)\b/i;
/** Build folders of the prebuilt libraries, before a source file's name. */
const BUILD_FOLDER = /\S*\/llama\.cpp\//g;

export class NativeWords {
  readonly #lines: string[] = [];
  /** Settles when the process has closed its stderr. */
  readonly closed: Promise<unknown>;
  readonly #awaited = new Map<string, () => void>();

  constructor(stderr: Readable) {
    const reader = createInterface({ input: stderr, crlfDelay: Number.POSITIVE_INFINITY });
    this.closed = once(reader, 'close');
    reader.on('line', (line) => {
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      this.#awaited.get(line)?.();
    });
  }

  /** The reasons given before a mark, since the mark before it; waits for the mark to arrive. */
  async before(mark: number): Promise<string> {
    const line = markLine(mark);
    if (!this.#lines.includes(line)) {
      const arrived = new Promise<void>((resolve) => this.#awaited.set(line, resolve));
      await Promise.race([arrived, this.closed]);
      this.#awaited.delete(line);
    }
    const end = this.#lines.lastIndexOf(line);
    const begin = this.#lines.lastIndexOf(markLine(mark - 1)) + 1;
    return reasons(this.#lines.slice(begin, end < 0 ? undefined : end));
  }

  /** The last reasons given. */
  last(): string {
    return reasons(this.#lines);
  }
}

function reasons(lines: readonly string[]): string {
  const told = lines.filter((line) => REASON.test(line));
  return told
    .slice(-TOLD_LINES)
    .map((line) => line.replaceAll(BUILD_FOLDER, '').trim())
    .join('; ');
}
