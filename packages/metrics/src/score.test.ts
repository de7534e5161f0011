/** What an evaluation must see: a perfect copy, a constant, shuffled drafts; and that its baselines are what they say. */
import { describe, expect, test } from 'vitest';
import { mostTypical } from './baselines/constants.ts';
import { baselineDrafts } from './baselines.ts';
import type { Prediction } from './predictions.ts';
import { renderTable } from './render.ts';
import { score } from './score.ts';
import type { ScoreTable } from './score-table.ts';

const PARTS = ['heart', 'left lung', 'right lung', 'mediastinum', 'spine', 'trachea', 'aorta', 'pleura'];
const LOOKS = ['normal', 'clear', 'enlarged', 'blunted', 'displaced', 'tortuous'];

/** Reports that differ from each other, half of them abnormal. */
const REPORTS = Array.from({ length: 40 }, (_, i) => {
  const part = (k: number) => PARTS[(i * 3 + k * 5) % PARTS.length];
  const look = (k: number) => LOOKS[(i + k * i + k) % LOOKS.length];
  return `The ${part(0)} is ${look(0)}. The ${part(1)} is ${look(1)}. Its size is ${i % 7} cm, study ${i}.`;
});

const studies = (
  draft: (i: number) => string,
  more: (i: number) => Partial<Prediction> = () => ({}),
): Prediction[] =>
  REPORTS.map((reference, i) => ({
    id: `s${i}`,
    prediction: draft(i),
    references: [reference],
    abnormal: i % 2 === 1,
    ...more(i),
  }));

const kinds = (table: ScoreTable) => table.warnings.map(({ kind }) => kind);
const noFindings = { statedFindings: () => new Set<string>() };

describe('a copy of the references', () => {
  const table = score(
    studies((i) => REPORTS[i] as string),
    noFindings,
  );

  test('scores perfectly under every protocol, in both subsets', () => {
    for (const [name, bySubset] of Object.entries(table.protocols)) {
      for (const subset of ['all', 'abnormal'] as const) {
        const model = bySubset[subset]?.model as Record<string, number>;
        for (const [metric, value] of Object.entries(model)) {
          const best = metric === 'CIDEr' ? 10 : 1;
          expect(value, `${name} ${subset} ${metric}`).toBeCloseTo(best, metric === 'METEOR' ? 2 : 6);
        }
      }
    }
  });

  test('beats its baselines, is grounded, and has no warning', () => {
    expect(table.warnings).toEqual([]);
    expect(table.grounding?.grounded).toBe(true);
    expect(table.studies).toEqual({ all: 40, abnormal: 20 });
    expect(Object.keys(table.protocols.coco?.all ?? {})).toEqual(['model', 'constant', 'random', 'shuffled']);
  });
});

describe('a constant', () => {
  const table = score(
    studies(() => REPORTS[4] as string),
    noFindings,
  );

  test('is named a constant, ungrounded, and beaten by baselines', () => {
    expect(kinds(table)).toEqual(expect.arrayContaining(['collapse', 'ungrounded', 'beaten']));
    expect(table.warnings[0]).toEqual({
      severity: 'alarm',
      kind: 'collapse',
      text: 'The model is a constant: one and the same text for all 40 studies.',
    });
  });

  test('scores the same shuffled', () => {
    expect(table.protocols.plain?.all?.shuffled).toEqual(table.protocols.plain?.all?.model);
    expect(table.texts.model).toMatchObject({ distinct: 1, mostCommonShare: 1, mostCommon: REPORTS[4] });
  });
});

test('drafts of other studies are called ungrounded, though none of them is the same', () => {
  const table = score(
    studies((i) => REPORTS[(i + 11) % 40] as string),
    noFindings,
  );
  expect(kinds(table)).toContain('ungrounded');
  expect(kinds(table)).not.toContain('collapse');
  expect(renderTable(table)).toMatch(/^ALARM: Ungrounded: .*does not read its input\./);
});

