/** METEOR-1.5 against its jar (reference/lexical.py), stage by stage; whole where the user's data are there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import golden from '../goldens/lexical.json' with { type: 'json' };
import texts from '../goldens/scorers.json' with { type: 'json' };
import { type MeteorData, openMeteorData } from '../meteor/data.ts';
import { normalizeMeteor } from '../meteor/normalize.ts';
import { readSynsetLexicon, Synonyms } from '../meteor/synonyms.ts';
import { type Pair, scorePairs } from '../scorer.ts';
import { snowballStem } from '../text/snowball.ts';
import { meteor15 } from './meteor-15.ts';

const { LLAMA_XR_DATA: DATA, LLAMA_XR_METEOR: METEOR } = process.env;
const pairs: readonly Pair[] = golden.meteorPairs.map((i) => texts.pairs[i] as Pair);
const NO_SYNONYMS = new Synonyms({ synsets: () => [], irregularBases: () => [] });

/** The largest difference from values of the jar, that of the whole run among them. */
function largestDifference(
  data: MeteorData,
  scored: readonly Pair[],
  expected: { items: readonly number[]; corpus: number },
): number {
  const scorer = meteor15(data);
  const { corpus, perItem } = scorePairs(scorer, scored);
  const [name] = scorer.values as [string];
  return Math.max(
    Math.abs((corpus[name] as number) - expected.corpus),
    ...expected.items.map((value, i) => Math.abs((perItem[name]?.[i] as number) - value)),
  );
}

test('without synonyms it equals the jar with its stages exact and stem', () => {
  expect(largestDifference({ synonyms: NO_SYNONYMS }, pairs, golden.meteorStages['exact stem'])).toBeLessThan(
    1e-9,
  );
});

test('with WordNet 3.1 it equals the jar with its stages exact, stem and synonym on these texts', () => {
  expect(largestDifference({}, pairs, golden.meteorStages['exact stem synonym'])).toBeLessThan(1e-9);
});

test('tokens are those of the jar', () => {
  for (const [text, tokens] of Object.entries(golden.normalized))
    expect(normalizeMeteor(text).join(' ')).toBe(tokens);
});

test('stems are those of Snowball', () => {
  for (const [word, stem] of Object.entries(golden.stems)) expect(snowballStem(word), word).toBe(stem);
});

describe.skipIf(!METEOR)("with METEOR's own data (needs LLAMA_XR_METEOR)", () => {
  let data: MeteorData = {};
  beforeAll(async () => {
    data = await openMeteorData(METEOR as string);
  }, 120_000);

  test('it equals the jar', () => {
    expect(largestDifference(data, pairs, golden.meteor)).toBeLessThan(1e-9);
  });

  test.skipIf(!DATA)('1,000 captions equal the jar item by item (needs LLAMA_XR_DATA)', () => {
    for (const file of ['captionmetrics_1000.json', 'nlg_eval_2.json']) {
      const { corpus, per_item } = JSON.parse(
        readFileSync(join(DATA as string, 'metric-refs', file), 'utf8'),
      ) as {
        corpus: Record<string, number>;
        per_item: { ref: string[]; hyp: string; meteor_1_5: number }[];
      };
      const captions = per_item.map(({ ref, hyp }) => ({ prediction: hyp, references: ref }));
      const expected = { items: per_item.map((p) => p.meteor_1_5), corpus: corpus['METEOR_1.5'] as number };
      expect(largestDifference(data, captions, expected), file).toBeLessThan(1e-9);
    }
  });
});

const words = fc.array(fc.constantFrom('heart', 'hearts', 'lungs', 'clear', 'no', 'effusion', 'the', '.'), {
  minLength: 1,
  maxLength: 40,
});

test('a copy scores 1 and nothing scores more, whatever is said twice', () => {
  fc.assert(
    fc.property(words, words, (a, b) => {
      const [text, other] = [a.join(' '), b.join(' ')];
      const scorer = meteor15();
      const [copied = Number.NaN] = scorer.over([]).add({ prediction: text, references: [other, text] });
      const [score = Number.NaN] = scorer.over([]).add({ prediction: other, references: [text] });
      expect(copied).toBeCloseTo(1, 9);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1 + 1e-9);
    }),
    { numRuns: 100 },
  );
});

test('a word said over and over is scored, books of it are refused', () => {
  const said = (times: number) => Array.from({ length: times }, () => 'the').join(' ');
  const score = (ours: number, theirs: number) =>
    meteor15()
      .over([])
      .add({ prediction: said(ours), references: [said(theirs)] })[0] as number;
  expect(score(400, 20)).toBeLessThan(0.5);
  expect(() => score(2000, 2001)).toThrow(/expected at most 1000000 pairs of words, got 2000 by 2001/);
});

test('synonyms come from files in the form of METEOR, by irregular and by regular forms', () => {
  const synonyms = new Synonyms(
    readSynsetLexicon(
      { name: 'synsets', text: 'foot\n1 2\ndog\n7\nhound\n7 8\n' },
      { name: 'exceptions', text: 'foot\nfeet\n' },
    ),
  );
  expect([...synonyms.synsetsOf('feet')]).toEqual([1, 2]);
  expect([...synonyms.synsetsOf('hounds')]).toEqual([7, 8]);
  expect([...synonyms.synsetsOf('unknown')]).toEqual([]);
  expect(() => readSynsetLexicon({ name: 'synsets', text: 'foot\n' }, { name: 'e', text: '' })).toThrow(
    /synsets: expected pairs of lines, got 1 lines/,
  );
});
