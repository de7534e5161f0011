/** What the page is made of: escaping, differences, charts. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { barChart, equalityPlot } from './charts.ts';
import { html } from './html.ts';
import { wordDiff } from './word-diff.ts';

test('text is escaped, markup is not, nothing stands for nothing', () => {
  const inner = html`<b>${'<script>'}</b>`;
  expect(String(html`<p title="${'"\'&'}">${inner}${undefined}${false}${[1, 'a<']}</p>`)).toBe(
    '<p title="&#34;&#39;&#38;"><b>&#60;script&#62;</b>1a&#60;</p>',
  );
});

test('no text gets out of its place on a page', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(String(html`${text}`)).not.toMatch(/[<>"']/);
      expect(String(barChart(text, [{ label: text, value: 1 }])).match(/<script/i)).toBeNull();
    }),
  );
});

test('a difference holds every word of both texts, in order', () => {
  const word = fc.constantFrom('no', 'effusion', 'the', 'Heart', 'heart.', 'large', 'left');
  const report = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(report, report, (draft, reference) => {
      const parts = wordDiff(draft, reference);
      const text = (...kinds: string[]) =>
        parts.flatMap((part) => (kinds.includes(part.kind) ? [part.text] : [])).join(' ');
      const plain = (words: string) => words.toLowerCase().replaceAll('.', '');
      expect(text('both', 'draft')).toBe(draft);
      expect(plain(text('both', 'reference'))).toBe(plain(reference));
    }),
  );
});

test('what both say is found: case and stops do not count', () => {
  expect(wordDiff('There is no effusion.', 'No left effusion')).toEqual([
    { kind: 'draft', text: 'There is' },
    { kind: 'both', text: 'no' },
    { kind: 'reference', text: 'left' },
    { kind: 'both', text: 'effusion.' },
  ]);
});

test('charts have a bar or a point for each value, and no NaN', () => {
  const bars = String(
    barChart('F1', [
      { label: 'model', value: 0.5, interval: [0.4, 0.6] },
      { label: 'constant', value: 0 },
    ]),
  );
  expect(bars.match(/<rect /g)).toHaveLength(2);
  expect(bars).not.toContain('NaN');
  const points = String(equalityPlot('x', [{ x: 0.1, y: 0.2, label: 'nodule' }], { x: 'a', y: 'b' }));
  expect(points.match(/<circle /g)).toHaveLength(1);
});
