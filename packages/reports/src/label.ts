/**
 * The finding labeler: what a report states, denies or leaves in doubt, by rules over words. Sentence by sentence it
 * finds phrases, joins parts with their looks, and works out the reach of negation and doubt. In the manner of NegBio
 * and the CheXpert labeler (Irvin et al. 2019), without their parser.
 *
 * Not covered: negation across sentences, coreference (`it has resolved`). What is told as history (`history of
 * pneumonia`) is no finding of this image and is left out; an operation or a device told so is kept.
 */
import { DENIED_BY_NORMAL, type Look, OBSERVATIONS, type Part } from './anatomy.ts';
import type { Change, Form, Place, Severity, Side } from './attributes.ts';
import type { Device, Site } from './device-lexicon.ts';
import { type Placement, placementOf } from './device-placement.ts';
import type { Finding } from './findings.ts';
import type { Phrase } from './phrases.ts';
import { isQualifier, namesFinding, qualifiersOf } from './qualifiers.ts';
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
      if (past && !OUTLASTING.has(finding)) continue;
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
  const claimed = observations(sentence, mentions);
  normals(sentence, claimed, mentions);
}

/** What history leaves to be seen. */
const OUTLASTING: ReadonlySet<Finding> = new Set<Finding>([
  'catheter',
  'tube',
  'implanted device',
  'surgical material',
]);

/** Parts with an abnormal look: the nearest part of the clause that can look so. @returns those parts. */
function observations(sentence: Sentence, mentions: Mention[]): Set<Phrase> {
  const claimed = new Set<Phrase>();
  for (const phrase of sentence.phrases) {
    const look = phrase.meaning.look;
    if (look === undefined || !SHOWN_BY.has(look) || modifiesFinding(sentence, phrase)) continue;
    const part = nearestPart(sentence, phrase, look);
    const finding = part && SHOWN_BY.get(look)?.get(part.meaning.part as Part);
    if (part === undefined || finding === undefined) continue;
    claimed.add(part);
    const { past, ...certainty } = certaintyAt(sentence.scopes, phrase.start);
    if (past) continue;
    mentions.push({
      finding,
      ...certainty,
      ...qualifiersOf(sentence, phrase),
      sentence: sentence.number,
      ...charactersOf(sentence, phrase, part),
    });
  }
  return claimed;
}

/** `large effusion`, `low grade edema`: here the look belongs to the finding behind it. */
function modifiesFinding(sentence: Sentence, look: Phrase): boolean {
  let next = sentence.phraseAt(look.end);
  while (next && isQualifier(next) && !next.meaning.part) {
    next = sentence.phraseAt(next.end);
  }
  return next !== undefined && namesFinding(next);
}

const FARTHEST_WORDS = 9;

function nearestPart(sentence: Sentence, phrase: Phrase, look: Look): Phrase | undefined {
  const start = sentence.clauseStart(phrase.start);
  const end = sentence.clauseEnd(phrase.end);
  let best: Phrase | undefined;
  let least = FARTHEST_WORDS + 1;
  for (const part of sentence.phrases) {
    if (part.meaning.part === undefined || part.start < start || part.end > end) continue;
    if (!SHOWN_BY.get(look)?.has(part.meaning.part)) continue;
    const distance = part.end <= phrase.start ? phrase.start - part.end : part.start - phrase.end;
    if (distance < least) {
      best = part;
      least = distance;
    }
  }
  return best;
}

const FINE: ReadonlySet<Look> = new Set<Look>(['normal', 'clear', 'upper normal']);

/** Parts called normal deny what would show there: all before the word in its clause, else all behind it. */
function normals(sentence: Sentence, claimed: ReadonlySet<Phrase>, mentions: Mention[]): void {
  for (const phrase of sentence.phrases) {
    if (!phrase.meaning.look || !FINE.has(phrase.meaning.look)) continue;
    if (sentence.words[phrase.start - 1] === 'not') continue;
    const start = sentence.clauseStart(phrase.start);
    const end = sentence.clauseEnd(phrase.end);
    const parts = sentence.phrases.filter((p) => p.meaning.part && !claimed.has(p));
    const before = parts.filter((p) => p.start >= start && p.end <= phrase.start);
    const behind = parts.filter((p) => p.start >= phrase.end && p.end <= end);
    for (const part of before.length > 0 ? before : behind) {
      for (const finding of DENIED_BY_NORMAL[part.meaning.part as Part] ?? []) {
        mentions.push({
          finding,
          polarity: 'negative',
          implied: true,
          sentence: sentence.number,
          ...charactersOf(sentence, part, phrase),
        });
      }
    }
  }
}

const SHOWN_BY: ReadonlyMap<Look, ReadonlyMap<Part, Finding>> = (() => {
  const table = new Map<Look, Map<Part, Finding>>();
  for (const [part, looks, finding] of OBSERVATIONS) {
    for (const look of looks) table.set(look, (table.get(look) ?? new Map()).set(part, finding));
  }
  return table;
})();
