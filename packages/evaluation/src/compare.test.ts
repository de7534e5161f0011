/** Pooling of sites, and evaluations side by side. */
import { type Interval, type Prediction, score } from '@llama-xr/metrics';
import { expect, test } from 'vitest';
import { compareEvaluations, renderComparison } from './comparison-table.ts';
import { pool } from './pooled.ts';

const interval = (estimate: number, error: number): Interval => ({
  estimate,
  low: estimate - 1.959964 * error,
  high: estimate + 1.959964 * error,
  level: 0.95,
  n: 100,
});

test('DerSimonian and Laird by hand: three sites that differ', () => {
  const pooled = pool([interval(0.3, 0.1), interval(0.5, 0.1), interval(0.7, 0.1)]);
  // Q = (0.2^2 + 0 + 0.2^2) / 0.01 = 8, df = 2, C = 300 - 30000 / 300 = 200, tau^2 = 6 / 200 = 0.03, I^2 = 6 / 8.
  expect(pooled.mean.estimate).toBeCloseTo(0.5, 9);
  expect(pooled.between).toBeCloseTo(Math.sqrt(0.03), 6);
  expect(pooled.i2).toBeCloseTo(0.75, 6);
  // Error of the mean: sqrt(1 / (3 / 0.04)); t with one degree of freedom: 12.706.
  expect(pooled.mean.high - 0.5).toBeCloseTo(1.959964 * Math.sqrt(0.04 / 3), 6);
  expect(pooled.prediction?.[1]).toBeCloseTo(0.5 + 12.7062 * Math.sqrt(0.03 + 0.04 / 3), 3);
});

test('sites that agree have nothing between them, and the surer one counts more', () => {
  const pooled = pool([interval(0.5, 0.1), interval(0.5, 0.2)]);
  expect(pooled).toMatchObject({ between: 0, i2: 0 });
  expect(pooled.prediction).toBeUndefined();
  expect(pool([interval(0, 0.1), interval(0.1, 0.3)]).mean.estimate).toBeLessThan(0.05);
  expect(() => pool([])).toThrow(/at least one score/);
  expect(() => pool([interval(0.5, 0)])).toThrow(/with an interval/);
});

test('evaluations stand side by side with what they cost, alarms first', () => {
  const texts = [
    'the heart is normal',
    'there is a large left effusion',
    'no acute disease',
    'a nodule is seen',
  ];
  const predictions = (shift: number): Prediction[] =>
    Array.from({ length: 12 }, (_, i) => ({
      id: `${i}`,
      prediction: texts[(i + shift) % 4] as string,
      references: [texts[i % 4] as string, texts[(i + 1) % 3] as string],
    }));
  const evaluations = [
    {
      name: 'north',
      scores: score(predictions(1), { protocols: ['coco'] }),
      drafting: { seconds: 24, peakMemoryBytes: 3e8 },
    },
    { name: 'south', scores: score(predictions(2), { protocols: ['coco'] }) },
  ];
  const text = renderComparison(evaluations, compareEvaluations(evaluations));
  expect(text).toMatch(/coco, all +north +south +pooled +next one\n {2}BLEU-1 /);
  expect(text).toMatch(/drafting, s a study +2\.00 +-\n/);
  expect(text).not.toContain('NaN');
});
