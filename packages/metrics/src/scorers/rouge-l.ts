/**
 * ROUGE-L (Lin, 2004) as pycocoevalcap 1.2 has it: beta 1.2, precision and recall each the best over the references,
 * no stemming. It splits at single spaces, so two spaces in a row make an empty word: a protocol's cleaning decides.
 */
import { meanScorer, type Scorer } from '../scorer.ts';
import { lcsLength, wordPositions } from '../text/lcs.ts';

const BETA_SQUARED = 1.2 ** 2;

export const rougeL: Scorer = meanScorer('rougeL', ['ROUGE-L'], ({ prediction, references }) => {
  const words = prediction.split(' ');
  const positions = wordPositions(words);
  let precision = 0;
  let recall = 0;
  for (const reference of references) {
    const referenceWords = reference.split(' ');
    const common = lcsLength(positions, referenceWords);
    precision = Math.max(precision, common / words.length);
    recall = Math.max(recall, common / referenceWords.length);
  }
  return [rougeF(precision, recall)];
});

/** F = (1 + beta^2) P R / (R + beta^2 P), 0 where nothing is in common. */
export function rougeF(precision: number, recall: number): number {
  if (precision === 0 || recall === 0) return 0;
  return ((1 + BETA_SQUARED) * precision * recall) / (recall + BETA_SQUARED * precision);
}
