import { expect, test } from 'vitest';
import { splitSections } from './sections.ts';

test('headings at line heads and capitals within a line part the sections', () => {
  const sections = splitSections(
    'CHEST TWO VIEWS\r\nIndication: cough, fever\r\nComparison: none\r\nFINDINGS: The heart is large.\r\nNo effusion. IMPRESSION: Cardiomegaly.',
  );
  expect(sections).toEqual({
    unheaded: 'CHEST TWO VIEWS',
    indication: 'cough, fever',
    technique: '',
    comparison: 'none',
    findings: 'The heart is large.\nNo effusion.',
    impression: 'Cardiomegaly.',
  });
});

test('prose that mentions a section is no heading', () => {
  const text = 'No change. In comparison: the effusion is smaller. These findings are stable.';
  expect(splitSections(text).unheaded).toBe(text);
});

test('a heading met twice continues its section; no text gives empty sections', () => {
  expect(splitSections('Findings: one\nImpression: two\nFindings: three').findings).toBe('one\nthree');
  expect(Object.values(splitSections(''))).toEqual(['', '', '', '', '', '']);
});
