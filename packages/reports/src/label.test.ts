import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labelReport } from './label.ts';
import { splitSentences } from './sentences.ts';
import { isAbnormal, statedFindings, verdicts } from './stated.ts';

/** `+finding`, `-finding`, `?finding` of a text, in order and without repeats. */
function verdict(text: string): string[] {
  const signs = { positive: '+', negative: '-', uncertain: '?' } as const;
  return [...verdicts(labelReport(text))].map(([finding, polarity]) => signs[polarity] + finding);
}

test.each<[string, string[]]>([
  // Terms, and parts with their looks in either order.
  ['Large hiatal hernia.', ['+hernia']],
  ['The heart is mildly enlarged.', ['+cardiomegaly']],
  ['Enlarged cardiac silhouette.', ['+cardiomegaly']],
  ['Heart is mildly enlarged and vascularity appears normal.', ['+cardiomegaly', '-congestion']],
  ['The aorta is calcified and tortuous.', ['+aortic calcification', '+tortuous aorta']],
  ['Lung volumes are low.', ['+low lung volumes']],
  ['Opacities in both bases.', ['+opacity']],
  ['Free air under the right hemidiaphragm.', ['+free air']],
  ['The trachea is deviated.', ['+mediastinal shift']],
  ['PTX on the left, PNA in the RLL.', ['+pneumothorax', '+pneumonia']],
  // Negation, lists, and where a list ends.
  ['No effusion, pneumothorax or consolidation.', ['-pleural effusion', '-pneumothorax', '-consolidation']],
  ['Without pneumothorax, edema, and effusion.', ['-pneumothorax', '-edema', '-pleural effusion']],
  ['No pneumothorax, small left effusion.', ['-pneumothorax', '+pleural effusion']],
  ['No pneumothorax and the heart is enlarged.', ['-pneumothorax', '+cardiomegaly']],
  ['No effusion but there is edema.', ['-pleural effusion', '+edema']],
  ['No large effusion, small nodule, or mass.', ['-pleural effusion', '-nodule', '-mass']],
  ['Lungs are free of infiltrate, with a calcified granuloma.', ['-infiltrate', '+granuloma']],
  ['Negative for fracture; old scar at the apex.', ['-fracture', '+scarring']],
  ['The heart is not enlarged.', ['-cardiomegaly']],
  // Negation behind.
  ['An effusion is not seen.', ['-pleural effusion']],
  ['Effusion and pneumothorax are not identified.', ['-pleural effusion', '-pneumothorax']],
  ['Effusion, edema, and a nodule are not seen.', ['-pleural effusion', '-edema', '-nodule']],
  ['Effusion, edema not seen.', ['+pleural effusion', '-edema']],
  ['The left effusion has resolved.', ['-pleural effusion']],
  // What only looks like a negation.
  ['No change in the right effusion.', ['+pleural effusion']],
  ['Effusion, without significant interval change.', ['+pleural effusion']],
  ['Pneumothorax: none. Effusion: absent.', ['-pneumothorax', '-pleural effusion']],
  ['No longer seen is the effusion.', ['-pleural effusion']],
  ['The tubes have been removed.', ['-tube']],
  // Doubt.
  ['?pneumonia at the base', ['?pneumonia']],
  ['Pneumonia? Edema.', ['?pneumonia', '+edema']],
  ['Difficult to exclude a small effusion.', ['?pleural effusion']],
  ['Edema or pneumonia.', ['?edema', '?pneumonia']],
  ['No edema or pneumonia.', ['-edema', '-pneumonia']],
  ['A small or moderate effusion.', ['+pleural effusion']],
  ['Pneumonia is in the differential.', ['?pneumonia']],
  ['Opacity may represent atelectasis and/or edema.', ['+opacity', '?atelectasis', '?edema']],
  ['Possible pneumonia.', ['?pneumonia']],
  ['Opacity which may represent atelectasis or pneumonia.', ['+opacity', '?atelectasis', '?pneumonia']],
  ['Pneumonia cannot be excluded.', ['?pneumonia']],
  ['Atelectasis versus scarring.', ['?atelectasis', '?scarring']],
  ['Small effusions suspected.', ['?pleural effusion']],
  ['This may be due to edema.', ['?edema']],
  // Parts called normal.
  [
    'Heart size and mediastinal contours are within normal limits.',
    ['-cardiomegaly', '-enlarged mediastinum'],
  ],
  ['Normal heart size, tortuous aorta.', ['+tortuous aorta', '-cardiomegaly']],
  ['The heart is enlarged and the mediastinum is normal.', ['+cardiomegaly', '-enlarged mediastinum']],
  ['The lungs are clear.', ['-opacity', '-consolidation']],
  ['Costophrenic angles are sharp.', ['-blunted costophrenic angle', '-pleural effusion']],
  // Words of a finding that are none.
  ['Trace pericardial effusion.', ['+pericardial effusion']],
  ['Subcutaneous emphysema in the neck.', ['+subcutaneous emphysema']],
  ['Soft tissue edema, knee effusion.', []],
  ['A pacemaker lead is fractured.', ['+implanted device']],
  ['Chest radiograph, two views.', []],
])('%s', (text, expected) => {
  expect(verdict(text)).toEqual(expected);
});

