/**
 * Looks of parts in a sentence: which part each look tells of, and the finding they state together. A look that stands
 * before a finding belongs to it (`large effusion`) and is none.
 */
import { type Look, OBSERVATIONS, type Part } from './anatomy.ts';
import type { Finding } from './findings.ts';
import type { Phrase } from './phrases.ts';
import { isQualifier, namesFinding } from './qualifiers.ts';
import type { Sentence } from './scope.ts';

export interface LookOfParts {
  readonly look: Phrase;
  /** One for an abnormal look; for a normal one, all that are called so. */
  readonly parts: readonly Phrase[];
  /** What an abnormal look states; absent for a normal one. */
  readonly finding?: Finding;
}

/** The looks that some part of the sentence has, abnormal ones first. */
export function looksOf(sentence: Sentence): LookOfParts[] {
  const looks: LookOfParts[] = [];
  const fine: Phrase[] = [];
  const claimed = new Set<Phrase>();
  for (const phrase of sentence.phrases) {
    const look = phrase.meaning.look;
    if (look === undefined) continue;
    if (FINE.has(look)) fine.push(phrase);
    if (!SHOWN_BY.has(look) || modifiesFinding(sentence, phrase)) continue;
    const part = nearestPart(sentence, phrase, look);
    const finding = part && SHOWN_BY.get(look)?.get(part.meaning.part as Part);
    if (part === undefined || finding === undefined) continue;
    claimed.add(part);
    looks.push({ look: phrase, parts: [part], finding });
  }
  let edge = 0;
  for (const look of fine) {
    if (sentence.words[look.start - 1] === 'not') continue;
    const parts = partsCalledFine(sentence, look, edge, claimed);
    if (parts.length > 0) looks.push({ look, parts });
    edge = look.end;
  }
  return looks;
}

const FINE: ReadonlySet<Look> = new Set<Look>(['normal', 'clear', 'upper normal']);

/** All parts before the word in its clause and behind the last such word; else all behind it. */
function partsCalledFine(
  sentence: Sentence,
  look: Phrase,
  edge: number,
  claimed: ReadonlySet<Phrase>,
): readonly Phrase[] {
  const start = sentence.clauseStart(look.start);
  const end = sentence.clauseEnd(look.end);
  const parts = sentence.phrases.filter(
    (phrase) => phrase.meaning.part !== undefined && !claimed.has(phrase),
  );
  const before = parts.filter((part) => part.start >= start && part.end <= look.start);
  const near = before.filter((part) => part.start >= edge);
  if (near.length > 0) return near;
  return before.length > 0 ? before : parts.filter((part) => part.start >= look.end && part.end <= end);
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
    const distance = distanceTo(sentence, phrase, part);
    if (distance < least) {
      best = part;
      least = distance;
    }
  }
  return best;
}

/** In words. Beyond an "and" or a comma a part behind the look most likely has a look of its own. */
function distanceTo({ words }: Sentence, look: Phrase, part: Phrase): number {
  if (part.end <= look.start) return look.start - part.end;
  const between = words.slice(look.end, part.start);
  return between.length + (between.includes('and') || between.includes(',') ? BEYOND_JOINT : 0);
}

const BEYOND_JOINT = 6;

const SHOWN_BY: ReadonlyMap<Look, ReadonlyMap<Part, Finding>> = (() => {
  const table = new Map<Look, Map<Part, Finding>>();
  for (const [part, looks, finding] of OBSERVATIONS) {
    for (const look of looks) table.set(look, (table.get(look) ?? new Map()).set(part, finding));
  }
  return table;
})();
