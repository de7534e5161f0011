/**
 * METEOR's paraphrase table (`paraphrase-en.gz`, by pivoting through bilingual corpora: Bannard and Callison-Burch, 2005): line
 * triples of a probability, which METEOR-1.5 does not use, a phrase, and what may stand for it. 5 million pairs are held
 * as numbers of phrases. The user supplies it; it is not shipped.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { fail, fileError } from '@llama-xr/core';
import { PhraseNumbers } from './phrase-numbers.ts';

/** Hostile files must not fill the memory; METEOR's English table inflates to 272 MB. */
const MOST_BYTES = 2 ** 31;
const LONGEST_LINE = 10_000;
const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;

export class ParaphraseTable {
  readonly #numbers: PhraseNumbers;
  /** The paraphrases of phrase p are `#targets` from `#starts[p]` to `#starts[p + 1]`, in the order of the file. */
  readonly #starts: Int32Array;
  readonly #targets: Int32Array;

  /** @param pairs phrase and paraphrase in turn, by their numbers. */
  constructor(numbers: PhraseNumbers, pairs: Int32Array) {
    this.#numbers = numbers;
    const ends = new Int32Array(numbers.size + 1);
    for (let i = 0; i < pairs.length; i += 2) {
      const next = (pairs[i] as number) + 1;
      ends[next] = (ends[next] as number) + 1;
    }
    for (let p = 0; p < numbers.size; p++) ends[p + 1] = (ends[p + 1] as number) + (ends[p] as number);
    this.#starts = ends;
    const free = ends.slice();
    this.#targets = new Int32Array(pairs.length / 2);
    for (let i = 0; i < pairs.length; i += 2) {
      const at = free[pairs[i] as number] as number;
      this.#targets[at] = pairs[i + 1] as number;
      free[pairs[i] as number] = at + 1;
    }
  }

  /** The number of a phrase, its words joined by a space; undefined where the table does not have it. */
  numberOf(phrase: string): number | undefined {
    return this.#numbers.find(phrase);
  }

  /** The numbers of what may stand for a phrase. */
  paraphrasesOf(number: number): Int32Array {
    return this.#targets.subarray(this.#starts[number] as number, this.#starts[number + 1] as number);
  }
}

/** @throws LlamaXrError FILE_MISSING, FILE_FORMAT */
export async function readParaphrases(path: string): Promise<ParaphraseTable> {
  const triples = new TripleReader(path);
  try {
    const source = createReadStream(path);
    const inflated = source.pipe(createGunzip({ chunkSize: CHUNK_BYTES }));
    source.on('error', (error) => inflated.destroy(error));
    for await (const chunk of inflated) triples.push(chunk as Uint8Array);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_') === true)
      fail('FILE_FORMAT', `${path}: expected a gzip file: ${(error as Error).message}`, { cause: error });
    throw fileError(error, path);
  }
  return triples.table();
}

/** Takes the bytes of the file as they come and numbers its phrases, whose words a single space parts. */
class TripleReader {
  readonly #path: string;
  readonly #numbers = new PhraseNumbers();
  #pairs = new Int32Array(1 << 16);
  #count = 0;
  #lines = 0;
  #bytes = 0;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(path: string) {
    this.#path = path;
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_BYTES)
      fail('FILE_FORMAT', `${this.#path}: expected at most ${MOST_BYTES} bytes of text, got more`);
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#line(bytes, start, end);
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > LONGEST_LINE)
      fail(
        'FILE_FORMAT',
        `${this.#path}: expected lines of phrases, got ${this.#rest.length} bytes without end`,
      );
  }

  table(): ParaphraseTable {
    if (this.#rest.length > 0) this.#line(this.#rest, 0, this.#rest.length);
    if (this.#lines === 0 || this.#lines % 3 !== 0)
      fail('FILE_FORMAT', `${this.#path}: expected three lines a paraphrase, got ${this.#lines} lines`);
    return new ParaphraseTable(this.#numbers, this.#pairs.subarray(0, this.#count));
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    if (this.#lines++ % 3 === 0) return;
    if (this.#count === this.#pairs.length) {
      const larger = new Int32Array(2 * this.#count);
      larger.set(this.#pairs);
      this.#pairs = larger;
    }
    // The file is sorted by its phrases, each of which stands in many triples.
    const last = this.#count >= 2 ? this.#pairs[this.#count - 2] : undefined;
    const isLast = last !== undefined && this.#numbers.is(last, bytes, start, end);
    this.#pairs[this.#count++] = isLast ? last : this.#numbers.add(bytes, start, end);
  }
}
