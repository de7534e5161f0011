/**
 * Golden values from pycocoevalcap, nltk and rouge_score (reference/metrics.py), and what must hold of every scorer.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import lexical from '../goldens/lexical.json' with { type: 'json' };
import real from '../goldens/real.json' with { type: 'json' };
import golden from '../goldens/scorers.json' with { type: 'json' };
import { scorers } from '../registry.ts';
import { type Pair, type Scorer, scorePairs } from '../scorer.ts';
import { meteorNltk } from './nltk-meteor.ts';

const COCO = [scorers.bleu, scorers.rougeL, scorers.cider];
const PAPER = [scorers.sentenceBleuNltk, scorers.rougeScore, scorers.meteorNltk];
const DATA = process.env.LLAMA_XR_DATA;

/** Compares all values of some scorers with a reference's, by name: the corpus value, then the item farthest off. */
function expectEqual(
  list: readonly Scorer[],
  pairs: readonly Pair[],
  expected: { corpus: Record<string, number>; perItem?: Record<string, number[]> },
  tolerance: number,
): void {
  for (const scorer of list) {
    const { corpus, perItem } = scorePairs(scorer, pairs);
    for (const name of scorer.values) {
      const off = Math.abs((corpus[name] as number) - (expected.corpus[name] as number));
      expect(off, `${scorer.name} ${name}, corpus`).toBeLessThan(tolerance);
      const items = expected.perItem?.[name] ?? [];
      const offs = items.map((value, i) => Math.abs((perItem[name]?.[i] as number) - value));
      const worst = Math.max(0, ...offs);
      expect(worst, `${scorer.name} ${name}, pair ${offs.indexOf(worst)}`).toBeLessThan(tolerance);
    }
  }
}

test('BLEU, ROUGE-L and CIDEr equal pycocoevalcap to 1e-9, report by report', () => {
  expectEqual(COCO, golden.pairs, golden.coco, 1e-9);
});

test('sentence BLEU, METEOR and ROUGE-L equal nltk and rouge_score to 1e-9, report by report', () => {
  expectEqual(PAPER, golden.pairs, golden.paper, 1e-9);
});

test.each(['rougeScore', 'rougeScoreUnstemmed'] as const)(
  '%s: ROUGE-1, ROUGE-2 and ROUGE-L equal rouge_score report by report',
  (name) => {
    const { perItem } = scorePairs(scorers[name], golden.pairs);
    for (const [value, items] of Object.entries(lexical[name]))
      items.forEach((item, i) => {
        expect(perItem[value]?.[i], `${value}, pair ${i}`).toBeCloseTo(item, 10);
      });
  },
);

