import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LabelScores } from './label-scores.ts';

test('F1 by hand: two right, one too many, one missed', () => {
  const scores = new LabelScores(['A', 'B', 'C']);
  expect(scores.add([1, 0, 0], [1, 0, 1])).toEqual(['C']);
  expect(scores.add([1, 1, 0], [1, 0, 0])).toEqual(['B']);
  const { labels, unjudged, micro, macro, agreement, reports } = scores.table();
  expect(labels.map(({ label, f1, precision, recall }) => [label, f1, precision, recall])).toEqual([
    ['A', 1, 1, 1],
    ['B', 0, Number.NaN, 0],
  ]);
  expect(unjudged).toEqual([{ label: 'C', said: 1 }]);
  expect([reports, micro.f1, macro.f1, agreement]).toEqual([2, 4 / 5, 1 / 2, 4 / 6]);
});

test('a value that differs without being stated parts from the gold but changes no F1', () => {
  const scores = new LabelScores(['A']);
  scores.add([1], [1]);
  expect(scores.add([null], [0])).toEqual(['A']);
  expect(scores.add([-1], [0])).toEqual(['A']);
  expect(scores.table().micro.f1).toBe(1);
  expect(scores.table().agreement).toBe(1 / 3);
});

test('a label without a gold value is not judged', () => {
  const scores = new LabelScores(['A', 'B']);
  expect(scores.add([1, undefined], [1, 1])).toEqual([]);
  expect(scores.table()).toMatchObject({ agreement: 1, unjudged: [{ label: 'B', said: 0 }] });
});

test('the interval holds the score and shrinks as reports are added', () => {
  const width = (reports: number) => {
    const scores = new LabelScores(['A']);
    for (let i = 0; i < reports; i++) scores.add([i % 2 === 0 ? 1 : 0], [i % 3 === 0 ? 1 : 0]);
    const { f1, interval } = scores.table().micro;
    expect(interval[0]).toBeLessThanOrEqual(f1);
    expect(interval[1]).toBeGreaterThanOrEqual(f1);
    return interval[1] - interval[0];
  };
  const [small, large] = [width(60), width(960)];
  expect(small / large).toBeGreaterThan(3); // the square root of 16 is 4
  expect(small / large).toBeLessThan(5);
});

test('labels that are all right are so in every resample', () => {
  const scores = new LabelScores(['A']);
  for (let i = 0; i < 50; i++) scores.add([i % 2 === 0 ? 1 : 0], [i % 2 === 0 ? 1 : 0]);
  expect(scores.table().micro).toEqual({ f1: 1, interval: [1, 1] });
});

test('an interval is right in 95 of 100 samples of a known F1', () => {
  // Said with chance 0.8 where the gold states, never elsewhere: F1 = 2 * 0.8 / 1.8.
  const truth = 1.6 / 1.8;
  let state = 1;
  const chance = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  let held = 0;
  for (let sample = 0; sample < 100; sample++) {
    const scores = new LabelScores(['A'], sample);
    for (let i = 0; i < 200; i++) scores.add([1], [chance() < 0.8 ? 1 : 0]);
    const [low, high] = scores.table().micro.interval;
    held += low <= truth && truth <= high ? 1 : 0;
  }
  expect(held).toBeGreaterThan(87);
});

test('perfect labels score 1, and the order of reports does not matter to the scores', () => {
  const values = fc.array(fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 1)), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(values, (pairs) => {
      const scored = (list: readonly (readonly [number, number])[]) => {
        const scores = new LabelScores(['A']);
        for (const [gold, said] of list) scores.add([gold as 0 | 1], [said as 0 | 1]);
        return scores.table().micro.f1;
      };
      expect(scored([...pairs].reverse())).toEqual(scored(pairs));
      if (pairs.some(([gold]) => gold === 1)) expect(scored(pairs.map(([gold]) => [gold, gold]))).toBe(1);
    }),
    { numRuns: 20 },
  );
});
