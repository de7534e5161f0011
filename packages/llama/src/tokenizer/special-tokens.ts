/**
 * Control tokens inside a text (llama.cpp's tokenizer_st_partition): the longest names first, each splits the pieces
 * that are left between the ones found before.
 */
import type { Vocabulary } from './tokenizer.ts';

export class SpecialTokens {
  /** Names and ids, the longest first; user-defined tokens are found in any text. */
  readonly #all: { readonly name: string; readonly id: number; readonly always: boolean }[] = [];

  constructor({ tokens, kinds }: Vocabulary) {
    for (const [id, name] of tokens.entries()) {
      const kind = kinds[id];
      const always = kind === 'userDefined';
      if (name !== '' && (always || kind === 'control' || kind === 'unknown'))
        this.#all.push({ name, id, always });
    }
    this.#all.sort((a, b) => Buffer.byteLength(b.name) - Buffer.byteLength(a.name));
  }

  /** Pieces of text, and ids between them. */
  split(text: string, special: boolean): (string | number)[] {
    let pieces: (string | number)[] = [text];
    for (const { name, id, always } of this.#all) {
      if (!(always || special) || !text.includes(name)) continue;
      pieces = pieces.flatMap((piece) => (typeof piece === 'string' ? splitBy(piece, name, id) : [piece]));
    }
    return pieces.filter((piece) => piece !== '');
  }
}

function splitBy(text: string, name: string, id: number): (string | number)[] {
  return text.split(name).flatMap((piece, i) => (i === 0 ? [piece] : [id, piece]));
}
