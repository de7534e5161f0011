/**
 * A report as the labeler and the graph parser read it: sentence by sentence, each with its words and where they stand,
 * the phrases found in them, and what is denied or doubted.
 */
import { findPhrases, type Phrase } from './phrases.ts';
import { Sentence } from './scope.ts';
import { sentenceSpans, type Words, wordsOf } from './sentences.ts';

/** A text without full stops is read in pieces: cost grows with the square of a sentence's length. */
const LONGEST_SENTENCE = 150;

/** The sentences of a text; a very long one comes in pieces that share its number. */
export function readSentences(text: string): Sentence[] {
  const sentences: Sentence[] = [];
  for (const [number, { start, end }] of sentenceSpans(text).entries()) {
    const words = wordsOf(text, start, end);
    for (const piece of piecesOf(words))
      sentences.push(new Sentence(piece, findPhrases(piece.lemmas), number));
  }
  return sentences;
}

function piecesOf(words: Words): Words[] {
  if (words.lemmas.length <= LONGEST_SENTENCE) return [words];
  const pieces: Words[] = [];
  for (let i = 0; i < words.lemmas.length; i += LONGEST_SENTENCE) {
    const to = i + LONGEST_SENTENCE;
    pieces.push({
      lemmas: words.lemmas.slice(i, to),
      starts: words.starts.slice(i, to),
      ends: words.ends.slice(i, to),
    });
  }
  return pieces;
}

/** Characters [start, end) of the text that a run of phrases takes up. */
export function charactersOf(
  sentence: Sentence,
  ...phrases: readonly Phrase[]
): { start: number; end: number } {
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const { start, end } of phrases) {
    if (start < first) first = start;
    if (end > last) last = end;
  }
  return { start: sentence.starts[first] as number, end: sentence.ends[last - 1] as number };
}
