import { XRV_LABELS } from '@llama-xr/reports';
import { expect, test } from 'vitest';
import { SIMULATED_AUC, simulateScores, truthOf } from './simulate.ts';

const both = { frontal: true, lateral: true };

/** Area under the ROC curve by counting pairs (Mann-Whitney). */
function auc(positives: readonly number[], negatives: readonly number[]): number {
  let wins = 0;
  for (const p of positives) for (const n of negatives) wins += p > n ? 1 : p === n ? 0.5 : 0;
  return wins / (positives.length * negatives.length);
}

test('a view has the stated AUC, two views a little more, and 0.5 splits evenly', () => {
  const ids = Array.from({ length: 400 }, (_, i) => `study ${i}`);
  const scores = (tags: string[]) =>
    ids.flatMap((id) => {
      const { frontal, lateral } = simulateScores(`${id}${tags}`, truthOf(tags, undefined), both, 1);
      return frontal && lateral ? [[frontal[10] as number, lateral[10] as number] as const] : [];
    });
  const [ill, well] = [scores(['Cardiomegaly']), scores(['normal'])];
  const frontal = auc(
    ill.map((s) => s[0]),
    well.map((s) => s[0]),
  );
  const mean = auc(
    ill.map((s) => s[0] + s[1]),
    well.map((s) => s[0] + s[1]),
  );
  expect(Math.abs(frontal - SIMULATED_AUC)).toBeLessThan(0.03);
  expect(mean).toBeGreaterThan(frontal);
  const sensitivity = ill.filter((s) => s[0] >= 0.5).length / ill.length;
  const specificity = well.filter((s) => s[0] < 0.5).length / well.length;
  expect(sensitivity).toBeGreaterThan(0.7);
  expect(Math.abs(sensitivity - specificity)).toBeLessThan(0.06);
});

test('seed and study decide the scores, and nothing else', () => {
  const truth = truthOf(['Nodule/lung'], undefined);
  const one = simulateScores('a', truth, both, 7);
  expect(simulateScores('a', truth, both, 7)).toEqual(one);
  expect(simulateScores('a', truth, both, 8)).not.toEqual(one);
  expect(simulateScores('b', truth, both, 7)).not.toEqual(one);
  expect(simulateScores('a', truth, { frontal: true, lateral: false }, 7)).toEqual({ ...one, lateral: null });
  expect(one.source).toBe('simulated');
  expect(one.frontal).toHaveLength(XRV_LABELS.length);
});

test('gold labels outrank tags, and tags say what gold never marks', () => {
  const truth = truthOf(['Hernia, Hiatal', 'Cardiomegaly', 'Mass/lung'], {
    Cardiomegaly: 0,
    Hernia: 0,
    Nodule: 1,
  });
  expect(truth).toMatchObject({ Hernia: 1, Cardiomegaly: 0, Nodule: 1, Mass: 1, 'Lung Lesion': 1, Edema: 0 });
});
