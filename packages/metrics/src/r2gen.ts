/**
 * The cleaning of IU X-ray reports that R2Gen (Chen et al., EMNLP 2020) does before it trains and scores, and that most
 * later systems took over. Its numbered lists lose their numbers, sentences are joined by ` . `; the hyphen stays, for
 * in its character class it only spans `:` to `[`.
 *
 * Not done here: R2Gen also writes `<unk>` for words that its training set has less than three times, and counts its
 * start mark among the 60, so that its references end at 59 words.
 */
import { splitWhitespace } from './text/tokens.ts';

/** IU's limit in R2Gen, in words. */
const MOST_WORDS = 60;

const LIST_NUMBERS: readonly (readonly [from: string, to: string])[] = [
  ['..', '.'],
  ['..', '.'],
  ['..', '.'],
  ['1. ', ''],
  ['. 2. ', '. '],
  ['. 3. ', '. '],
  ['. 4. ', '. '],
  ['. 5. ', '. '],
  [' 2. ', '. '],
  [' 3. ', '. '],
  [' 4. ', '. '],
  [' 5. ', '. '],
];

export function cleanR2gen(report: string): string {
  const unnumbered = LIST_NUMBERS.reduce((text, [from, to]) => text.replaceAll(from, to), report);
  const sentences = unnumbered.trim().toLowerCase().split('. ').map(cleanSentence);
  return splitWhitespace(`${sentences.join(' . ')} .`)
    .slice(0, MOST_WORDS)
    .join(' ');
}

function cleanSentence(sentence: string): string {
  return sentence
    .replace(/["/\\']/g, '')
    .trim()
    .replace(/[.,?;*!%^&_+():-[\]{}]/g, '');
}
