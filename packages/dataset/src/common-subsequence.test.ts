import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommonSubsequence } from './common-subsequence.ts';

/** The textbook table. */
function byTable(a: readonly number[], b: readonly number[]): number {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const at = (i: number, j: number) => table[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      (table[i] as number[])[j] = same ? at(i - 1, j - 1) + 1 : Math.max(at(i - 1, j), at(i, j - 1));
    }
  }
  return at(a.length, b.length);
}

test('bits and table agree, over the edges of 32 words too', () => {
  const list = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 100, size: 'max' });
  fc.assert(
    fc.property(list, list, (a, b) => {
      expect(new CommonSubsequence(Int32Array.from(a)).with(Int32Array.from(b))).toBe(byTable(a, b));
    }),
    { numRuns: 500 },
  );
});
