/**
 * That the composite orders drafts by the errors in them: on made-up reports always, and on real ones where they are there. The
 * correlation with the known number of significant errors is printed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { describe, expect, test } from 'vitest';
import { templateOfTags } from '../baselines/template-report.ts';
import {
  COMPOSITE_WEIGHTS,
  corruptReport,
  fitComposite,
  knownErrorPairs,
  measurePairs,
  reportReader,
  SentenceBank,
  type TaggedReport,
  tryComposite,
} from './index.ts';

const TAGS = [
  'Cardiomegaly/mild',
  'Pleural Effusion/left/small',
  'Pleural Effusion/right/large',
  'Pneumothorax/left',
  'Nodule/lung/upper lobe/right',
  'Pulmonary Edema/severe',
  'Fractures, Bone/ribs/left',
  'Granulomatous Disease',
  'Scoliosis/thoracic vertebrae',
];

/** Reports of known findings in plain sentences. */
function madeUpReports(n: number): TaggedReport[] {
  const random = new Random('made-up reports');
  return Array.from({ length: n }, () => {
    const tags = random.shuffle(TAGS).slice(0, random.int(4));
    return { tags: tags.length === 0 ? ['normal'] : tags, text: templateOfTags(tags) };
  });
}

/** Mean expected errors rise with every significant error, as far as there are enough pairs to tell. */
function expectMonotone({ byErrors }: ReturnType<typeof tryComposite>): void {
  const groups = byErrors.filter(({ pairs }) => pairs >= 10);
  expect(groups.length).toBeGreaterThan(2);
  for (let i = 1; i < groups.length; i++) {
    expect(groups[i]?.expected).toBeGreaterThan(groups[i - 1]?.expected as number);
    expect(groups[i]?.score).toBeLessThan(groups[i - 1]?.score as number);
  }
}

const print = (name: string, { pearson, kendall, pairs }: ReturnType<typeof tryComposite>) =>
  console.log(`composite, ${name}: r ${pearson.toFixed(3)}, tau ${kendall.toFixed(3)}, ${pairs} pairs`);

describe('made-up reports', () => {
  const reports = madeUpReports(300);
  const read = reportReader();

  test('errors put in are those that are counted', () => {
    const bank = new SentenceBank(reports.map(({ text }) => text));
    const random = new Random('corrupt');
    const report = 'The heart is mildly enlarged. There is a small left pleural effusion. No pneumothorax.';
    const seen = new Set<string>();
    for (let round = 0; round < 60; round++) {
      const { text, errors } = corruptReport(report, 1, bank, random);
      expect(errors).toHaveLength(1);
      expect(text).not.toBe(report);
      seen.add(errors[0]?.class as string);
    }
    expect(seen).toEqual(
      new Set(['false finding', 'omission', 'wrong location', 'wrong severity', 'false comparison']),
    );
    expect(corruptReport(report, 0, bank, random)).toEqual({ text: report, errors: [] });
    expect(corruptReport('Lungs are clear.', 3, new SentenceBank([]), random).errors).toEqual([]);
  });

  test('the composite rises with the number of errors', () => {
    for (const errors of ['exchanged', 'spoilt'] as const) {
      const pairs = measurePairs(knownErrorPairs(reports, { errors }), read);
      const trial = tryComposite(pairs, COMPOSITE_WEIGHTS);
      print(`made-up reports, ${errors}`, trial);
      expectMonotone(trial);
      expect(trial.pearson).toBeGreaterThan(0.8);
    }
  });

  test('weights are fitted from pairs, none below zero', () => {
    const weights = fitComposite(measurePairs(knownErrorPairs(reports), read));
    for (const weight of Object.values(weights)) expect(weight).toBeGreaterThanOrEqual(0);
    expect(weights.significantErrors).toBeGreaterThan(0.3);
  });
});

const data = process.env.LLAMA_XR_DATA;

interface Row {
  readonly r2gen_split?: string;
  readonly r2gen_report?: string;
  readonly mesh_major: readonly string[];
}

test.skipIf(!data)('on held-out IU reports the composite rises with the errors (needs LLAMA_XR_DATA)', () => {
  const reports = readFileSync(join(data as string, 'iu-xray/studies.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
    .filter((row) => row.r2gen_split === 'val')
    .map((row) => ({ text: row.r2gen_report as string, tags: row.mesh_major }));
  const read = reportReader();
  for (const errors of ['exchanged', 'spoilt'] as const) {
    const pairs = measurePairs(
      [1, 2, 3].flatMap((seed) => knownErrorPairs(reports, { errors, seed })),
      read,
    );
    const trial = tryComposite(pairs, COMPOSITE_WEIGHTS);
    print(`IU validation, ${errors}`, trial);
    expectMonotone(trial);
    expect(trial.pearson).toBeGreaterThan(0.7);
    if (errors === 'exchanged') {
      for (const { pearson } of Object.values(trial.alone)) expect(trial.pearson).toBeGreaterThan(pearson);
    }
  }
});
