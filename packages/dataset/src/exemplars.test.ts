import { expect, test } from 'vitest';
import { ExemplarIndex } from './exemplars.ts';
import { ImageLikeness } from './image-likeness.ts';
import type { Study } from './study.ts';

const study = (id: string, tags: string[], report: string, patient = id): Study => ({
  id,
  patient,
  split: 'train',
  views: [],
  findings: report,
  impression: '',
  report,
  tags,
  abnormal: true,
});

const studies = [
  study('heart1', ['Cardiomegaly/mild'], 'The heart is mildly enlarged. The lungs are clear.'),
  study('heart2', ['Cardiomegaly/mild'], 'The heart is mildly enlarged. No effusion. The lungs are clear.'),
  study('heart3', ['Cardiomegaly/mild'], 'Prominent silhouette as before, hardware unchanged.'),
  study('effusion', ['Pleural Effusion/left/small'], 'Small left pleural effusion.'),
  study(
    'both',
    ['Cardiomegaly/mild', 'Pleural Effusion/left/small'],
    'Enlarged heart with a small left effusion.',
  ),
  study('normal', ['normal'], 'Normal chest.'),
];
const index = new ExemplarIndex(studies);
const ids = (tags: string[], count: number, patient = 'new') =>
  index.nearest(study('new', tags, 'unknown', patient), { count, candidates: count }).map(({ id }) => id);

test('the nearest tags come first, a rarer tag weighs more, and a normal study has none', () => {
  expect(ids(['Pleural Effusion/left/small', 'Cardiomegaly/mild'], 1)).toEqual(['both']);
  expect(ids(['Pleural Effusion/left/large'], 2)).toEqual(expect.arrayContaining(['effusion', 'both']));
  expect(ids(['normal'], 3)).toEqual([]);
  expect(ids([], 3)).toEqual([]);
});

test('of equals the typical text wins', () => {
  const [first, ...others] = index.nearest(study('new', ['Cardiomegaly/mild'], ''), {
    count: 3,
    candidates: 3,
  });
  expect(['heart1', 'heart2']).toContain(first?.id);
  expect(others.at(-1)?.id).toBe('heart3');
});

test('a report of the same patient is never shown', () => {
  expect(ids(['Pleural Effusion/left/small'], 5, 'effusion')).not.toContain('effusion');
  expect(index.nearest(studies[3] as Study, { count: 5 }).map(({ id }) => id)).not.toContain('effusion');
});

test('the neighbourhood of a study is the studies with like findings, of a normal one the other normal ones', () => {
  const near = index.neighbourhood(study('new', ['Cardiomegaly/mild'], ''));
  expect(near[0]?.similarity).toBeCloseTo(1, 10);
  expect(near.map(({ study: { id } }) => id)).not.toContain('normal');
  expect(index.neighbourhood(study('new', ['normal'], '')).map(({ study: { id } }) => id)).toEqual([
    'normal',
  ]);
  expect(index.neighbourhood(study('new', ['normal'], '', 'normal'))).toEqual([]);
});

test('where images count, of two equal findings the one with the likelier image comes first, never the own patient', () => {
  const of = (id: string, patient: string) => study(id, ['Cardiomegaly'], `Report ${id}.`, patient);
  const three = [of('a', '1'), of('b', '2'), of('c', '3')];
  const features = new Map([
    ['x', Float32Array.of(9, 1)],
    ['a', Float32Array.of(1, 9)],
    ['b', Float32Array.of(8, 1)],
    ['c', Float32Array.of(9, 1)],
  ]);
  const likeness = new ImageLikeness(features);
  const options = { count: 1, candidates: 1 };
  const first = (index: ExemplarIndex) => index.nearest(of('x', '3'), options)[0]?.id;
  expect(first(new ExemplarIndex(three))).toBe('a');
  expect(first(new ExemplarIndex(three, { likeness, share: 0.5 }))).toBe('b');
  expect(likeness.between('x', 'c')).toBeCloseTo(1);
  expect(likeness.between('x', 'a')).toBe(0);
  expect(likeness.between('x', 'unknown')).toBeUndefined();
  const normal = { ...of('x', '9'), tags: ['normal'] };
  expect(new ExemplarIndex(three, { likeness, share: 1 }).nearest(normal, options)).toEqual([]);
});