test('side, place and degree stand with their finding', () => {
  expect(labelReport('Small right pleural effusion and mild left basilar atelectasis.')).toMatchObject([
    { finding: 'pleural effusion', polarity: 'positive', side: 'right', severity: 'small' },
    { finding: 'atelectasis', polarity: 'positive', side: 'left', location: 'base', severity: 'mild' },
  ]);
  expect(labelReport('Airspace disease, bibasilar scarring.')[1]).toMatchObject({
    side: 'bilateral',
    location: 'base',
  });
  expect(labelReport('Nodule in the left and right upper lobes.')[0]).toMatchObject({
    side: 'bilateral',
    location: 'upper lobe',
  });
});

test('a report states what any of its sentences states', () => {
  const report =
    'No effusion is seen on the frontal view. A small effusion is seen laterally. Possible nodule.';
  expect([...statedFindings(report)]).toEqual(['pleural effusion']);
  expect([...statedFindings(report, { doubted: true })]).toEqual(['pleural effusion', 'nodule']);
});

test('what is likely, probable or one of alternatives counts as stated, what is left open does not', () => {
  const report = 'Probable effusion. Likely edema. Atelectasis versus scarring. This may be pneumonia.';
  expect([...statedFindings(report)]).toEqual(['pleural effusion', 'atelectasis', 'edema', 'scarring']);
});

test('abnormal is what states or suspects anything', () => {
  expect(isAbnormal('Heart size is normal. Lungs are clear. No effusion or pneumothorax.')).toBe(false);
  expect(isAbnormal('Heart size is normal. Possible early pneumonia.')).toBe(true);
  expect(isAbnormal('')).toBe(false);
});

test('the cost of a hostile text stays linear', () => {
  const once = 'no effusion, small nodule and or '.repeat(2_000);
  const before = process.cpuUsage();
  labelReport(once);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(5_000); // ms of work, however busy the machine
});

test('a mention knows its sentence and its characters', () => {
  const text = 'Clear lungs. The heart\nis mildly enlarged; no effusion.';
  const said = labelReport(text).filter(({ sentence }) => sentence === 1);
  expect(said.map(({ start, end }) => text.slice(start, end))).toEqual([
    'effusion',
    'heart\nis mildly enlarged',
  ]);
});

test('mentions lie inside the text whatever it holds', () => {
  const word = fc.constantFrom(
    'No',
    'effusion',
    'İstanbul',
    '’s',
    'heart',
    'enlarged',
    '\n',
    '.',
    'ET tube',
    '4.5',
    '😀',
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const text = words.join(' ');
      for (const { start, end, sentence } of labelReport(text)) {
        expect(text.slice(start, end)).toMatch(/^\S[\s\S]*\S$/);
        expect(splitSentences(text)[sentence]).toContain(text.slice(start, end));
      }
    }),
  );
});

test.each([
  ['New effusion.', 'new'],
  ['The effusion has increased.', 'increased'],
  ['Interval improvement in the effusion.', 'decreased'],
  ['Effusion, unchanged.', 'unchanged'],
  ['Effusions, left greater than right, have decreased since then.', 'decreased'],
  ['Without significant interval change in the effusion.', 'unchanged'],
  ['The effusion has resolved.', 'resolved'],
  ['The effusion is no longer seen.', 'resolved'],
  ['The effusion is small but stable.', 'unchanged'],
  ['Effusions, larger on the right, are unchanged.', 'unchanged'],
  ['Effusion, stable cardiomegaly.', undefined],
  ['Effusion but stable cardiomegaly.', undefined],
])('change: %s', (text, change) => {
  expect(labelReport(text).find(({ finding }) => finding === 'pleural effusion')?.change).toBe(change);
});

test('a place before a denial is not that of what is denied', () => {
  const [atelectasis, effusion] = labelReport('Atelectasis at the left base without effusion.');
  expect(atelectasis).toMatchObject({ side: 'left', location: 'base' });
  expect(effusion).not.toHaveProperty('location');
  expect(labelReport('In the left base there is no effusion.')[0]).toMatchObject({ location: 'base' });
});

test('a look is no change: increased markings are more than normal', () => {
  expect(labelReport('Increased interstitial markings.')[0]).not.toHaveProperty('change');
  expect(labelReport('Increased interstitial markings, unchanged.')[0]).toMatchObject({
    change: 'unchanged',
  });
});

test('how a doubt is meant', () => {
  const doubts = (text: string) => labelReport(text).map(({ doubt }) => doubt);
  expect(doubts('Likely edema. Probable edema. Edema versus pneumonia. Possible edema.')).toEqual([
    'likely',
    'probable',
    'alternative',
    'alternative',
    'possible',
  ]);
  expect(doubts('Effusion and edema versus pneumonia.')).toEqual([undefined, 'alternative', 'alternative']);
  expect(doubts('Edema versus possible pneumonia.')).toEqual(['alternative', 'possible']);
});

test('history is no finding, but an operation or a device outlasts it', () => {
  expect(labelReport('History of pneumonia.')).toEqual([]);
  expect(labelReport('History of sternotomy.')).toMatchObject([{ finding: 'surgical material' }]);
});
