/**
 * The finding labeler: what a report states, denies or leaves in doubt, by rules over words. Sentence by sentence it
 * finds phrases, joins parts with their looks, and works out the reach of negation and doubt. In the manner of NegBio
 * and the CheXpert labeler (Irvin et al. 2019), without their parser.
 *
 * Not covered: negation across sentences, coreference (`it has resolved`). What is told as history (`history of
 * pneumonia`) is no finding of this image and is left out; an operation or a device told so is kept.
 */
import { DENIED_BY_NORMAL, type Part } from './anatomy.ts';
import type { Change, Form, Place, Severity, Side } from './attributes.ts';
import type { Device, Site } from './device-lexicon.ts';
import { type Placement, placementOf } from './device-placement.ts';
import type { Finding } from './findings.ts';
import { looksOf } from './looks.ts';
import type { Phrase } from './phrases.ts';
import { qualifiersOf } from './qualifiers.ts';
import { charactersOf, readSentences } from './reading.ts';
import { certaintyAt, type Doubt, type Polarity, type Sentence } from './scope.ts';

export interface Mention {
  readonly finding: Finding;
  readonly polarity: Polarity;
  /** How it is doubted, where it is uncertain. */
  readonly doubt?: Doubt;
  readonly side?: Side;
  readonly location?: Place;
  readonly severity?: Severity;
  readonly form?: Form;
  /** Against a prior study. What has resolved, and a device that was removed, is also negative. */
  readonly change?: Change;
  /** Which line, tube or implant. */
  readonly device?: Device;
  /** Whether the device lies where it should, where the report says so. */
  readonly placement?: Placement;
  /** Where its tip lies. */
  readonly tip?: Site;
  /** Denied only by a part called normal: `lungs are clear` denies a consolidation without naming it. */
  readonly implied?: true;
  /** Number of the sentence in the text, from 0. */
  readonly sentence: number;
  /** Characters [start, end) of the text. */
  readonly start: number;
  readonly end: number;
}

/** All mentions of findings in a report, in reading order within each sentence. */
export function labelReport(text: string): Mention[] {
  const mentions: Mention[] = [];
  const sentences = readSentences(text);
  for (const [i, sentence] of sentences.entries()) {
    if (sentence.phrases.length > 0) label(sentence, sentences[i + 1], mentions);
  }
  return mentions;
}

/** Adds the mentions of one sentence. What follows it may say where a device lies: `ET tube. Tip at the carina.` */
function label(sentence: Sentence, next: Sentence | undefined, mentions: Mention[]): void {
  for (const phrase of sentence.phrases) {
    for (const finding of phrase.meaning.findings ?? []) {
      const { past, ...certainty } = certaintyAt(sentence.scopes, phrase.start);
      if ((past && !OUTLASTING.has(finding)) || isOfDevice(sentence, phrase, finding)) continue;
      const { device } = phrase.meaning;
      mentions.push({
        finding,
        ...certainty,
        ...qualifiersOf(sentence, phrase),
        ...(device && { device, ...placementOf(sentence, phrase, device, next) }),
        sentence: sentence.number,
        ...charactersOf(sentence, phrase),
      });
    }
  }
  for (const { look, parts, finding } of looksOf(sentence)) {
    for (const part of parts) {
      const place = { sentence: sentence.number, ...charactersOf(sentence, look, part) };
      if (finding === undefined) {
        // A part called normal denies what would show there.
        for (const denied of DENIED_BY_NORMAL[part.meaning.part as Part] ?? []) {
          mentions.push({ finding: denied, polarity: 'negative', implied: true, ...place });
        }
        continue;
      }
      const { past, ...certainty } = certaintyAt(sentence.scopes, look.start);
      if (!past) mentions.push({ finding, ...certainty, ...qualifiersOf(sentence, look), ...place });
    }
  }
}

/** `the lead is fractured`: no bone. */
function isOfDevice({ phrases, words }: Sentence, phrase: Phrase, finding: Finding): boolean {
  if (finding !== 'fracture') return false;
  const before = phrases.findLast(({ end }) => end <= phrase.start);
  if (before?.meaning.device === undefined) return false;
  return words.slice(before.end, phrase.start).every((word) => word === 'is' || word === 'are');
}

/** What history leaves to be seen. */
export const OUTLASTING: ReadonlySet<Finding> = new Set<Finding>([
  'catheter',
  'tube',
  'implanted device',
  'surgical material',
]);
