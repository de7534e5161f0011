/** Warnings that facts of the drafts give, beside those of the table (score.test.ts). */
import { expect, test } from 'vitest';
import { setF1 } from './clinical/graph-f1.ts';
import { findingsReader } from './findings.ts';
import { draftFacts, matchedMinusShuffled, meanOfPairs } from './grounding/index.ts';
import { score } from './score.ts';
import { type Grounding, warningsOf } from './warnings.ts';

const stated = findingsReader((text) => new Set(text.match(/mass|edema|nodule|opacity/g) ?? []));

/** Warnings of these drafts on these references, with the facts that are known of them. */
function warned(
  drafts: readonly string[],
  references: readonly string[],
  { shuffled = false, grounding }: { shuffled?: boolean; grounding?: Grounding } = {},
) {
  const predictions = drafts.map((prediction, i) => ({
    id: `${i}`,
    prediction,
    references: [references[i] as string],
  }));
  const { warnings: _, ...table } = score(predictions, { protocols: ['plain'], statedFindings: stated });
  const cases = predictions.map((p) => ({ draft: p.prediction, references: p.references }));
  const sets = cases.map(({ draft, references: [reference] }) => [
    stated(draft),
    stated(reference as string),
  ]);
  const f1 = meanOfPairs(cases.length, (draft, study) =>
    setF1(sets[draft]?.[0] as Set<string>, sets[study]?.[1] as Set<string>),
  );
  const test = matchedMinusShuffled(cases.length, f1);
  const { shuffling: __, ...judged } = table;
  const evidence = {
    ...draftFacts(cases, stated),
    ...(shuffled && { shuffling: { 'finding F1': test, composite: test } }),
    ...(grounding && { grounding }),
  };
  return warningsOf({ ...judged, ...evidence }).map(({ kind, text, severity }) => ({
    kind,
    text,
    severity,
  }));
}

const references = Array.from({ length: 40 }, (_, i) => {
  const finding = i % 4 === 0 ? 'edema' : i % 4 === 1 ? 'mass' : 'nothing';
  return `study ${i} shows ${finding} where part${i % 13} meets part${(i * 7) % 11} on side${i % 3}`;
});

test('good drafts have no warning', () => {
  expect(warned(references, references)).toEqual([]);
});

test('near copies of one text are a collapse, though no two are the same', () => {
  const drafts = references.map(
    (_, i) => `the heart is normal and the lungs are clear with no effusion in view ${i}`,
  );
  const found = warned(drafts, references);
  expect(found[0]).toEqual({
    kind: 'collapse',
    severity: 'alarm',
    text: 'Template collapse: 40 of 40 drafts are near copies of one text (100 %; of the references 2.5 %).',
  });
  expect(found.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['normal', 'rare']));
});

test('findings drafted away are a lean to normal', () => {
  const drafts = references.map((text, i) => (i % 8 === 0 ? text : text.replace(/edema|mass/, 'nothing')));
  const texts = warned(drafts, references).map(({ text }) => text);
  expect(texts).toContainEqual(
    expect.stringMatching(
      /^Normal-template bias: 75 % of the 20 studies with findings get a draft without any \(95 %: 5\d % to 8\d %\); of the 20/,
    ),
  );
  expect(texts).toContainEqual(
    expect.stringMatching(
      /^Rare findings are lost: .* stands 10 times in the references and 0 times .*Never drafted: mass\.$/,
    ),
  );
});

test('findings that fit where words do not are called so, and are no alarm', () => {
  const grounding = {
    protocol: 'plain',
    matched: 0.25,
    shuffled: 0.26,
    standardError: 0.01,
    grounded: false,
  };
  const ofWords = (drafts: readonly string[]) =>
    warned(drafts, references, { shuffled: true, grounding }).filter(({ kind }) => kind === 'ungrounded');
  expect(ofWords(references)).toEqual([
    {
      kind: 'ungrounded',
      severity: 'warning',
      text: expect.stringMatching(
        /^Ungrounded wording: by their words .* ROUGE-L \(plain\) 0\.2500, shuffled 0\.2600; .* By their findings they do: finding F1 1\.000, shuffled 0\.\d+ \(p 0\.0\d\)\.$/,
      ),
    },
  ]);
  expect(ofWords(references.with(0, 'x').toReversed())).toEqual([
    { kind: 'ungrounded', severity: 'alarm', text: expect.stringMatching(/does not read its input\.$/) },
  ]);
});

test('words that fit where findings do not are called so', () => {
  const drafts = references.map((text, i) =>
    text.replace(/edema|mass|nothing/, i % 3 === 0 ? 'edema' : 'nothing'),
  );
  const texts = warned(drafts, references, { shuffled: true }).map(({ text }) => text);
  expect(texts).toContainEqual(expect.stringMatching(/^Ungrounded findings: .* finding F1 0\.\d+, shuffled/));
  expect(warned(references, references, { shuffled: true })).toEqual([]);
});
