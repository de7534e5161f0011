import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanForDisplay, cleanForTraining, type DeidentifiedChoice, negationsIn } from './clean.ts';
import { NEGATION_WORDS } from './cues.ts';
import { splitSentences } from './sentences.ts';

test('signs, spaces and doubled stops are tidied', () => {
  expect(cleanForTraining('Clear\u00a0lungs .\n\nNo  effusion.The heart\u2019s size is normal. .')).toBe(
    "Clear lungs. No effusion. The heart's size is normal.",
  );
  expect(cleanForTraining('Nodule of 1.5 cm, T12.5 unchanged..')).toBe('Nodule of 1.5 cm, T12.5 unchanged.');
});

test('the de-identification mark is kept, dropped, or drops its sentence', () => {
  const text = 'No XXXX change since x-XXXX of XXXX/XXXX. Clear lungs. A non-XXXX finding (XXXX).';
  expect(cleanForTraining(text)).toBe(text);
  expect(cleanForTraining(text, { deidentified: 'drop-word' })).toBe(
    'No change since of. Clear lungs. A non finding.',
  );
  expect(cleanForTraining(text, { deidentified: 'drop-sentence' })).toBe('Clear lungs.');
});

test('display gives each sentence its capital and the last its full stop', () => {
  expect(cleanForDisplay('heart size is normal. 2. no effusion')).toBe(
    'Heart size is normal. 2. No effusion.',
  );
  expect(cleanForDisplay('  ')).toBe('');
});

const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NEGATION_WORDS, "isn't", 'No', 'NOT') },
  { weight: 2, arbitrary: fc.constantFrom('left', 'right', 'bilateral', 'Right') },
  { weight: 2, arbitrary: fc.constantFrom('XXXX', 'x-XXXX', 'non-XXXX', '(XXXX)', 'XXXX/XXXX', 'XXXX.') },
  { weight: 2, arbitrary: fc.constantFrom('1.', '2.5', '12', 'T12', '3,', '10-15') },
  {
    weight: 5,
    arbitrary: fc.constantFrom('effusion', 'Heart', 'lungs.', 'size,', 'The', 'seen;', '.', '\u2014', '\n'),
  },
);
const report = fc.array(word, { maxLength: 30 }).map((words) => words.join(' '));

const numbers = (text: string) => text.match(/\d+/g) ?? [];
const sides = (text: string) => text.toLowerCase().match(/\b(?:left|right|bilateral)\b/g) ?? [];

test.each<DeidentifiedChoice>(['keep', 'drop-word'])(
  'a negation, a number, a side before is one after (%s)',
  (deidentified) => {
    fc.assert(
      fc.property(report, (text) => {
        for (const clean of [cleanForTraining, cleanForDisplay]) {
          const after = clean(text, { deidentified });
          expect(negationsIn(after)).toEqual(negationsIn(text));
          expect(numbers(after)).toEqual(numbers(text));
          expect(sides(after)).toEqual(sides(text));
        }
      }),
      { numRuns: 2000 },
    );
  },
);

test('sentences that stay when others are dropped keep theirs', () => {
  fc.assert(
    fc.property(report, (text) => {
      const kept = splitSentences(cleanForTraining(text)).filter((s) => !/[Xx]{4}/.test(s));
      const after = cleanForTraining(text, { deidentified: 'drop-sentence' });
      expect(negationsIn(after)).toEqual(negationsIn(kept.join(' ')));
      expect(numbers(after)).toEqual(numbers(kept.join(' ')));
    }),
    { numRuns: 1000 },
  );
});

test('cleaning twice is cleaning once', () => {
  fc.assert(
    fc.property(report, (text) => {
      const once = cleanForTraining(text);
      expect(cleanForTraining(once)).toBe(once);
    }),
    { numRuns: 1000 },
  );
});
