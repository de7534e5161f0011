/** Side, place, degree, form and change of a finding, taken from the phrases around it. */
import type { Change, Form, Place, Severity, Side } from './attributes.ts';
import type { Phrase } from './phrases.ts';
import type { Sentence } from './scope.ts';

export interface Qualifiers {
  side?: Side;
  location?: Place;
  severity?: Severity;
  form?: Form;
  change?: Change;
}

export function namesFinding({ meaning }: Phrase): boolean {
  return meaning.findings !== undefined;
}

/** Whether a phrase says where, how marked, of what form or since when, and names no part. */
export function isQualifier({ meaning }: Phrase): boolean {
  const { side, location, severity, form, change } = meaning;
  return (side ?? location ?? severity ?? form ?? change) !== undefined && meaning.part === undefined;
}

/**
 * Of the phrase itself, then nearest before it, then behind it. Where a phrase is a look of its part (`increased
 * markings`), its own words are no change.
 */
export function qualifiersOf(sentence: Sentence, phrase: Phrase): Qualifiers {
  const found: Qualifiers = {};
  take(found, phrase, phrase.meaning.look !== undefined);
  for (const step of [-1, 1] as const) {
    for (const near of neighbours(sentence, phrase, step)) take(found, near, false);
  }
  return found;
}

function take(found: Qualifiers, { meaning }: Phrase, isLook: boolean): void {
  const { side, location, severity, form, change } = meaning;
  if (side !== undefined) found.side = found.side === undefined || found.side === side ? side : 'bilateral';
  if (location !== undefined) found.location ??= location;
  if (severity !== undefined) found.severity ??= severity;
  if (form !== undefined) found.form ??= form;
  if (change !== undefined && !isLook) found.change ??= change;
}

/**
 * Phrases that may qualify a finding, outward: up to a comma, a break or the next finding. What an "and" parts from
 * this finding and joins to the next is that one's (`right effusion and left atelectasis`), and so is what stands before
 * a denial (`atelectasis at the base without effusion`).
 */
export function neighbours(sentence: Sentence, phrase: Phrase, step: -1 | 1): Phrase[] {
  const run: Phrase[] = [];
  let joined = Number.POSITIVE_INFINITY;
  let edge = phrase;
  for (let i = sentence.phrases.indexOf(phrase) + step; ; i += step) {
    const next = sentence.phrases[i];
    if (next === undefined) return run;
    if (next.meaning.cue === 'break') {
      if (step > 0 && sentence.words[next.start] === 'but' && trails(sentence, i + 1)) continue;
      return run;
    }
    const [first, second] = step < 0 ? [next, edge] : [edge, next];
    if (wordBetween(sentence, first, second, COMMA) && !(step > 0 && trails(sentence, i))) return run;
    if (wordBetween(sentence, first, second, JOINT)) joined = Math.min(joined, run.length);
    if (step < 0 && next.meaning.cue === 'deny') joined = Math.min(joined, run.length);
    if (next.meaning.look !== undefined && joined < run.length) return run.slice(0, joined);
    if (namesFinding(next)) return run.slice(0, joined);
    run.push(next);
    edge = next;
  }
}

/** `effusion, unchanged`, `enlarged but stable`, `effusions, left greater than right, have increased`: a remark that stands alone. */
function trails({ phrases, words }: Sentence, index: number): boolean {
  const phrase = phrases[index];
  if (phrase === undefined) return false;
  const { meaning, end } = phrase;
  const remark =
    meaning.change !== undefined || (meaning.side === 'bilateral' && meaning.location === undefined);
  return remark && (end === words.length || words[end] === ',' || words[end] === 'since');
}

const COMMA: ReadonlySet<string> = new Set([',']);
const JOINT: ReadonlySet<string> = new Set(['and', 'or']);

function wordBetween(sentence: Sentence, first: Phrase, second: Phrase, words: ReadonlySet<string>): boolean {
  for (let i = first.end; i < second.start; i++) if (words.has(sentence.words[i] as string)) return true;
  return false;
}
