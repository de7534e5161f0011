/**
 * Words and n-grams as the scorers see them. Text is split where Python's `str.split()` splits it, since the
 * reference implementations are Python; JavaScript's `\s` differs from it in a few control characters.
 */

/** Python's whitespace: Unicode's, with the control characters U+001C to U+001F and without U+FEFF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python splits at them too.
const WHITESPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** The words of a text, as Python's `text.split()`. */
export function splitWhitespace(text: string): string[] {
  const words = text.split(WHITESPACE);
  if (words[0] === '') words.shift();
  if (words.at(-1) === '') words.pop();
  return words;
}

/** How often each n-gram stands in a text: entry n - 1 counts those of n words, joined by a space. */
export type NgramCounts = readonly ReadonlyMap<string, number>[];

export interface CountedText {
  /** Length in words. */
  readonly length: number;
  readonly counts: NgramCounts;
}

/** The longest n-grams that any score here counts. */
const MOST_WORDS_IN_NGRAM = 4;

/** A reference is counted by several scorers, beside several systems. Past this many texts the table starts anew. */
const COUNTED_KEPT = 4096;
const counted = new Map<string, CountedText>();

/** The n-grams of 1 to 4 words of a text, split at whitespace. */
export function countText(text: string): CountedText {
  const known = counted.get(text);
  if (known !== undefined) return known;
  if (counted.size >= COUNTED_KEPT) counted.clear();
  const words = splitWhitespace(text);
  const result = { length: words.length, counts: countNgrams(words, MOST_WORDS_IN_NGRAM) };
  counted.set(text, result);
  return result;
}

/** Counts the n-grams of 1 to `order` words. No word may hold a space. */
export function countNgrams(words: readonly string[], order: number): NgramCounts {
  const counts: Map<string, number>[] = [];
  let grams: readonly string[] = words;
  for (let n = 1; n <= order; n++) {
    const count = new Map<string, number>();
    for (const gram of grams) count.set(gram, (count.get(gram) ?? 0) + 1);
    counts.push(count);
    grams = Array.from(
      { length: Math.max(0, words.length - n) },
      (_, i) => `${grams[i] as string} ${words[i + n] as string}`,
    );
  }
  return counts;
}
