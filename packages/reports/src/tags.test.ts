import { expect, test } from 'vitest';
import { FINDING_OF_LABEL, FINDINGS, XRV_LABELS } from './findings.ts';
import { findingsOfTag, findingTags, tagFindings, tagInWords } from './tags.ts';

test('each of the 18 labels measures a finding of its own', () => {
  const measured = XRV_LABELS.map((label) => FINDING_OF_LABEL[label]);
  expect(new Set(measured).size).toBe(18);
  expect(FINDINGS).toEqual(expect.arrayContaining(measured));
});

test('tags name their findings', () => {
  expect(findingsOfTag('Cardiomegaly/mild')).toEqual(['cardiomegaly']);
  expect(findingsOfTag('Cardiac Shadow/enlarged/borderline')).toEqual(['cardiomegaly']);
  expect(findingsOfTag('Catheters, Indwelling/right')).toEqual(['catheter']);
  expect(findingsOfTag('Hydropneumothorax/left')).toEqual(['pleural effusion', 'pneumothorax']);
  expect(findingsOfTag('Opacity/lung/base/bilateral/interstitial')).toEqual([
    'opacity',
    'interstitial markings',
  ]);
  expect(findingsOfTag('Calcinosis/aorta')).toEqual(['aortic calcification']);
  expect(findingsOfTag('Aorta')).toEqual([]);
  expect(findingsOfTag('pleural effusion/left')).toEqual(['pleural effusion']);
  expect(findingsOfTag('')).toEqual([]);
});

test('a study without findings has none, whatever was remarked on its image', () => {
  const tags = ['normal', 'No Indexing', 'Technical Quality of Image Unsatisfactory '];
  expect([...tagFindings(tags)]).toEqual([]);
  expect(findingTags([...tags, 'Nodule/lung'])).toEqual(['Nodule/lung']);
});

test('tags in plain words', () => {
  expect(tagInWords('Opacity/lung/base/left')).toBe('opacity, lung, base, left');
  expect(tagInWords('Catheters, Indwelling/right')).toBe('indwelling catheters, right');
  expect(tagInWords('Calcinosis/aorta, thoracic')).toBe('calcification, aorta thoracic');
});
