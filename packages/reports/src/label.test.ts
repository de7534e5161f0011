import { expect, test } from 'vitest';
import { labelReport } from './label.ts';
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
  ['The aorta is calcified and tortuous.', ['+aortic calcification', '+tortuous aorta']],
  ['Lung volumes are low.', ['+low lung volumes']],
  ['Opacities in both bases.', ['+opacity']],
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
  ['The left effusion has resolved.', ['-pleural effusion']],
  // What only looks like a negation.
  ['No change in the right effusion.', ['+pleural effusion']],
  ['Effusion, without significant interval change.', ['+pleural effusion']],
  // Doubt.
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
  ['Trace pericardial effusion.', []],
  ['Subcutaneous emphysema in the neck.', []],
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
