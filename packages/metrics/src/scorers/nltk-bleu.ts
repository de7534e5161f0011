/**
 * Sentence BLEU as NLTK 3.10 has it, with smoothing method 1 of Chen and Cherry (2014): a precision of zero gets 0.1
 * counts. The value of a run is the mean of its sentences, as the paper's notebook takes it; that is not corpus BLEU.
 */
import { meanScorer, type Scorer } from '../scorer.ts';
import { clippedMatches, closestLength } from './ngram-precision.ts';

const EPSILON = 0.1;

/** BLEU-1 to BLEU-`order`, each with equal weights on 1 to n; words are split at whitespace, case counts. */
export function sentenceBleuNltk(order = 4): Scorer {
  const values = Array.from({ length: order }, (_, k) => `BLEU-${k + 1}`);
  return meanScorer('sentenceBleuNltk', values, ({ prediction, references }) => {
    const { matches, totals, length, referenceLengths } = clippedMatches(prediction, references, order);
    if ((matches[0] as number) === 0) return values.map(() => 0);
    const closest = closestLength(referenceLengths, length);
    const penalty = length > closest ? 1 : Math.exp(1 - closest / length);
    let logSum = 0;
    return matches.map((match, k) => {
      logSum += Math.log((match === 0 ? EPSILON : match) / Math.max(1, totals[k] as number));
      return penalty * Math.exp(logSum / (k + 1));
    });
  });
}
