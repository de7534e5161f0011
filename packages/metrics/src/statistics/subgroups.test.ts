import { expect, test } from 'vitest';
import { ageBand, groupsOf, meanOf, subgroups } from './index.ts';

test('a study names the groups it belongs to', () => {
  expect(
    groupsOf({
      views: [{ projection: 'frontal' }],
      sex: 'F',
      age: '067Y',
      site: 'north',
      abnormal: true,
      findings: ['edema', 'mass'],
    }),
  ).toEqual({
    view: ['frontal only'],
    sex: ['female'],
    age: ['60 to 79'],
    site: ['north'],
    condition: ['abnormal'],
    finding: ['edema', 'mass'],
  });
  expect(groupsOf({ views: [{ projection: 'lateral' }, { projection: 'frontal' }] })).toEqual({
    view: ['frontal and lateral'],
  });
  expect(groupsOf({})).toEqual({});
});

test('age bands take DICOM ages and years', () => {
  expect([5, 18, 39.9, 40, 79, 80].map(ageBand)).toEqual([
    'under 18',
    '18 to 39',
    '18 to 39',
    '40 to 59',
    '60 to 79',
    '80 and above',
  ]);
  expect(ageBand('018M')).toBe('under 18');
  expect(ageBand('59')).toBe('40 to 59');
  expect(ageBand('XXXX')).toBeUndefined();
  expect(ageBand(-1)).toBeUndefined();
});

test('the score is cut by group, with its n, and small groups are called small', () => {
  const values = Array.from({ length: 50 }, (_, i) => (i < 40 ? 0.5 + (i % 2) / 10 : 0.25));
  const studies = values.map((_, i) => ({
    sex: [i < 40 ? 'female' : 'male'],
    ...(i < 2 && { finding: i === 0 ? ['edema', 'mass'] : ['edema', 'edema'] }),
  }));
  const cut = subgroups(studies, meanOf(values), { resamples: 200 });
  expect(cut.map(({ by, group, n, small }) => [by, group, n, small])).toEqual([
    ['sex', 'female', 40, false],
    ['sex', 'male', 10, true],
    ['finding', 'edema', 2, true],
    ['finding', 'mass', 1, true],
  ]);
  expect(cut[0]?.score.estimate).toBeCloseTo(0.55, 12);
  expect(cut[0]?.score.low).toBeGreaterThan(0.52);
  expect(cut[1]).toMatchObject({ share: 0.2, note: 'small group: 10 studies', score: { estimate: 0.25 } });
  expect(cut[2]?.share).toBe(1);
  expect(cut[3]).toMatchObject({ note: 'small group: 1 study', score: { low: Number.NaN } });
});