test('a few templates for many studies are called a collapse', () => {
  const table = score(
    studies((i) => REPORTS[i % 3] as string),
    noFindings,
  );
  expect(table.warnings.map(({ text }) => text)).toContainEqual(
    expect.stringMatching(
      /^Template collapse: 3 distinct texts for 40 studies, the most common one for 35 %/,
    ),
  );
});

test('the abnormal subset scores its own studies, CIDEr from its own references', () => {
  const predictions = studies((i) => (i % 2 === 1 ? (REPORTS[i] as string) : 'nothing alike'));
  const table = score(predictions, { ...noFindings, protocols: ['plain'] });
  const alone = score(
    predictions.filter(({ abnormal }) => abnormal),
    { ...noFindings, protocols: ['plain'] },
  );
  expect(table.protocols.plain?.abnormal?.model).toEqual(alone.protocols.plain?.all?.model);
  expect(table.protocols.plain?.all?.model?.['ROUGE-L']).toBeCloseTo(0.5 + 0.5 * 0, 6);
});

test('abnormal is read from the references where a line does not say', () => {
  const table = score([
    { id: 'a', prediction: 'x y', references: ['The heart is enlarged. There is a pleural effusion.'] },
    { id: 'b', prediction: 'x y', references: ['The lungs are clear. No pleural effusion.'] },
  ]);
  expect(table.studies).toEqual({ all: 2, abnormal: 1 });
});

test('findings are held against the references and against the input', () => {
  const stated = (text: string) =>
    new Set(['effusion', 'nodule', 'mass'].filter((finding) => text.includes(finding)));
  const table = score(
    [
      { id: '1', prediction: 'effusion', references: ['effusion nodule'], input: ['pleural effusion'] },
      { id: '2', prediction: 'mass', references: ['mass'], input: ['normal'] },
      { id: '3', prediction: 'clear', references: ['mass'], input: ['mass'] },
    ],
    { statedFindings: stated, protocols: ['plain'] },
  );
  const model = table.findings.all?.model;
  // stated 2, true 4, right 2; effusion 1, mass 2 / 3, nodule 0
  expect(model?.microF1).toBeCloseTo(4 / 6, 12);
  expect(model?.macroF1).toBeCloseTo((1 + 2 / 3 + 0) / 3, 12);
  // `effusion` is not the name that the tag has, so study 1 states something its input lacks, and omits the tag
  expect(model?.unsupported).toBeCloseTo(2 / 3, 12);
  expect(model?.omitted).toBe(1);
  expect(kinds(table)).toContain('unsupported');
});

describe('baselines', () => {
  const predictions = studies((i) => `draft ${i}`);

  test('random and shuffled give nobody his own, and are the same for a seed', () => {
    const drafts = baselineDrafts(predictions, { seed: 1, repeats: 3 });
    expect(drafts.get('random')).toHaveLength(3);
    for (const run of drafts.get('random') ?? []) {
      expect([...run].sort()).toEqual([...REPORTS].sort());
      for (const [i, text] of run.entries()) expect(text).not.toBe(REPORTS[i]);
    }
    for (const run of drafts.get('shuffled') ?? []) {
      expect([...run].sort()).toEqual(predictions.map((p) => p.prediction).sort());
      for (const [i, text] of run.entries()) expect(text).not.toBe(`draft ${i}`);
    }
    expect(baselineDrafts(predictions, { seed: 1, repeats: 3 })).toEqual(drafts);
    expect(baselineDrafts(predictions, { seed: 2, repeats: 3 })).not.toEqual(drafts);
  });

  test('the constant is given, or the most typical training report, or the most typical reference', () => {
    const constant = (options: object) => baselineDrafts(predictions, options).get('constant')?.[0]?.[7];
    expect(constant({ constant: 'mine', training: ['other'] })).toBe('mine');
    expect(constant({ training: ['a b c', 'a b c d', 'x y'] })).toBe('a b c d');
    expect(REPORTS).toContain(constant({}));
  });

  test('the most typical text has the highest mean ROUGE-L', () => {
    expect(mostTypical(['one two three', 'one two', 'four'])).toBe('one two three');
    expect(mostTypical(['same', 'Same.', 'other'])).toBe('same');
    expect(() => mostTypical([])).toThrow(/at least one text/);
  });

  test('lookup comes from the lines or from the caller, and must be complete', () => {
    expect(baselineDrafts(predictions).has('lookup')).toBe(false);
    const lines = studies(
      () => 'x',
      (i) => ({ lookup: `nearest ${i}` }),
    );
    expect(baselineDrafts(lines).get('lookup')?.[0]?.[3]).toBe('nearest 3');
    expect(() => baselineDrafts(predictions, { lookup: ['one'] })).toThrow(/expected 40 texts.*got 1/);
  });

  test('a single study has none that need another', () => {
    const table = score(predictions.slice(1, 2), noFindings);
    expect(Object.keys(table.protocols.plain?.all ?? {})).toEqual(['model', 'constant']);
    expect(table.grounding).toBeUndefined();
  });
});

