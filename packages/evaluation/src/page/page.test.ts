/** The page: complete in itself, warnings first, nothing on it that was not escaped. */
import { type Prediction, score } from '@llama-xr/metrics';
import { expect, test } from 'vitest';
import { renderPage } from './page.ts';

const REPORTS = [
  'heart size is normal',
  'there is a left effusion',
  'no acute disease',
  'a right sided nodule <b>',
];
const predictions: Prediction[] = Array.from({ length: 12 }, (_, i) => ({
  id: `study ${i}`,
  prediction: 'no acute disease',
  references: [REPORTS[i % 4] as string],
  abnormal: i % 2 === 1,
  notices: ['simulated <scores>'],
}));
const table = score(predictions, { protocols: ['coco'], constant: '<script>alert("x")</script>' });
const page = renderPage(table, {
  title: 'Run <7>',
  cases: [
    {
      id: 'study <1>',
      draft: 'no <i>effusion',
      reference: 'left effusion',
      images: [{ url: 'data:image/png;base64,AA==', label: 'frontal' }],
      faults: ['omits: pleural effusion'],
      scores: 'ROUGE-L 0.5',
    },
  ],
  provenance: { predictions: 'x.jsonl' },
  example: predictions[3] as Prediction,
});

test('text is escaped everywhere, and the page asks for nothing', () => {
  expect(page).toContain('Run &#60;7&#62;');
  expect(page).toContain('study &#60;1&#62;');
  expect(page).not.toMatch(/<script|<i>|<b>/);
  expect(page).not.toMatch(/(?:src|href)="(?!data:|#)/);
});

test('notices and alarms stand above every number, the model beside its interval', () => {
  const first = page.indexOf('<table>');
  expect(page.indexOf('class="notice"')).toBeLessThan(first);
  expect(page.indexOf('class="alarm"')).toBeGreaterThan(0);
  expect(page.indexOf('class="alarm"')).toBeLessThan(first);
  expect(page).toMatch(/<td class="model">0\.\d{3} <small>0\.\d{3} to 0\.\d{3}<\/small>/);
  expect(page).toMatch(/The model minus each baseline/);
  expect(page).not.toContain('NaN');
});
