import { statedFindings } from '@llama-xr/reports';
import { expect, test } from 'vitest';
import { baselineDrafts } from '../baselines.ts';
import { protocols } from '../protocols.ts';
import { scorePairs } from '../scorer.ts';
import { bestConstants, mostFrequent } from './constants.ts';
import { nearestByFeatures } from './nearest-features.ts';
import { templateOfTags, templateReport } from './template-report.ts';

test('the most frequent text, case and punctuation aside', () => {
  expect(mostFrequent(['a b', 'c', 'A b.', 'c d'])).toBe('a b');
  expect(() => mostFrequent([])).toThrow(/at least one text/);
});

test('the best constant of each score is the best of all that are tried', () => {
  const training = [
    'heart is normal',
    'heart is normal',
    'lungs are clear and heart is normal in size',
    'x y z',
  ];
  const validation = [['lungs are clear'], ['heart is normal in size now'], ['x y z'], ['x y z']];
  const best = bestConstants(training, validation, protocols.plain);
  for (const scorer of protocols.plain.scorers) {
    const scores = training.map((prediction) =>
      scorePairs(
        scorer,
        validation.map((references) => ({ prediction, references })),
      ),
    );
    for (const name of scorer.values) {
      expect(best[name]?.score, name).toBe(Math.max(...scores.map(({ corpus }) => corpus[name] as number)));
    }
  }
  expect(new Set(Object.values(best).map(({ text }) => text)).size).toBeGreaterThan(1);
});

test('the nearest features by cosine, never of the same patient', () => {
  const training = [
    { features: [1, 0], report: 'east', patient: 'a' },
    { features: [0, 5], report: 'north', patient: 'b' },
    { features: [3, 3], report: 'between', patient: 'c' },
  ];
  const query = (features: number[], patient?: string) =>
    nearestByFeatures(training, [{ features, patient }])[0];
  expect(query([9, 1])).toBe('east');
  expect(query([9, 1], 'a')).toBe('between');
  expect(query([0.1, 0.2])).toBe('between');
  expect(query([0, -1])).toBe('east');
  expect(() => query([1, 2, 3])).toThrow(/study 0: expected 2 features, got 3/);
});

test('a template states the findings that it is given, and no other', () => {
  for (const tags of [
    ['Cardiomegaly/mild', 'Pleural Effusion/left'],
    ['Nodule/lung/upper lobe/right'],
    ['Spondylosis/thoracic vertebrae', 'Osteophyte/thoracic vertebrae'],
    ['normal'],
  ]) {
    const told = templateOfTags(tags);
    expect(statedFindings(told), told).toEqual(new Set(statedFindings(templateReport(statedFindings(told)))));
  }
  expect(templateOfTags(['normal'])).toBe(
    'The heart is normal in size. The mediastinum is unremarkable. The lungs are clear. ' +
      'There is no pneumothorax or pleural effusion.',
  );
  expect(templateOfTags(['Cardiomegaly/mild', 'Pleural Effusion/left'])).toBe(
    'The mediastinum is unremarkable. The lungs are clear. The heart is enlarged. There is a pleural effusion. ' +
      'There is no pneumothorax.',
  );
});

test('every finding has a sentence that the labeler reads as that finding', async () => {
  const { FINDINGS } = await import('@llama-xr/reports');
  for (const finding of FINDINGS) {
    const text = templateReport(new Set([finding]));
    expect([...statedFindings(text)], text).toEqual([finding]);
  }
});

test('baselines that need training reports, features or inputs are there when these are', () => {
  const predictions = [
    { id: '1', prediction: 'x', references: ['one'], input: ['normal'] },
    { id: '2', prediction: 'y', references: ['two'], input: ['Cardiomegaly'] },
  ];
  const drafts = baselineDrafts(predictions, { training: ['a', 'b', 'B.'], features: ['near 1', 'near 2'] });
  expect(drafts.get('frequent')).toEqual([['b', 'b']]);
  expect(drafts.get('features')).toEqual([['near 1', 'near 2']]);
  expect(drafts.get('template')?.[0]?.[1]).toMatch(/The heart is enlarged/);
  expect(() => baselineDrafts(predictions, { features: ['near 1'] })).toThrow(
    /features: expected 2 texts.*got 1/,
  );
  expect(baselineDrafts([{ id: '1', prediction: 'x', references: ['one'] }]).has('template')).toBe(false);
});
