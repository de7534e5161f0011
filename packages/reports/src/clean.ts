/**
 * Cleaning of report text for training and for display. Cleaning never turns a report's meaning: every negation,
 * number and side that goes in comes out (a property test holds it to that). Cleaning for a score is a matter of that
 * score's protocol and stands with the metrics.
 */
import { NEGATION_WORDS } from './cues.ts';
import { splitSentences } from './sentences.ts';

/**
 * What becomes of XXXX, IU X-ray's mark for words removed in de-identification (names, dates, but often an innocent
 * "x-ray" or "angle"): kept, the word dropped, or every sentence that holds one dropped.
 */
export type DeidentifiedChoice = 'keep' | 'drop-word' | 'drop-sentence';

export interface CleanOptions {
  readonly deidentified?: DeidentifiedChoice;
}

const MARK = /[Xx]{4,}/;
const MARKED_WORD = /[^\s,;:.()]*[Xx]{4,}[^\s,;:.()]*/g;

/** One paragraph: plain signs for typographic ones, single spaces, a space after every full stop, no empty sentences. */
export function cleanForTraining(text: string, { deidentified = 'keep' }: CleanOptions = {}): string {
  const spaced = spaceSentences(plainSigns(text));
  if (deidentified === 'keep') return tidy(spaced);
  if (deidentified === 'drop-word') return tidy(spaced.replace(MARKED_WORD, negationOf));
  return tidy(
    splitSentences(tidy(spaced))
      .filter((sentence) => !MARK.test(sentence))
      .join(' '),
  );
}

/** As for training, with a capital at the head of each sentence and a full stop at the end. */
export function cleanForDisplay(text: string, options: CleanOptions = {}): string {
  const clean = cleanForTraining(text, options);
  if (clean === '') return '';
  const sentences = splitSentences(clean).map((sentence) =>
    sentence.replace(
      /^((?:\d+[.)]\s*)?)(\p{Ll})/u,
      (_, number: string, letter: string) => number + letter.toUpperCase(),
    ),
  );
  return sentences.join(' ').replace(/([^.!?:])$/, '$1.');
}

const NEGATION = new RegExp(`(?<![a-z])(?:${NEGATION_WORDS.join('|')}|[a-z]+n't)(?![a-z])`, 'g');

/** The negation words of a text, in order and lower case: what cleaning must keep. */
export function negationsIn(text: string): string[] {
  return plainSigns(text).toLowerCase().match(NEGATION) ?? [];
}

/** `non-XXXX` leaves `non`; every other marked word leaves nothing. */
function negationOf(word: string): string {
  return negationsIn(word).join(' ');
}

function plainSigns(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\u2018\u2019\u02BC]/g, "'")
    .replace(/[\u201C\u201D]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/\u2026/g, '...')
    .replace(/[\u200B-\u200D\u2060\uFEFF]/g, '')
    .replace(/[\p{Cc}\p{Zs}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** `the apex.There is` -> `the apex. There is`; decimals and initials are let be. */
function spaceSentences(text: string): string {
  return text.replace(/(\p{Ll}{2}|\)|X{4})\.(?=\p{Lu}\p{Ll})/gu, '$1. ');
}

function tidy(text: string): string {
  return text
    .replace(/\(\s*\)/g, '')
    .replace(/\s+([.,;:!?)])/g, '$1')
    .replace(/,(?=[,;.])/g, '')
    .replace(/\.(?:\s*\.)+/g, '.')
    .replace(/\s+/g, ' ')
    .replace(/^[\s.,;:]+(?=\D|$)/, '')
    .trim();
}
