import { describe, expect, test } from 'vitest';
import { setF1 } from '../clinical/graph-f1.ts';
import { findingsReader } from '../findings.ts';
import {
  type CounterfactualPair,
  certaintyCalibration,
  claimsOf,
  diversity,
  draftFacts,
  findingSurvival,
  groundingGain,
  jaccard,
  matchedMinusShuffled,
  meanOfPairs,
  normalBias,
  scoreCounterfactual,
  summariseClaims,
} from './index.ts';

const stated = findingsReader((text) => new Set(text.split(' ').filter((word) => word !== 'normal')));

describe('shuffling', () => {
  const findings = Array.from({ length: 40 }, (_, i) => new Set([`a${i % 8}`, `b${i % 5}`]));
  const f1 = (draft: number, study: number) => setF1(findings[draft]!, findings[study]!);

  test('drafts that fit their own studies are grounded', () => {
    const result = matchedMinusShuffled(40, meanOfPairs(40, f1));
    expect(result).toMatchObject({ matched: 1, grounded: true, p: 1 / 201, rounds: 200 });
    expect(result.shuffled).toBeLessThan(0.3);
    expect(result.z).toBeGreaterThan(5);
    const gain = groundingGain(40, f1);
    expect(gain.low).toBeGreaterThan(0.6);
    expect(gain.p).toBeLessThan(0.01);
  });

  test('a constant, and drafts of others, are not', () => {
    expect(
      matchedMinusShuffled(
        40,
        meanOfPairs(40, (_, study) => f1(3, study)),
      ),
    ).toMatchObject({
      difference: expect.closeTo(0, 12),
      z: 0,
      p: 1,
      grounded: false,
    });
    const others = matchedMinusShuffled(
      40,
      meanOfPairs(40, (draft, study) => f1((draft + 1) % 40, study)),
    );
    expect(others.grounded).toBe(false);
  });

  test('where less is better the other tail counts; corpus scores too', () => {
    const errors = (draftOf: readonly number[]) => draftOf.filter((draft, i) => f1(draft, i) < 1).length;
    expect(matchedMinusShuffled(40, errors, { lowerIsBetter: true })).toMatchObject({
      matched: 0,
      grounded: true,
    });
    expect(matchedMinusShuffled(40, errors).grounded).toBe(false);
    expect(() => matchedMinusShuffled(1, () => 0)).toThrow(/at least two studies, got 1/);
  });
});

describe('diversity', () => {
  test('a constant, and texts that differ', () => {
    expect(diversity(['One text.', 'one text', 'One  text.'])).toMatchObject({
      distinct: 1,
      distinctShare: 1 / 3,
      largestCluster: { text: 'One text.', size: 3, share: 1 },
      meanOverlap: 1,
    });
    expect(diversity(['a b', 'c d', 'e f'])).toMatchObject({
      distinct: 3,
      largestCluster: { size: 1 },
      meanOverlap: 0,
    });
  });

  test('near copies are one cluster', () => {
    const words = 'the heart is normal in size and the lungs are quite clear today'.split(' ');
    const near = words.map((_, i) => words.map((word, j) => (i === j ? 'xyz' : word)).join(' '));
    const { distinct, largestCluster } = diversity([words.join(' '), ...near, 'something else']);
    expect(distinct).toBe(near.length + 2);
    expect(largestCluster.text).toBe(words.join(' '));
    expect(largestCluster.size).toBe(near.length + 1);
  });

  test('overlap of word sets', () => {
    expect(jaccard(new Set(['a', 'b']), new Set(['b', 'c', 'd']))).toBe(0.25);
    expect(jaccard(new Set(), new Set())).toBe(1);
  });
});

describe('collapse of findings', () => {
  const cases = [
    { draft: 'normal', references: ['mass'] },
    { draft: 'opacity', references: ['opacity'] },
    { draft: 'opacity', references: ['normal'] },
    { draft: 'normal', references: ['normal', 'normal'] },
    { draft: 'normal', references: ['opacity edema'] },
  ];

  test('lean to normal', () => {
    const bias = normalBias(cases, stated);
    expect(bias).toMatchObject({ normalDrafts: 0.6, normalReferences: 0.4 });
    expect(bias.bias).toBeCloseTo(0.2, 12);
    expect(bias.missed).toMatchObject({ estimate: 2 / 3, n: 3 });
    expect(bias.falseAlarms).toMatchObject({ estimate: 0.5, n: 2 });
    expect(bias.missed.low).toBeGreaterThan(0);
    expect(bias.missed.high).toBeLessThan(1);
  });

  test('survival of rare findings', () => {
    const survival = findingSurvival(cases, stated);
    expect(survival.findings).toEqual([
      { finding: 'opacity', references: 2, drafts: 2, right: 1, ratio: 1 },
      { finding: 'edema', references: 1, drafts: 0, right: 0, ratio: 0 },
      { finding: 'mass', references: 1, drafts: 0, right: 0, ratio: 0 },
    ]);
    expect(survival.rare).toMatchObject({ findings: ['mass'], ratio: 0 });
    expect(survival.frequent).toMatchObject({ findings: ['opacity'], ratio: 1 });
    expect(survival.lost).toEqual(['edema', 'mass']);
    expect(draftFacts(cases, stated)).toMatchObject({ survival, diversity: { distinct: 2 } });
  });
});

