/**
 * ROUGE-L as Google's `rouge_score` 0.1.2 has it with `use_stemmer=True`: F1 of the longest common subsequence, words
 * of a-z and 0-9 in lower case, those above 3 letters stemmed; of several references the best.
 */
import { meanScorer, type Scorer } from '../scorer.ts';
import { lcsLength, wordPositions } from '../text/lcs.ts';
import { porterStem } from '../text/porter.ts';

export const rougeScoreL: Scorer = meanScorer('rougeScoreL', ['ROUGE-L'], ({ prediction, references }) => {
  const words = rougeWords(prediction);
  const positions = wordPositions(words);
  const best = references.map((reference) => {
    const referenceWords = rougeWords(reference);
    const common = lcsLength(positions, referenceWords);
    return common === 0 ? 0 : (2 * common) / (words.length + referenceWords.length);
  });
  return [Math.max(...best)];
});

/** Its tokenizer. A stem is never empty, so nothing need be dropped after stemming. */
function rougeWords(text: string): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.map((word) => (word.length > 3 ? porterStem(word) : word));
}
