import { XRV_LABELS } from '@llama-xr/reports';
import { expect, test } from 'vitest';
import { inputTags } from './input-tags.ts';
import type { Study } from './study.ts';

const scores = (high: readonly string[], value = 0.9) =>
  XRV_LABELS.map((label) => (high.includes(label) ? value : 0.1));
const study: Study = {
  id: 'a',
  patient: 'p',
  split: 'val',
  views: [],
  findings: 'x',
  impression: '',
  report: 'x',
  tags: ['Cardiomegaly/mild'],
  labels: { Effusion: 1, Cardiomegaly: 0 },
  scores: { frontal: scores(['Nodule', 'Effusion']), lateral: scores(['Nodule'], 0.6), source: 'simulated' },
  abnormal: true,
};

test('tags, labels and scores each say what they know', () => {
  expect(inputTags(study, 'mesh')).toEqual(['Cardiomegaly/mild']);
  expect(inputTags(study, 'labels')).toEqual(['pleural effusion']);
  // Effusion: (0.9 + 0.1) / 2 reaches the operating point; with a lateral of 0.05 it would not.
  expect(inputTags(study, 'simulated').sort()).toEqual(['nodule', 'pleural effusion']);
});

test('nothing found is normal, nothing known is no tag', () => {
  expect(inputTags({ ...study, labels: { Effusion: 0 } }, 'labels')).toEqual(['normal']);
  expect(inputTags({ ...study, labels: undefined } as Study, 'labels')).toEqual([]);
  expect(inputTags({ ...study, scores: undefined } as Study, 'encoder')).toEqual([]);
});
