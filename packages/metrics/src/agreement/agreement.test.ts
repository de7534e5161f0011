/** Agreement statistics against statsmodels, scikit-learn, krippendorff and scipy (reference/agreement.py) and textbook values. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from '../goldens/agreement.json' with { type: 'json' };
import {
  casesForKappa,
  casesForPreference,
  cohenKappa,
  fleissKappa,
  type KappaWeights,
  krippendorffAlpha,
  type MeasurementLevel,
  preferencePower,
  weightedKappa,
} from './index.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

test('Cohen’s kappa, its weights, standard error and interval equal statsmodels and scikit-learn', () => {
  for (const { first, second, categories, weights, ...expected } of golden.cohen) {
    const found = cohenKappa(first, second, {
      categories: numbers(categories),
      weights: weights as KappaWeights,
    });
    for (const [name, value] of Object.entries(expected))
      expect(found[name as keyof typeof expected], `${weights} ${name}`).toBeCloseTo(value, 10);
  }
});

test('Cohen’s kappa of the worked example: 20 and 15 agreed, 5 and 10 not, is 0.4', () => {
  const say = (yes: number, no: number) => [...Array(yes).fill('yes'), ...Array(no).fill('no')];
  const first = [...say(25, 0), ...say(0, 25)];
  const second = [...say(20, 5), ...say(10, 15)];
  expect(cohenKappa(first, second)).toMatchObject({ n: 50, observed: expect.closeTo(0.7) });
  expect(cohenKappa(first, second).kappa).toBeCloseTo(0.4, 12);
});

test('a near miss costs a weighted kappa little, and nobody can disagree where there is one category', () => {
  const near = weightedKappa([1, 2, 3, 4, 5, 1], [1, 2, 3, 4, 5, 2]);
  const far = weightedKappa([1, 2, 3, 4, 5, 1], [1, 2, 3, 4, 5, 5]);
  expect(near.kappa).toBeGreaterThan(0.9);
  expect(far.kappa).toBeLessThan(0.5);
  expect(cohenKappa([1, 1], [1, 1]).kappa).toBeNaN();
  expect(() => cohenKappa([1], [1, 2])).toThrow(/same length from 1, got 1 and 2/);
  expect(() => cohenKappa([1], [9], { categories: [1, 2] })).toThrow(/one of 1, 2, got 9/);
});

test('Fleiss’ kappa equals statsmodels and the example of Fleiss (1971)', () => {
  for (const { counts, kappa } of golden.fleiss) expect(fleissKappa(counts)).toBeCloseTo(kappa, 12);
  // Ten of the diagnoses as they stand in Wikipedia's worked example, kappa 0.210.
  const example = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
  ];
  expect(fleissKappa(example)).toBeCloseTo(0.21, 3);
  expect(() =>
    fleissKappa([
      [2, 0],
      [1, 0],
    ]),
  ).toThrow(/case 1: expected 2 ratings as in the first case, got 1/);
});

test('Krippendorff’s alpha equals the package krippendorff, missing values included', () => {
  for (const { cases, level, alpha } of golden.krippendorff)
    expect(krippendorffAlpha(cases, level as MeasurementLevel), level).toBeCloseTo(alpha, 10);
});

test('Krippendorff’s own example (2011): 0.743 nominal, 0.815 ordinal, 0.849 interval', () => {
  const rows = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, null, null, null],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, null, 3],
    [null, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, null],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, null],
  ];
  const cases = numbers(12).map((i) => rows.map((row) => row[i] as number | null));
  expect(krippendorffAlpha(cases, 'nominal')).toBeCloseTo(0.743, 3);
  expect(krippendorffAlpha(cases, 'ordinal')).toBeCloseTo(0.815, 3);
  expect(krippendorffAlpha(cases, 'interval')).toBeCloseTo(0.849, 3);
});

test('alpha does not care for the order of readers and cases, and is 1 for readers who always agree', () => {
  const rating = fc.option(fc.integer({ min: 1, max: 5 }), { nil: null });
  const cases = fc.array(fc.array(rating, { minLength: 3, maxLength: 3 }), { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(cases, fc.constantFrom<MeasurementLevel>('nominal', 'ordinal', 'interval'), (rows, level) => {
      const turned = rows.toReversed().map((row) => row.toReversed());
      const [alpha, same] = [krippendorffAlpha(rows, level), krippendorffAlpha(turned, level)];
      if (Number.isNaN(alpha)) expect(same).toBeNaN();
      else expect(same).toBeCloseTo(alpha, 9);
    }),
  );
  expect(
    krippendorffAlpha(
      [
        [1, 1],
        [2, 2],
        [5, 5],
      ],
      'ordinal',
    ),
  ).toBe(1);
  expect(
    krippendorffAlpha(
      [
        [3, 3],
        [3, 3],
      ],
      'nominal',
    ),
  ).toBeNaN();
  expect(krippendorffAlpha([], 'nominal')).toBeNaN();
});

test('the power of the binomial test equals scipy’s test gone through outcome by outcome', () => {
  for (const { n, preferred, power } of golden.power)
    expect(preferencePower(n, preferred), `${n}`).toBeCloseTo(power, 10);
});

test('a planned preference study has the power asked for, and one case fewer has not', () => {
  for (const preferred of [0.6, 0.65, 0.75, 0.9, 0.3]) {
    const n = casesForPreference({ preferred });
    expect(preferencePower(n, preferred)).toBeGreaterThanOrEqual(0.8);
    expect(preferencePower(n - 1, preferred)).toBeLessThan(0.8);
  }
  expect(casesForPreference({ preferred: 0.51 })).toBeGreaterThan(19_000);
  expect(() => casesForPreference({ preferred: 0.5 })).toThrow(/other than 0.5/);
  expect(() => casesForPreference({ preferred: 1 })).toThrow(/preferred: expected a number between 0 and 1/);
});

test('a planned agreement study: the interval simulated at that size is about as wide as asked for', () => {
  const n = casesForKappa({ halfWidth: 0.1, kappa: 0.6, prevalence: 0.3 });
  expect(n).toBeGreaterThan(casesForKappa({ halfWidth: 0.1, kappa: 0.6, prevalence: 0.5 }));
  // Expected counts of the common correlation model, as lists.
  const [p, k] = [0.3, 0.6];
  const both = Math.round(n * (p * p + k * p * (1 - p)));
  const one = Math.round(n * p * (1 - p) * (1 - k));
  const list = (a: number, b: number, c: number, d: number) => [
    ...Array(both).fill(a),
    ...Array(one).fill(b),
    ...Array(one).fill(c),
    ...Array(n - both - 2 * one).fill(d),
  ];
  const { kappa, high } = cohenKappa(list(1, 1, 0, 0), list(1, 0, 1, 0));
  expect(kappa).toBeCloseTo(0.6, 1);
  expect(high - kappa).toBeCloseTo(0.1, 2);
});