test.skipIf(!DATA)('on real findings they equal the references too (needs LLAMA_XR_DATA)', () => {
  const studies = readFileSync(join(DATA as string, 'iu-xray/studies.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { r2gen_split?: string; r2gen_report: string });
  const train = studies.filter((s) => s.r2gen_split === 'train').map((s) => s.r2gen_report);
  const val = studies.filter((s) => s.r2gen_split === 'val').map((s) => s.r2gen_report);
  const pairs = val.map((text, i) => ({
    prediction: train[(7 * i) % train.length] as string,
    references: [text],
  }));
  expect(pairs).toHaveLength(real.pairs);
  expectEqual(COCO, pairs, { corpus: real.plain }, 1e-9);
  expectEqual(PAPER, pairs, { corpus: real.paper }, 1e-9);
});

test.skipIf(!DATA)(
  '1,000 captions equal pycocoevalcap item by item, and its published totals (needs LLAMA_XR_DATA)',
  () => {
    for (const file of ['captionmetrics_1000.json', 'nlg_eval_2.json']) {
      const { corpus, per_item } = JSON.parse(
        readFileSync(join(DATA as string, 'metric-refs', file), 'utf8'),
      ) as {
        corpus: Record<string, number>;
        per_item: { ref: string[]; hyp: string; bleu: number[]; rouge_l: number; cider: number }[];
      };
      const pairs = per_item.map(({ ref, hyp }) => ({ prediction: hyp, references: ref }));
      const ours = (name: string) => name.replace('Bleu_', 'BLEU-').replace('_L', '-L');
      expectEqual(
        COCO,
        pairs,
        {
          corpus: Object.fromEntries(Object.entries(corpus).map(([name, value]) => [ours(name), value])),
          perItem: {
            ...Object.fromEntries(
              [0, 1, 2, 3].map((k) => [`BLEU-${k + 1}`, per_item.map((p) => p.bleu[k] as number)]),
            ),
            'ROUGE-L': per_item.map((p) => p.rouge_l),
            CIDEr: per_item.map((p) => p.cider),
          },
        },
        1e-9,
      );
      if (pairs.length === 1000) expectEqual(PAPER, pairs, { corpus: real.captionsPaper }, 1e-9);
    }
  },
);

const words = fc.array(fc.constantFrom('heart', 'lungs', 'clear', 'no', 'effusion', 'the', 'is', 'left'), {
  minLength: 4,
  maxLength: 40,
});
const texts = words.map((list) => list.join(' '));

test('a copy of its reference scores 1 in BLEU and ROUGE-L, and no text scores more', () => {
  fc.assert(
    fc.property(texts, texts, (text, other) => {
      for (const scorer of [scorers.bleu, scorers.rougeL, scorers.sentenceBleuNltk, scorers.rougeScore]) {
        const copy = scorePairs(scorer, [{ prediction: text, references: [other, text] }]);
        const worse = scorePairs(scorer, [{ prediction: other, references: [text] }]);
        for (const name of scorer.values) {
          expect(copy.corpus[name]).toBeCloseTo(1, 6);
          expect(worse.corpus[name]).toBeLessThanOrEqual(1 + 1e-9);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('a copy scores 10 in CIDEr where the references differ, and 0 where there is but one study', () => {
  const pairs = ['a heart of normal size', 'both lungs are clear now', 'no effusion is seen here'].map(
    (t) => ({
      prediction: t,
      references: [t],
    }),
  );
  expect(scorePairs(scorers.cider, pairs).corpus.CIDEr).toBeCloseTo(10, 9);
  expect(scorePairs(scorers.cider, pairs.slice(0, 1)).corpus.CIDEr).toBe(0);
});

test('no score depends on the order of the studies', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(texts, texts), { minLength: 2, maxLength: 6 }), (list) => {
      const pairs = list.map(([prediction, reference]) => ({ prediction, references: [reference] }));
      for (const scorer of [...COCO, ...PAPER]) {
        const there = scorePairs(scorer, pairs).corpus;
        const back = scorePairs(scorer, pairs.toReversed()).corpus;
        for (const name of scorer.values) expect(back[name]).toBeCloseTo(there[name] as number, 9);
      }
    }),
    { numRuns: 25 },
  );
});

test('METEOR sees stems and synonyms, BLEU does not', () => {
  const pairs = [
    { prediction: 'the physician watches autos', references: ['the doctor watched automobiles'] },
  ];
  expect(scorePairs(meteorNltk(), pairs).corpus.METEOR).toBeGreaterThan(0.7); // all but "autos", whose stem is no word of WordNet
  expect(scorePairs(scorers.sentenceBleuNltk, pairs).corpus['BLEU-1']).toBe(0.25);
});

test('an empty run has no score, an empty text scores nothing', () => {
  for (const scorer of Object.values(scorers)) {
    expect(Object.values(scorePairs(scorer, []).corpus).every(Number.isNaN), scorer.name).toBe(true);
    const nothing = scorePairs(scorer, [{ prediction: '', references: ['some words stand here'] }]).corpus;
    for (const value of Object.values(nothing)) expect(value, scorer.name).toBeCloseTo(0, 5);
  }
});