describe('claims against the input', () => {
  test('one by one, with their sentences', () => {
    const draft = 'There is a left pleural effusion. The heart is enlarged. No pneumothorax.';
    const input = ['Pleural Effusion/right', 'Pneumothorax/left', 'Nodule/lung'];
    const claims = claimsOf(draft, input);
    expect(claims.map(({ verdict, finding, sentence }) => [verdict, finding, sentence])).toEqual([
      ['misplaced', 'pleural effusion', 0],
      ['unsupported', 'cardiomegaly', 1],
      ['denied', 'pneumothorax', 2],
      ['omitted', 'nodule', undefined],
    ]);
    expect(claims[0]?.detail).toBe('side: the input has right, the draft left');
    expect(claims[1]?.text).toBe('The heart is enlarged.');
    expect(draft.slice(claims[2]?.start, claims[2]?.end)).toMatch(/pneumothorax/);
  });

  test('what the input holds is supported; a sum of all', () => {
    const claims = [
      claimsOf('Small left pleural effusion at the base.', ['Pleural Effusion/left/small']),
      claimsOf('Cardiomegaly.', ['normal']),
      claimsOf('The lungs are clear.', ['Cardiomegaly']),
      claimsOf('Opacity in the left upper lobe.', ['Opacity/lung/base/left']),
    ];
    expect(claims[0]?.map(({ verdict }) => verdict)).toEqual(['supported']);
    expect(claims[3]?.[0]).toMatchObject({
      verdict: 'misplaced',
      detail: 'height: the input has lower, the draft upper',
    });
    expect(summariseClaims(claims)).toEqual({
      drafts: 4,
      counts: { supported: 1, unsupported: 1, misplaced: 1, omitted: 1, denied: 0 },
      supportedClaims: 1 / 3,
      toldFindings: 2 / 3,
      draftsUnsupported: 0.25,
      draftsOmitting: 0.25,
    });
  });
});

describe('counterfactuals', () => {
  const pair = (
    flip: 'added' | 'removed',
    finding: string,
    before: string,
    after: string,
  ): CounterfactualPair => ({
    id: `${flip} ${finding}`,
    finding,
    flip,
    before,
    after,
  });

  test('the flipped finding and no other', () => {
    const score = scoreCounterfactual(
      [
        pair('added', 'edema', 'normal', 'edema'),
        pair('added', 'edema', 'mass', 'edema'),
        pair('removed', 'mass', 'mass edema', 'mass edema'),
        pair('removed', 'mass', 'mass', 'normal'),
        pair('added', 'edema', 'edema', 'edema'),
        pair('removed', 'opacity', 'opacity consolidation', 'normal'),
      ],
      stated,
    );
    expect(score.outcomes.map(({ result }) => result)).toEqual([
      'followed',
      'followed',
      'ignored',
      'followed',
      'no chance',
      'followed',
    ]);
    expect(score).toMatchObject({ pairs: 5, noChance: 1, collateralPerPair: 0.2 });
    expect(score.flipRate).toMatchObject({ estimate: 0.8, n: 5 });
    expect(score.cleanRate.estimate).toBe(0.6);
    expect(score.sameText).toMatchObject({ estimate: 2 / 6, n: 6 });
    expect(score.byFlip.removed.flipRate).toMatchObject({ estimate: 2 / 3, n: 3 });
    expect(score.byFinding.edema?.cleanRate).toMatchObject({ estimate: 0.5, n: 2 });
    expect(score.collateral).toEqual([{ finding: 'mass', count: 1 }]);
    expect(score.outcomes[5]?.relatives).toEqual(['consolidation']);
  });

  test('a constant follows nothing', () => {
    const { flipRate, sameText } = scoreCounterfactual([pair('added', 'edema', 'normal', 'normal')], stated);
    expect([flipRate.estimate, sameText.estimate]).toEqual([0, 1]);
  });
});

test('stated certainty against what the references have', () => {
  const { rows, ece } = certaintyCalibration([
    { draft: 'Cardiomegaly. Possible pneumonia. No effusion.', references: ['Cardiomegaly. Pneumonia.'] },
    { draft: 'Cardiomegaly.', references: ['No cardiomegaly.'] },
    { draft: 'Possible pneumonia.', references: ['Lungs look as before.'] },
    { draft: 'No effusion.', references: ['Small pleural effusion.'] },
  ]);
  const [positive, uncertain, negative] = rows;
  expect(positive).toMatchObject({ stated: 'positive', promised: 1, n: 2, found: { estimate: 0.5 } });
  expect(positive?.references).toEqual({ positive: 1, uncertain: 0, negative: 1, 'not mentioned': 0 });
  expect(uncertain).toMatchObject({ n: 2, promised: 0.5, found: { estimate: 0.5 } });
  expect(negative).toMatchObject({ n: 2, promised: 0, found: { estimate: 0.5 } });
  expect(ece.estimate).toBeCloseTo((2 * 0.5 + 2 * 0 + 2 * 0.5) / 6, 12);
});
