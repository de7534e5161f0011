/** Clinical scores by hand-made cases, whose errors anyone can count. */
import { FINDINGS } from '@llama-xr/reports';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { templateReport } from '../baselines/template-report.ts';
import { everyReport } from '../statistics/index.ts';
import {
  CHEXPERT_FIVE,
  componentsOf,
  compositeOf,
  countErrors,
  ERROR_CLASSES,
  errorCounts,
  graphF1,
  type LabelCase,
  type LabelSet,
  labelF1,
  type ReportError,
  type ReportGraph,
  readStatements,
  reportErrors,
  reportReader,
  statementsOfTags,
} from './index.ts';

describe('label F1', () => {
  const labels = ['Edema', 'Atelectasis', 'Fracture'];
  const set = (...values: (1 | 0 | -1 | null)[]): LabelSet =>
    Object.fromEntries(labels.map((label, i) => [label, values[i] ?? null]));
  const cases: LabelCase[] = [
    { draft: set(1, 0, null), references: [set(1, 1, 0)] },
    { draft: set(-1, 1, null), references: [set(1, -1, null)] },
    { draft: set(-1, null, null), references: [set(-1, null, null)] },
  ];

  test('what is in doubt counts by the rule', () => {
    // Absent: stated Edema 1, Atelectasis 1; true Edema 2, Atelectasis 1; right Edema 1.
    const absent = labelF1(cases);
    expect(absent.microF1).toBeCloseTo(2 / 5, 12);
    expect(absent.macroF1).toBeCloseTo((2 / 3 + 0) / 2, 12);
    expect(absent.perLabel.Edema).toEqual({ right: 1, stated: 1, true: 2, f1: 2 / 3 });
    expect(absent.perLabel.Fracture?.f1).toBeNaN();
    // Positive: stated Edema 3, Atelectasis 1; true 3 and 2; right 3 and 1.
    expect(labelF1(cases, { uncertainty: 'positive' }).microF1).toBeCloseTo(8 / 9, 12);
    // Own class: Edema right in the first and the third.
    expect(labelF1(cases, { uncertainty: 'own class' }).microF1).toBeCloseTo(4 / 9, 12);
  });

  test('labels can be chosen, reports are scored one by one, and any sample has its score', () => {
    const { perReport, statistics, microF1, macroF1 } = labelF1(cases);
    expect([...perReport]).toEqual([2 / 3, 0, 1]);
    expect(statistics.microF1(everyReport(3))).toBeCloseTo(microF1, 12);
    expect(statistics.macroF1(everyReport(3))).toBeCloseTo(macroF1, 12);
    expect(statistics.microF1([0, 0, 2])).toBeCloseTo(4 / 6, 12);
    expect(Object.keys(labelF1(cases, { labels: CHEXPERT_FIVE }).perLabel)).toEqual([...CHEXPERT_FIVE]);
    expect(labelF1([]).microF1).toBe(1);
  });

  test('of several references the strongest word holds', () => {
    const { perLabel } = labelF1([{ draft: set(1, 1, 1), references: [set(0, -1, 0), set(1, null, 0)] }]);
    expect(Object.values(perLabel).map((count) => count.true)).toEqual([1, 0, 0]);
  });
});

describe('graph F1', () => {
  const entity = (text: string, kind = 'observation', certainty = 'present') => ({ text, kind, certainty });
  const reference: ReportGraph = {
    entities: [entity('effusion'), entity('left', 'anatomy'), entity('small'), entity('edema')],
    relations: [
      { from: 0, to: 1, kind: 'located_at' },
      { from: 2, to: 0, kind: 'modify' },
    ],
  };

  test('a copy agrees wholly, an empty graph with nothing but an empty one', () => {
    const empty = { entities: [], relations: [] };
    expect(graphF1(reference, [reference])).toEqual({
      simple: 1,
      partial: 1,
      complete: 1,
      entityRelation: 1,
    });
    expect(graphF1(empty, [reference]).simple).toBe(0);
    expect(graphF1(empty, [empty]).complete).toBe(1);
  });

  test('the three variants see more and more', () => {
    // The relation to the side is lost: all entities are there, one of them leads nowhere now.
    const draft = { ...reference, relations: [{ from: 2, to: 0, kind: 'modify' }] };
    const { simple, partial, complete, entityRelation } = graphF1(draft, [reference]);
    expect(simple).toBe(1);
    expect(partial).toBeCloseTo((2 * 3) / 8, 12);
    // Reference: left, edema, two relations. Draft: effusion, left, edema, one relation.
    expect(complete).toBeCloseTo((2 * 3) / 8, 12);
    expect(entityRelation).toBeCloseTo((1 + 2 / 3) / 2, 12);
  });

  test('certainty is part of an entity; the best of several references counts', () => {
    const denied = { entities: [entity('edema', 'observation', 'absent')], relations: [] };
    expect(graphF1(denied, [reference]).simple).toBe(0);
    expect(graphF1(denied, [reference, denied]).simple).toBe(1);
  });
});

