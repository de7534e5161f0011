import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasNear, jaccard, shingles } from './near-duplicates.ts';

test('Jaccard similarity', () => {
  expect(jaccard(new Set([1, 2, 3]), new Set([2, 3, 4]))).toBe(0.5);
  expect(jaccard(new Set(), new Set())).toBe(1);
  expect(jaccard(new Set([1]), new Set())).toBe(0);
});

test('the join finds what comparing all pairs finds', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 9 })
    .map((words) => words.join(' '));
  const threshold = fc.constantFrom(0.3, 0.5, 0.8, 1);
  fc.assert(
    fc.property(fc.array(text), fc.array(text), threshold, (texts, probes, t) => {
      const all = probes.map((probe) =>
        texts.some((other) => jaccard(shingles(probe), shingles(other)) >= t),
      );
      expect(hasNear(texts, probes, t)).toEqual(all);
    }),
    { numRuns: 500 },
  );
});
