import { expect, test } from 'vitest';
import { NearestByTags, type TaggedStudy } from './nearest.ts';

const study = (id: string, tags: string[], report: string, patient = id): TaggedStudy => ({
  id,
  patient,
  tags,
  report,
});

const train = new NearestByTags([
  study('a', ['normal'], 'The lungs are clear and the heart is normal.'),
  study('b', ['normal'], 'Heart is normal. The lungs are clear.'),
  study('c', ['normal'], 'No acute disease of any kind.'),
  study('d', ['Cardiomegaly/mild', 'Nodule/lung'], 'Large heart, a nodule.'),
  study('e', ['Cardiomegaly/mild'], 'Large heart.'),
  study('f', ['Cardiomegaly/mild'], 'Large heart, of the query\u2019s own patient.', 'q'),
]);

test('the nearest tags win', () => {
  const [nearest] = train.find({ patient: 'x', tags: ['nodule/lung', 'Cardiomegaly/mild '] });
  expect(nearest?.study.report).toBe('Large heart, a nodule.');
  expect(train.find({ patient: 'x', tags: ['Cardiomegaly/mild', 'Scoliosis'] })[0]?.similarity).toBe(0.5);
});

test('of equals the most typical wins', () => {
  const found = train.find({ patient: 'x', tags: ['normal'] }, 3).map((neighbour) => neighbour.study.id);
  expect(found[2]).toBe('c');
});

test('never the same patient', () => {
  expect(train.find({ patient: 'q', tags: ['Cardiomegaly/mild'] }, 2).map((n) => n.study.id)).toEqual([
    'e',
    'd',
  ]);
  const alone = new NearestByTags([study('f', ['normal'], 'Clear.', 'q')]);
  expect(alone.find({ patient: 'q', tags: ['normal'] })).toEqual([]);
});

test('tags that nobody has give someone all the same, and nobody unlike for company', () => {
  expect(train.find({ patient: 'x', tags: ['Pneumothorax'] }, 1)).toHaveLength(1);
  expect(train.find({ patient: 'x', tags: ['Nodule/lung'] }, 5).map((n) => n.study.id)).toEqual(['d']);
});