describe('errors in six classes', () => {
  const errors = (draft: string, reference: string) =>
    reportErrors(readStatements(draft), [readStatements(reference)]).map(
      ({ class: name, significant, finding }) => `${significant ? '!' : ''}${name}: ${finding ?? '-'}`,
    );

  test.each([
    ['false finding', 'There is a pneumothorax.', 'The lungs are clear.', ['!false finding: pneumothorax']],
    [
      'denied by the reference',
      'Pleural effusion.',
      'No pleural effusion.',
      ['!false finding: pleural effusion'],
    ],
    ['suspected only', 'Possible pneumothorax.', 'Lungs are clear.', ['false finding: pneumothorax']],
    ['minor finding', 'Lungs are clear.', 'Calcified granuloma.', ['omission: granuloma']],
    ['omission', 'No pulmonary edema.', 'There is pulmonary edema.', ['!omission: edema']],
    [
      'neighbour in words',
      'There is an infiltrate.',
      'There is an opacity.',
      ['false finding: infiltrate', 'omission: opacity'],
    ],
    [
      'wrong side',
      'Left pleural effusion.',
      'Right pleural effusion.',
      ['!wrong location: pleural effusion'],
    ],
    [
      'one side too few',
      'Left pleural effusion.',
      'Bilateral pleural effusions.',
      ['wrong location: pleural effusion'],
    ],
    ['other height', 'Opacity in the upper lobe.', 'Opacity at the base.', ['wrong location: opacity']],
    ['same height', 'Opacity in the lower lobe.', 'Opacity at the base.', []],
    ['two degrees', 'Severe cardiomegaly.', 'Mild cardiomegaly.', ['!wrong severity: cardiomegaly']],
    ['one degree', 'Moderate cardiomegaly.', 'Mild cardiomegaly.', ['wrong severity: cardiomegaly']],
    ['no degree given', 'Cardiomegaly.', 'Mild cardiomegaly.', []],
    ['a copy', 'Small left effusion, unchanged.', 'Small left effusion, unchanged.', []],
  ])('%s', (_, draft, reference, expected) => {
    expect(errors(draft, reference)).toEqual(expected);
  });

  test('comparisons with a prior', () => {
    const stated = 'There is a small left pleural effusion.';
    const grown = 'The small left pleural effusion has increased.';
    const same = 'Unchanged small left pleural effusion.';
    expect(errors(grown, stated)).toEqual(['!false comparison: pleural effusion']);
    expect(errors(stated, grown)).toEqual(['!omitted comparison: pleural effusion']);
    expect(errors(same, stated)).toEqual(['false comparison: pleural effusion']);
    expect(errors(grown, same)).toEqual(['!false comparison: pleural effusion']);
    // The finding itself is left out: one error, not two.
    expect(errors('Lungs are clear.', grown)).toEqual(['!omission: pleural effusion']);
  });

  test('of several references the one with the fewest significant errors', () => {
    const draft = readStatements('Left pleural effusion.');
    const references = ['Right pleural effusion.', 'Left pleural effusion. Scoliosis.'].map(readStatements);
    expect(reportErrors(draft, references)).toEqual([
      { class: 'omission', significant: false, finding: 'spine curvature', reference: 'stated' },
    ]);
  });

  test('counts by class are as wide for every report', () => {
    const found = reportErrors(readStatements('Pneumothorax.'), [readStatements('Edema. Scoliosis.')]);
    expect(errorCounts(found)).toEqual([1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(errorCounts([])).toHaveLength(2 * ERROR_CLASSES.length);
    expect(countErrors(found)).toEqual({ significant: 2, minor: 1 });
  });

  test('a report has no errors against itself, and what one report adds the other leaves out', () => {
    const reports = fc
      .subarray([...FINDINGS], { maxLength: 6 })
      .map((findings) => readStatements(templateReport(new Set(findings))));
    const turned = { 'false finding': 'omission', omission: 'false finding' } as Record<string, string>;
    const summary = (list: readonly ReportError[], turn: boolean) =>
      list
        .map((error) => `${turn ? turned[error.class] : error.class} ${error.significant} ${error.finding}`)
        .sort();
    fc.assert(
      fc.property(reports, reports, (one, other) => {
        expect(reportErrors(one, [one])).toEqual([]);
        expect(summary(reportErrors(one, [other]), false)).toEqual(summary(reportErrors(other, [one]), true));
      }),
    );
  });

  test('tags are read as statements', () => {
    const told = statementsOfTags(['Pleural Effusion/left/small', 'Pleural Effusion/right/large', 'normal']);
    expect([...told.statements.keys()]).toEqual(['pleural effusion']);
    expect(told.statements.get('pleural effusion')).toMatchObject({
      certain: true,
      sides: new Set(['left', 'right']),
      degree: 3,
      severity: 'large',
    });
  });
});

describe('composite', () => {
  const read = reportReader();

  test('a copy has no errors, and worse is never better', () => {
    const report = 'The heart is enlarged. There is a small left pleural effusion. No pneumothorax.';
    const components = componentsOf(report, [report], read);
    expect(components).toEqual({ significantErrors: 0, minorErrors: 0, findings: 0, graph: 0 });
    expect(compositeOf(components)).toEqual({ expectedErrors: 0, score: 1 });
    const some = fc.record({
      significantErrors: fc.nat(9),
      minorErrors: fc.nat(9),
      findings: fc.double({ min: 0, max: 1, noNaN: true }),
      graph: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(some, (worse) => {
        const more = { ...worse, significantErrors: worse.significantErrors + 1 };
        expect(compositeOf(more).score).toBeLessThan(compositeOf(worse).score);
        expect(compositeOf(worse).score).toBeGreaterThan(0);
      }),
    );
  });

  test('wrong side costs more than other words, and less than nothing right', () => {
    const reference = 'There is a small left pleural effusion. The heart is normal in size.';
    const score = (draft: string) => compositeOf(componentsOf(draft, [reference], read)).score;
    const reworded = score('Normal heart size. Small pleural effusion on the left.');
    const turned = score('There is a small right pleural effusion. The heart is normal in size.');
    const wrong = score('There is a pneumothorax. The heart is enlarged.');
    expect(reworded).toBeGreaterThan(0.8);
    expect(turned).toBeLessThan(reworded);
    expect(wrong).toBeLessThan(turned);
  });
});
