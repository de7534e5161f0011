import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from '../goldens/words.json' with { type: 'json' };
import { lcsLength, wordPositions } from './lcs.ts';
import { porterStem } from './porter.ts';
import { countNgrams, splitWhitespace } from './tokens.ts';
import { WordNet, wordNet31 } from './wordnet.ts';

test('stems equal those of nltk', () => {
  for (const [word, stem] of Object.entries(golden.stems)) expect(porterStem(word), word).toBe(stem);
});

test('synonyms equal those of nltk on the same WordNet', () => {
  const wordNet = wordNet31();
  for (const [word, synonyms] of Object.entries(golden.synonyms))
    expect([...wordNet.synonyms(word)].sort(), word).toEqual([...synonyms].sort());
});

test('a folder without WordNet is told from one with it', () => {
  expect(() => new WordNet('no-such-folder')).toThrow(/index\.noun: no such file/);
});

test('text is split where Python splits it', () => {
  expect(splitWhitespace(' a\tb\x1cc\u00a0d\u2003e\ufefff \n')).toEqual(['a', 'b', 'c', 'd', 'e\ufefff']);
  expect(splitWhitespace('')).toEqual([]);
  expect(splitWhitespace(' \n ')).toEqual([]);
});

test('n-grams are counted up to the length of the text', () => {
  const [one, two, three] = countNgrams(['a', 'b', 'a', 'b'], 3).map((counts) => Object.fromEntries(counts));
  expect(one).toEqual({ a: 2, b: 2 });
  expect(two).toEqual({ 'a b': 2, 'b a': 1 });
  expect(three).toEqual({ 'a b a': 1, 'b a b': 1 });
  expect(countNgrams(['a'], 3).map((counts) => counts.size)).toEqual([1, 0, 0]);
});

/** The textbook table, as the bit-parallel form must agree with it. */
function lcsByTable(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const x of a) {
    const next = [0];
    b.forEach((y, j) => {
      next.push(x === y ? (row[j] as number) + 1 : Math.max(row[j + 1] as number, next[j] as number));
    });
    row = next;
  }
  return row[b.length] as number;
}

test('the longest common subsequence equals the textbook table, over block borders too', () => {
  const word = fc.constantFrom('a', 'b', 'c', 'd');
  const words = fc.array(word, { maxLength: 140 });
  fc.assert(
    fc.property(words, words, (a, b) => {
      expect(lcsLength(wordPositions(a), b)).toBe(lcsByTable(a, b));
    }),
  );
});
