/**
 * The tokens of texts as vectors of length 1, for BERTScore, whose scorer in `metrics` asks for them text by text. They are
 * computed beforehand, many texts at once; to score more than fits the memory, prepare and score a part after the other.
 */
import { fail } from '@llama-xr/core';
import type { EncodedText, TextEncoder } from './text-encoder.ts';

/** A text as BERTScore compares it. */
export interface TokenVectors {
  readonly ids: readonly number[];
  /** Which tokens stand around every text: they say nothing of this one. */
  readonly isSpecial: readonly boolean[];
  /** [T, E], each row of length 1. */
  readonly vectors: Float32Array;
}

export class TokenVectorStore {
  readonly #encoder: TextEncoder;
  #known: ReadonlyMap<string, TokenVectors> = new Map();

  constructor(encoder: TextEncoder) {
    this.#encoder = encoder;
  }

  /** Afterwards the vectors of these texts are held, and no others. */
  async prepare(texts: Iterable<string>): Promise<void> {
    const wanted = [...new Set(texts)];
    const held = this.#known;
    const missing = wanted.filter((text) => !held.has(text));
    const encoded = await this.#encoder.encode(missing);
    const found = new Map(missing.map((text, i) => [text, this.#vectors(encoded[i] as EncodedText)]));
    this.#known = new Map(wanted.map((text) => [text, (held.get(text) ?? found.get(text)) as TokenVectors]));
  }

  /** @throws LlamaXrError INPUT for a text that was not prepared. */
  readonly of = (text: string): TokenVectors =>
    this.#known.get(text) ?? fail('INPUT', `vectors were not prepared for: ${text.slice(0, 60)}`);

  #vectors({ ids, values }: EncodedText): TokenVectors {
    const width = values.length / ids.length;
    if (!Number.isInteger(width) || width < 2)
      fail('MODEL', `expected a vector for each of ${ids.length} tokens, got ${values.length} numbers`);
    for (let t = 0; t < ids.length; t++) {
      const row = values.subarray(t * width, (t + 1) * width);
      let squares = 0;
      for (const x of row) squares += x * x;
      const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
      for (let e = 0; e < width; e++) row[e] = (row[e] as number) * scale;
    }
    return { ids, isSpecial: ids.map((id) => this.#encoder.tokenizer.special.has(id)), vectors: values };
  }
}
