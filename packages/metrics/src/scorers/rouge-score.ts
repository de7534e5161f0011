/**
 * ROUGE-1, ROUGE-2 and ROUGE-L (Lin, 2004) as Google's `rouge_score` 0.1.2 has them: F1 of the common n-grams, and of the
 * longest common subsequence over the whole text (its rougeL, not rougeLsum); words of a-z and 0-9 in lower case, with
 * its stemmer those above 3 letters stemmed; of several references the best for each value. Not the ROUGE-L of
 * pycocoevalcap (rouge-l.ts), which weighs recall more.
 */
import { meanScorer, type Scorer } from '../scorer.ts';
import { lcsLength, type WordPositions, wordPositions } from '../text/lcs.ts';
import { porterStem } from '../text/porter.ts';
import { countNgrams, type NgramCounts } from '../text/tokens.ts';

/** @param stem rouge_score's `use_stemmer`. */
export function rougeScore(stem: boolean): Scorer {
  const name = stem ? 'rougeScore' : 'rougeScoreUnstemmed';
  const read = rougeReader(stem);
  return {
    ...meanScorer(name, ['ROUGE-1', 'ROUGE-2', 'ROUGE-L'], ({ prediction, references }) => {
      const ours = read(prediction);
      const best = [0, 0, 0];
      for (const reference of references)
        compare(ours, read(reference)).forEach((score, v) => {
          best[v] = Math.max(best[v] as number, score);
        });
      return best;
    }),
    sees: (text) => read(text).words.join(' '),
  };
}

interface RougeText {
  readonly words: readonly string[];
  readonly grams: NgramCounts;
  readonly positions: WordPositions;
}

const TEXTS_KEPT = 4096;

function rougeReader(stem: boolean): (text: string) => RougeText {
  const known = new Map<string, RougeText>();
  return (text) => {
    let read = known.get(text);
    if (read === undefined) {
      if (known.size >= TEXTS_KEPT) known.clear();
      const words = rougeWords(text, stem);
      read = { words, grams: countNgrams(words, 2), positions: wordPositions(words) };
      known.set(text, read);
    }
    return read;
  };
}

/** Its tokenizer. A stem is never empty, so nothing need be dropped after stemming. */
function rougeWords(text: string, stem: boolean): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return stem ? words.map((word) => (word.length > 3 ? porterStem(word) : word)) : words;
}

function compare(ours: RougeText, theirs: RougeText): number[] {
  const byGrams = [0, 1].map((k) => {
    const possible = (text: RougeText) => Math.max(0, text.words.length - k);
    return f1(commonGrams(ours, theirs, k), possible(ours), possible(theirs));
  });
  return [...byGrams, f1(lcsLength(ours.positions, theirs.words), ours.words.length, theirs.words.length)];
}

function commonGrams(ours: RougeText, theirs: RougeText, k: number): number {
  let common = 0;
  for (const [gram, count] of ours.grams[k] as ReadonlyMap<string, number>)
    common += Math.min(count, theirs.grams[k]?.get(gram) ?? 0);
  return common;
}

/** 2 P R / (P + R), 0 where nothing is in common. */
function f1(common: number, ours: number, theirs: number): number {
  return common === 0 ? 0 : (2 * common) / (ours + theirs);
}
