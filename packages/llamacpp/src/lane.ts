/**
 * One sequence on its way through the decoder: the tokens of a prompt, what a task appends to them, and the vectors of its
 * soft tokens. In the list of tokens a soft token stands as a negative number made of its vector's content: sequences
 * compare as lists of numbers, and nothing is shared where two images differ.
 */
import { sha256 } from '@llama-xr/core';
import type { PromptTokens } from './protocol.ts';

/** Hexadecimal digits of a hash that make a number which is still exact, 52 bits. */
const PSEUDO_DIGITS = 13;

export class Lane {
  /** A task may append to them. */
  readonly tokens: number[];
  /** Index of the first token after which logits are wanted; soft tokens stand before it. */
  readonly logitsFrom: number;
  /** Index of the first soft token, and of the first token after the last. */
  readonly #softFrom: number;
  readonly #softEnd: number;
  /** [E] each */
  readonly #vectors: readonly Float32Array[];

  /** @param width E, the length of a vector */
  constructor({ tokens, soft }: PromptTokens, logitsFrom: number, width: number) {
    this.tokens = [...tokens];
    this.logitsFrom = logitsFrom;
    this.#vectors = soft === undefined ? [] : rowsOf(soft.vectors, width);
    this.#softFrom = soft?.from ?? 0;
    this.#softEnd = this.#softFrom + this.#vectors.length;
    for (const [k, vector] of this.#vectors.entries()) this.tokens[this.#softFrom + k] = pseudoToken(vector);
  }

  /** What the decoder is fed at a position: a token, or the vector that stands for one. */
  inputAt(position: number): number | Float32Array {
    return this.#vectors[position - this.#softFrom] ?? (this.tokens[position] as number);
  }

  /** Up to where, from a position on, there are inputs of one kind; the position itself where there is none. */
  endOf(kind: 'tokens' | 'vectors', position: number): number {
    const soft = position >= this.#softFrom && position < this.#softEnd;
    if (soft !== (kind === 'vectors')) return position;
    if (soft) return this.#softEnd;
    return position < this.#softFrom ? this.#softFrom : Number.POSITIVE_INFINITY;
  }
}

function rowsOf(vectors: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: vectors.length / width }, (_, k) =>
    vectors.subarray(k * width, (k + 1) * width),
  );
}

function pseudoToken(vector: Float32Array): number {
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  return -1 - Number.parseInt(sha256(bytes).slice(0, PSEUDO_DIGITS), 16);
}
