/**
 * METEOR-1.5 (Denkowski and Lavie, "Meteor Universal", 2014) for English as pycocoevalcap 1.2 runs its jar: matches by
 * word, stem, synonym and paraphrase, weighed by kind and by function word; precision, recall and fragmentation; of several
 * references the best. The value of a run comes from the summed counts. It is not NLTK's METEOR (nltk-meteor.ts).
 *
 * Equal to the jar with the data of the jar (openMeteorData). Without its paraphrase table scores are lower, which the
 * name of the value says; README.md has the differences.
 */
import { align } from '../meteor/alignment.ts';
import type { MeteorData } from '../meteor/data.ts';
import { type Kind, type Match, matchesBetween } from '../meteor/matches.ts';
import { MeteorReader, type MeteorText } from '../meteor/meteor-text.ts';
import { RunningSum, type Scorer } from '../scorer.ts';

/** Tuned on rankings of English translations: ALPHA weighs recall, DELTA content words. */
const [ALPHA, BETA, GAMMA, DELTA] = [0.85, 0.2, 0.6, 0.75];
const WEIGHTS: Readonly<Record<Kind, number>> = { exact: 1, stem: 0.6, synonym: 0.8, paraphrase: 0.6 };

/**
 * What a pair adds to a run. Lengths and matches of the hypothesis and of the reference are weighed by function word,
 * matches by their kind too; `matchedWords` are those of both texts as they are.
 */
type Statistics = readonly [
  hypothesisMatches: number,
  hypothesisLength: number,
  referenceMatches: number,
  referenceLength: number,
  matchedWords: number,
  chunks: number,
];

/** @param data what a user has of METEOR's own data; WordNet 3.1 and no paraphrases unless given. */
export function meteor15(data: MeteorData = {}): Scorer {
  const reader = new MeteorReader(data);
  return {
    name: 'meteor15',
    values: [data.paraphrases === undefined ? 'METEOR-1.5 (no paraphrases)' : 'METEOR-1.5'],
    fromCounts: (sums) => [meteorOf([...sums] as unknown as Statistics)],
    sees: (text) => reader.read(text).words.join(' '),
    over() {
      const sums = new RunningSum(6);
      let last: Statistics = [0, 0, 0, 0, 0, 0];
      return {
        add({ prediction, references }) {
          reader.tidy();
          const hypothesis = reader.read(prediction);
          const compared = references.map((reference) =>
            statisticsOf(hypothesis, reader.read(reference), reader),
          );
          const scores = compared.map(meteorOf);
          const best = scores.indexOf(Math.max(...scores));
          last = compared[best] as Statistics;
          sums.add(last);
          return [scores[best] as number];
        },
        counts: () => last,
        corpus: () => [sums.count === 0 ? Number.NaN : meteorOf(sums.totals() as unknown as Statistics)],
      };
    },
  };
}

/** (1 - gamma (chunks / matched words)^beta) P R / (alpha P + (1 - alpha) R), 0 where nothing matches. */
function meteorOf([ours, ourLength, theirs, theirLength, matchedWords, chunks]: Statistics): number {
  if (ours === 0 || theirs === 0) return 0;
  const precision = ours / ourLength;
  const recall = theirs / theirLength;
  const mean = (precision * recall) / (ALPHA * precision + (1 - ALPHA) * recall);
  return mean * (1 - GAMMA * (chunks / (matchedWords / 2)) ** BETA);
}

function statisticsOf(hypothesis: MeteorText, reference: MeteorText, reader: MeteorReader): Statistics {
  const matches = align(matchesBetween(hypothesis, reference, reader), hypothesis.words.length);
  let [ours, theirs, matchedWords] = [0, 0, 0];
  for (const match of matches) {
    const weight = WEIGHTS[match.kind];
    ours += weight * lengthOf(hypothesis, match.hypothesisStart, match.hypothesisLength);
    theirs += weight * lengthOf(reference, match.referenceStart, match.referenceLength);
    matchedWords += match.hypothesisLength + match.referenceLength;
  }
  const chunks = chunksOf(matches);
  const isWhole = chunks === 1 && matchedWords === hypothesis.words.length + reference.words.length;
  return [
    ours,
    lengthOf(hypothesis, 0, hypothesis.words.length),
    theirs,
    lengthOf(reference, 0, reference.words.length),
    matchedWords,
    isWhole ? 0 : chunks, // a text that matches as one piece is not fragmented at all
  ];
}

/** Words of a text, content words at delta and function words at 1 - delta. */
function lengthOf({ isFunctionWord }: MeteorText, start: number, length: number): number {
  let sum = 0;
  for (let i = start; i < start + length; i++) sum += isFunctionWord[i] ? 1 - DELTA : DELTA;
  return sum;
}

/** Runs of matches that lie side by side, in the same order, in both texts. */
function chunksOf(matches: readonly Match[]): number {
  let chunks = 0;
  let [hypothesisEnd, referenceEnd] = [-1, -1];
  for (const match of matches) {
    if (match.hypothesisStart !== hypothesisEnd || match.referenceStart !== referenceEnd) chunks++;
    hypothesisEnd = match.hypothesisStart + match.hypothesisLength;
    referenceEnd = match.referenceStart + match.referenceLength;
  }
  return chunks;
}
