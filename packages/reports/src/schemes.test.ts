import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NIH_LABELS } from './findings.ts';
import { CHEXPERT_LABELS, labels } from './schemes.ts';

/** Labels that are not null, or in nih14 not 0. */
function said(text: string, scheme: 'nih14' | 'chexpert14'): Record<string, unknown> {
  const empty = scheme === 'nih14' ? 0 : null;
  return Object.fromEntries(Object.entries(labels(text, scheme)).filter(([, value]) => value !== empty));
}

test.each<[string, Record<string, number>]>([
  ['Heart size is normal and the lungs are clear.', { 'No Finding': 1, Cardiomegaly: 0 }],
  [
    'No edema, effusion or pneumothorax.',
    { 'No Finding': 1, Edema: 0, 'Pleural Effusion': 0, Pneumothorax: 0 },
  ],
  ['Opacity that may be pneumonia.', { 'Lung Opacity': 1, Pneumonia: -1 }],
  ['Possible nodule. A nodule is seen.', { 'Lung Lesion': 1 }],
  ['No effusion on the left. Effusion on the right cannot be excluded.', { 'Pleural Effusion': -1 }],
  ['Likely atelectasis, probable edema.', { Atelectasis: 1, Edema: -1 }],
  // A device is no finding, nor is what was removed a device.
  ['Pacemaker leads are in position.', { 'No Finding': 1, 'Support Devices': 1 }],
  ['The endotracheal tube has been removed.', { 'No Finding': 1, 'Support Devices': 0 }],
  ['Sternotomy wires are intact.', { 'No Finding': 1 }],
  // One label by its place or form, and two.
  ['Pleural scarring.', { 'Pleural Other': 1 }],
  ['Scarring at the left base.', { 'Lung Opacity': 1 }],
  ['Nodular opacity in the lingula.', { 'Lung Opacity': 1, 'Lung Lesion': 1 }],
  ['Enlarged cardiomediastinal silhouette.', { Cardiomegaly: 1, 'Enlarged Cardiomediastinum': 1 }],
  // A sign is less than what it is a sign of.
  ['Pulmonary vascular congestion.', { Edema: -1 }],
  ['Congestive heart failure.', { Edema: 1 }],
  // Not one of the 14, yet not normal.
  ['Emphysema.', {}],
  ['Low lung volumes.', { 'No Finding': 1 }],
  ['History of pneumonia. Lungs are clear.', { 'No Finding': 1 }],
  ['', {}],
])('chexpert14: %s', (text, expected) => {
  expect(said(text, 'chexpert14')).toEqual(expected);
});

test.each<[string, string[]]>([
  ['Atelectasis versus scarring.', ['Atelectasis']],
  ['Probable small effusion.', ['Effusion']],
  ['Bibasilar atelectasis and/or infiltrate.', ['Atelectasis', 'Infiltration']],
  ['This may represent pneumonia.', []],
  ['No effusion.', []],
  ['Volume loss on the right.', []],
  ['Fissural thickening.', ['Pleural_Thickening']],
  ['Soft tissue edema of the ankle.', []],
])('nih14: %s', (text, expected) => {
  expect(Object.keys(said(text, 'nih14'))).toEqual(expected);
});

test('sections are read with a gap between them, and either may be missing', () => {
  expect(labels({ findings: 'No', impression: 'effusion' }, 'nih14').Effusion).toBe(1);
  expect(labels({ impression: 'Edema.' }, 'nih14').Edema).toBe(1);
  expect(labels({ findings: 'Edema.' }, 'nih14').Edema).toBe(1);
});

test('every label of a scheme stands in every answer, with a value of its scheme', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const nih = labels(text, 'nih14');
      const chexpert = labels(text, 'chexpert14');
      expect(Object.keys(nih)).toEqual([...NIH_LABELS]);
      expect(Object.keys(chexpert)).toEqual([...CHEXPERT_LABELS]);
      for (const value of Object.values(nih)) expect([0, 1]).toContain(value);
      for (const value of Object.values(chexpert)) expect([0, 1, -1, null]).toContain(value);
    }),
  );
});

test('No Finding stands with no stated or doubted finding', () => {
  const sentence = fc.constantFrom(
    'No effusion.',
    'Effusion.',
    'Possible edema.',
    'Pacemaker.',
    'Lungs are clear.',
  );
  fc.assert(
    fc.property(fc.array(sentence), (sentences) => {
      const {
        'No Finding': normal,
        'Support Devices': _,
        ...rest
      } = labels(sentences.join(' '), 'chexpert14');
      const abnormal = Object.values(rest).some((value) => value === 1 || value === -1);
      expect(normal === 1).toBe(sentences.length > 0 && !abnormal);
    }),
  );
});
