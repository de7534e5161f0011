import { expect, test } from 'vitest';
import { expandPattern, PhraseBook } from './phrase-book.ts';

test('a pattern stands for each of its readings', () => {
  const said = (pattern: string) => expandPattern(pattern).map((words) => words.join(' '));
  expect(said('a [b] (c|d e)')).toEqual(['a c', 'a d e', 'a b c', 'a b d e']);
  expect(said('(a [b|c]|d)')).toEqual(['a', 'a b', 'a c', 'd']);
});

test.each(['(a|b', 'a) b', '[a]', 'a | b)'])('a malformed pattern is refused: %s', (pattern) => {
  expect(() => expandPattern(pattern)).toThrow(pattern);
});

test('the longest phrase wins, matches do not overlap, meanings join', () => {
  const book = new PhraseBook<string>((first, second) => `${first}&${second}`);
  book.add('effusion', 'pleural');
  book.add('pericardial effusion', 'pericardial');
  book.add('effusion', 'fluid');
  expect(book.find('a pericardial effusion and an effusion'.split(' '))).toEqual([
    { start: 1, end: 3, meaning: 'pericardial' },
    { start: 5, end: 6, meaning: 'pleural&fluid' },
  ]);
});
