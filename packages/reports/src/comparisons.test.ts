import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparisonsIn } from './comparisons.ts';

test.each<[string, [string, string][]]>([
  ['The effusion is unchanged.', [['unchanged', 'unchanged']]],
  ['Interval increase of the effusion.', [['course', 'Interval increase']]],
  ['The edema has slightly improved.', [['course', 'has slightly improved']]],
  ['New opacity at the base.', [['course', 'New']]],
  ['No new opacity.', [['course', 'new']]],
  ['Compared to the prior study, lungs are clear.', [['prior', 'Compared to the prior study']]],
  ['A nodule, again seen.', [['unchanged', 'again seen']]],
  ['Without significant interval change.', [['unchanged', 'Without significant interval change']]],
  ['Seen on the previous examination.', [['prior', 'on the previous examination']]],
  ['Stable since the prior.', [['unchanged', 'Stable since the prior']]],
  // No prior, no claim.
  ['No prior studies are available for comparison.', []],
  ['Comparison: none.', []],
  ['No comparison.', []],
  ['The patient is clinically stable.', []],
  // Compared with the normal, or with the other side.
  ['Increased interstitial markings.', []],
  ['Effusions, right larger than left.', []],
  ['Decreased lung volumes.', []],
  ['Heart size is normal. Lungs are clear.', []],
])('%s', (text, expected) => {
  expect(comparisonsIn(text).map(({ kind, text: words }) => [kind, words])).toEqual(expected);
});

test('a phrase knows its sentence and its characters', () => {
  const text = 'Clear lungs. The heart is\nunchanged.';
  const [comparison] = comparisonsIn(text);
  expect(comparison).toMatchObject({ sentence: 1, start: 26, end: 35 });
});

test('phrases lie in order inside the text and do not overlap', () => {
  const word = fc.constantFrom(
    'new',
    'stable',
    'no',
    'prior',
    'study',
    'since',
    'the',
    'compared',
    'to',
    'effusion',
    '.',
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const text = words.join(' ');
      let end = 0;
      for (const comparison of comparisonsIn(text)) {
        expect(comparison.start).toBeGreaterThanOrEqual(end);
        expect(text.slice(comparison.start, comparison.end)).toBe(comparison.text);
        end = comparison.end;
      }
    }),
  );
});
