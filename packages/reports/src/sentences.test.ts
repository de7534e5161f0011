import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lemmas, splitSentences, wordsOf } from './sentences.ts';

test.each<[string, string[]]>([
  ['Clear lungs. No effusion.', ['Clear lungs.', 'No effusion.']],
  ['Opacity at the apex.There is no effusion.', ['Opacity at the apex.', 'There is no effusion.']],
  ['A nodule of 1.5 cm. Stable.', ['A nodule of 1.5 cm.', 'Stable.']],
  ['1. Cardiomegaly. 2. No effusion.', ['1. Cardiomegaly.', '2. No effusion.']],
  ['Discussed with Dr. Roe. Stable.', ['Discussed with Dr. Roe.', 'Stable.']],
  ['Unchanged since the year 2012. Stable.', ['Unchanged since the year 2012.', 'Stable.']],
  ['- Clear lungs\n- Large heart', ['- Clear lungs', '- Large heart']],
  ['The heart\nis large', ['The heart\nis large']],
  [' . ', ['.']],
  ['', []],
])('sentences of %j', (text, expected) => {
  expect(splitSentences(text)).toEqual(expected);
});

test('no word is lost in splitting', () => {
  const piece = fc.constantFrom(
    'Heart',
    'size',
    '1.',
    '2.5',
    'Dr.',
    'no.',
    'Effusion.',
    '\n\n',
    '-',
    'x-ray',
    '?',
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join(' ');
      expect(splitSentences(text).join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
    }),
  );
});

test('plurals are made singular, hyphens part, marks stand alone', () => {
  expect(lemmas('Opacities, masses and pneumothoraces: well-expanded bases')).toEqual(
    'opacity , mass and pneumothorax : well expanded base'.split(' '),
  );
  expect(lemmas('Atelectasis is seen as thickness of 1.5 (x2)')).toEqual(
    'atelectasis is seen as thickness of 1.5 ( x 2 )'.split(' '),
  );
});

test('words know where they stand, with either apostrophe', () => {
  const text = 'The patient\u2019s bases: 1.5 cm';
  const { lemmas: words, starts, ends } = wordsOf(text, 4);
  expect(words).toEqual(['patient', 'base', ':', '1.5', 'cm']);
  expect(words.map((_, i) => text.slice(starts[i], ends[i]))).toEqual([
    'patient\u2019s',
    'bases',
    ':',
    '1.5',
    'cm',
  ]);
});
