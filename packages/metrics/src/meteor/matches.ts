/**
 * All matches between two texts that METEOR-1.5 chooses from (Denkowski and Lavie, 2014): words that are the same, that
 * have the same stem, that share a synset, and phrases that the table calls paraphrases, in either direction. Which
 * come first decides ties later, so their order is part of the method.
 */
import { fail } from '@llama-xr/core';
import type { MeteorReader, MeteorText, Phrase } from './meteor-text.ts';
import type { ParaphraseTable } from './paraphrases.ts';

export type Kind = 'exact' | 'stem' | 'synonym' | 'paraphrase';

/** Words of the hypothesis and words of the reference that mean the same. */
export interface Match {
  readonly kind: Kind;
  readonly hypothesisStart: number;
  readonly hypothesisLength: number;
  readonly referenceStart: number;
  readonly referenceLength: number;
}

/** For each word of the reference the matches that begin there. */
export type Matches = readonly (readonly Match[])[];

/** Words of the one text times words of the other: past that, words said over and over would match without end. */
const MOST_COMPARISONS = 1_000_000;

/**
 * @param reader the one that has read both texts
 * @throws LlamaXrError INPUT for texts that are both of the length of books.
 */
export function matchesBetween(hypothesis: MeteorText, reference: MeteorText, reader: MeteorReader): Matches {
  const [ours, theirs] = [hypothesis.words.length, reference.words.length];
  if (ours * theirs > MOST_COMPARISONS)
    fail(
      'INPUT',
      `METEOR-1.5: expected at most ${MOST_COMPARISONS} pairs of words, got ${ours} by ${theirs}`,
    );
  const matches = reference.words.map((word, j) => {
    const isOther = (i: number) => hypothesis.words[i] !== word;
    const sameStem = hypothesis.stemPlaces.get(reference.stems[j] as string) ?? [];
    return [
      ...wordMatches('exact', j, hypothesis.wordPlaces.get(word) ?? []),
      ...wordMatches('stem', j, sameStem.filter(isOther)),
      ...wordMatches('synonym', j, placesOfAny(hypothesis, reader.synonymsOf(word))),
    ];
  });
  // Two texts of the same words match word by word alone, lest the beam lose its way among the other matches.
  if (isSame(hypothesis.words, reference.words))
    return matches.map((at) => at.filter(({ kind }) => kind === 'exact'));
  if (reader.paraphrases !== undefined) addParaphrases(matches, hypothesis, reference, reader.paraphrases);
  return matches;
}

function wordMatches(kind: Kind, referenceStart: number, places: readonly number[]): Match[] {
  return places.map((hypothesisStart) => ({
    kind,
    hypothesisStart,
    hypothesisLength: 1,
    referenceStart,
    referenceLength: 1,
  }));
}

function placesOfAny({ wordPlaces }: MeteorText, words: readonly string[]): readonly number[] {
  const places = words.flatMap((word) => wordPlaces.get(word) ?? []);
  return places.sort((a, b) => a - b);
}

function addParaphrases(
  matches: readonly Match[][],
  hypothesis: MeteorText,
  reference: MeteorText,
  table: ParaphraseTable,
): void {
  for (const { from, to } of paraphrasePairs(reference, hypothesis, table))
    matches[from.start]?.push({
      kind: 'paraphrase',
      hypothesisStart: to.start,
      hypothesisLength: to.length,
      referenceStart: from.start,
      referenceLength: from.length,
    });
  for (const { from, to } of paraphrasePairs(hypothesis, reference, table))
    matches[to.start]?.push({
      kind: 'paraphrase',
      hypothesisStart: from.start,
      hypothesisLength: from.length,
      referenceStart: to.start,
      referenceLength: to.length,
    });
}

interface Span {
  readonly start: number;
  readonly length: number;
}

/** What stands in one text, and where the table's paraphrases of it stand in the other. */
function* paraphrasePairs(
  one: MeteorText,
  other: MeteorText,
  table: ParaphraseTable,
): Generator<{ from: Span; to: Span }> {
  for (const [start, begun] of one.phrases.entries()) {
    for (const { number, length } of begun) {
      for (const paraphrase of table.paraphrasesOf(number)) {
        for (const place of other.phrasePlaces.get(paraphrase) ?? []) {
          const found = other.phrases[place]?.find((phrase) => phrase.number === paraphrase) as Phrase;
          yield { from: { start, length }, to: { start: place, length: found.length } };
        }
      }
    }
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}
