/**
 * Training of a byte-level BPE vocabulary (Sennrich et al. 2016, algorithm 1) for small models: the most frequent pair
 * of neighbours inside a word becomes a token, until the vocabulary is full. Plain recounting, meant for thousands of
 * reports, not for a corpus of the web.
 */
import { fail } from '@llama-xr/core';
import { type BpeVocabulary, WORD_PATTERNS } from './byte-bpe.ts';
import { BYTE_CHARACTERS, toByteLevel } from './byte-level.ts';
import type { TokenKind } from './tokenizer.ts';

/** `tokenizer.ggml.pre` of a trained vocabulary: digits one by one, words with the space before them. */
export const TRAINED_PRE = 'smollm';

/** Control tokens of a trained vocabulary: ids 0, 1 and 2. `<|endoftext|>` ends a text, and pads. */
const TRAINED_CONTROLS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const;

/**
 * @param texts what the model is to read and write; equal texts give equal vocabularies
 * @param vocabularySize at most; fewer when no pair occurs twice any more. At least 259: 3 control tokens, 256 bytes.
 */
export function trainByteBpe(texts: Iterable<string>, vocabularySize: number): BpeVocabulary {
  const controls = TRAINED_CONTROLS.length;
  if (!Number.isInteger(vocabularySize) || vocabularySize < controls + 256) {
    fail(
      'INPUT',
      `trainByteBpe: vocabularySize: expected an integer of at least ${controls + 256}, got ${vocabularySize}`,
    );
  }
  const words = countWords(texts);
  const tokens: string[] = [...TRAINED_CONTROLS, ...BYTE_CHARACTERS];
  const known = new Set(tokens);
  const merges: [string, string][] = [];
  while (tokens.length < vocabularySize) {
    const pair = mostFrequentPair(words);
    if (pair === undefined) break;
    merges.push(pair);
    const union = pair[0] + pair[1];
    // Two merges can spell the same token; it gets one id.
    if (!known.has(union)) tokens.push(union);
    known.add(union);
    for (const word of words) mergeInto(word.symbols, pair);
  }
  const kinds = tokens.map((_, id): TokenKind => (id < controls ? 'control' : 'normal'));
  return {
    tokens,
    kinds,
    merges,
    words: WORD_PATTERNS[TRAINED_PRE] as readonly string[],
    ignoreMerges: false,
    eos: 0,
    pad: 0,
    stop: [0, 2],
    addsBos: false,
  };
}

interface Word {
  symbols: string[];
  readonly count: number;
}

function countWords(texts: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of splitWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => ({ symbols: [...toByteLevel(word)], count }));
}

/** The patterns one after the other, each inside the pieces that those before it made. */
function splitWords(text: string): string[] {
  return (WORD_PATTERNS[TRAINED_PRE] as readonly string[]).reduce(
    (pieces, pattern) =>
      pieces.flatMap((piece) => piece.split(new RegExp(`(${pattern})`, 'u')).filter(Boolean)),
    [text],
  );
}

/** Of equal counts the first in code unit order, so that the result does not depend on the order of the texts. */
function mostFrequentPair(words: readonly Word[]): [string, string] | undefined {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words) {
    for (let i = 1; i < symbols.length; i++) {
      const pair = `${symbols[i - 1]} ${symbols[i]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best: string | undefined;
  let most = 1;
  for (const [pair, count] of counts) {
    if (count > most || (count === most && best !== undefined && pair < best)) {
      best = pair;
      most = count;
    }
  }
  return best?.split(' ') as [string, string] | undefined;
}

function mergeInto(symbols: string[], [left, right]: readonly [string, string]): void {
  for (let i = 0; i + 1 < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) symbols.splice(i, 2, left + right);
  }
}