test('tables show the baselines beside the model and mark those that do as well', () => {
  const predictions = studies(
    (i) => REPORTS[(i * 7) % 40] as string,
    () => ({ notices: ['simulated scores'] }),
  );
  const table = score(predictions, {
    ...noFindings,
    protocols: ['coco'],
    constant: '<script>alert("x")</script>',
  });
  const text = renderTable(table);
  expect(text).toMatch(/^Notice: simulated scores\n/);
  expect(text).toMatch(/model +constant +random +shuffled\nall \(40\)\n {2}BLEU-1 /);
  expect(text).toMatch(/ROUGE-L +0\.\d{3} +0\.\d{3} +0\.\d{3}\*? +0\.\d{3}/);
});

test('nothing to score is an error', () => {
  expect(() => score([])).toThrow(/at least one prediction/);
  expect(() =>
    score(
      studies(() => 'x'),
      { protocols: ['none'] },
    ),
  ).toThrow(/got none/);
});

test('every score has an interval around itself, in every subset, and every baseline a comparison', () => {
  const predictions = studies((i) => REPORTS[(i * 7) % 40] as string);
  const table = score(predictions, { ...noFindings, protocols: ['coco', 'paper'] });
  for (const [name, bySubset] of Object.entries(table.protocols))
    for (const [subset, bySystem] of Object.entries(bySubset))
      for (const [key, value] of Object.entries(bySystem.model ?? {})) {
        const interval = table.intervals[name]?.[subset as 'all']?.[key];
        expect(interval?.estimate).toBeCloseTo(value, 12);
        expect(interval?.low).toBeLessThanOrEqual(value);
        expect(interval?.high).toBeGreaterThanOrEqual(value);
        const compared = table.comparisons.filter(
          (c) => c.protocol === name && c.subset === subset && c.score === key,
        );
        expect(compared.map((c) => c.baseline)).toEqual(
          Object.keys(bySystem).filter((system) => system !== 'model'),
        );
        for (const { difference, baseline } of compared)
          expect(difference.estimate).toBeCloseTo(value - (bySystem[baseline]?.[key] as number), 12);
      }
});

test('the best constant is chosen on validation reports for each score, and never does worse there than another constant', () => {
  const predictions = studies((i) => REPORTS[(i * 7) % 40] as string);
  const constants = { training: REPORTS, validation: REPORTS };
  const table = score(predictions, { ...noFindings, protocols: ['coco'], training: REPORTS, constants });
  const { constant = {}, 'best constant': best = {} } = table.protocols.coco?.all ?? {};
  expect(Object.keys(best)).toEqual(Object.keys(constant));
  for (const [name, value] of Object.entries(best))
    expect(value).toBeGreaterThanOrEqual((constant[name] as number) - 1e-12);
  expect(renderTable(table)).toMatch(/model +best constant +constant/);
});
