/**
 * How far a negation or a doubt reaches. A cue's scope runs to the end of its clause; a comma or an "and" ends it
 * where a statement of its own begins, and not where a list goes on.
 */
import { FRESH_START } from './cues.ts';
import type { Phrase } from './phrases.ts';

export type Polarity = 'positive' | 'negative' | 'uncertain';

/** Words [start, end) that are denied or doubted. */
export interface Scope {
  readonly start: number;
  readonly end: number;
  readonly polarity: 'negative' | 'uncertain';
}

const VERBS: ReadonlySet<string> = new Set([
  'is',
  'are',
  'was',
  'were',
  'appear',
  'appears',
  'remain',
  'remains',
]);

/** A sentence as the scopes see it: its words, and the phrase that begins at each. */
export class Sentence {
  readonly words: readonly string[];
  readonly phrases: readonly Phrase[];
  readonly #at: (Phrase | undefined)[];

  constructor(words: readonly string[], phrases: readonly Phrase[]) {
    this.words = words;
    this.phrases = phrases;
    this.#at = new Array(words.length);
    for (const phrase of phrases) this.#at[phrase.start] = phrase;
  }

  phraseAt(index: number): Phrase | undefined {
    return this.#at[index];
  }

  isBreak(index: number): boolean {
    return this.#at[index]?.meaning.cue === 'break';
  }

  /** First index >= from where the clause ends: a break, or the end of the sentence. */
  clauseEnd(from: number): number {
    let i = from;
    while (i < this.words.length && !this.isBreak(i)) i++;
    return i;
  }

  /** Where the clause that holds index began. */
  clauseStart(index: number): number {
    for (let i = index; i > 0; i--) if (this.isBreak(i - 1)) return i;
    return 0;
  }
}

/** What the cues of a sentence deny and doubt. */
export function scopesOf(sentence: Sentence): Scope[] {
  const scopes: Scope[] = [];
  const add = (start: number, end: number, polarity: Scope['polarity']) => {
    if (start < end) scopes.push({ start, end, polarity });
  };
  for (const { start, end, meaning } of sentence.phrases) {
    if (meaning.cue === 'deny') add(end, reachForward(sentence, end), 'negative');
    if (meaning.cue === 'doubt') {
      const reach = reachForward(sentence, end);
      // At the end of its clause a doubt can only mean what went before: `small effusions suspected`.
      if (reach > end) add(end, reach, 'uncertain');
      else add(reachBack(sentence, start), start, 'uncertain');
    }
    if (meaning.cue === 'deny-before') add(reachBack(sentence, start), start, 'negative');
    if (meaning.cue === 'doubt-before') add(reachBack(sentence, start), start, 'uncertain');
    if (meaning.cue === 'doubt-around')
      add(reachBack(sentence, start), reachForward(sentence, end), 'uncertain');
  }
  return scopes;
}

/** A denial outweighs a doubt; outside every scope a statement is positive. */
export function polarityAt(scopes: readonly Scope[], index: number): Polarity {
  let polarity: Polarity = 'positive';
  for (const scope of scopes) {
    if (index < scope.start || index >= scope.end) continue;
    if (scope.polarity === 'negative') return 'negative';
    polarity = 'uncertain';
  }
  return polarity;
}

function reachForward(sentence: Sentence, from: number): number {
  const limit = sentence.clauseEnd(from);
  for (let i = from; i < limit; i++) {
    const word = sentence.words[i];
    if (word === 'there') return i;
    if ((word === ',' || word === 'and') && startsAfresh(sentence, i + 1, limit)) return i;
  }
  return limit;
}

/** Whether the words from here on are a statement of their own rather than the next item of a list. */
function startsAfresh(sentence: Sentence, from: number, limit: number): boolean {
  let first = from;
  while (sentence.words[first] === 'and') first++;
  const word = sentence.words[first];
  if (first >= limit || word === undefined) return false;
  if (word === 'or' || word === 'nor') return false;
  if (word === 'the' || word === 'there') return true;
  const rest = sentence.words.slice(first, limit);
  const meaning = sentence.phraseAt(first)?.meaning;
  if (meaning?.part !== undefined && rest.some((next) => VERBS.has(next))) return true;
  if (rest.includes('or') || rest.includes('nor')) return false;
  if (meaning?.cue === 'doubt') return true;
  return (
    FRESH_START.has(word) ||
    meaning?.severity !== undefined ||
    meaning?.side !== undefined ||
    meaning?.look !== undefined
  );
}

/** Back over one subject, or over a list that an "and" or "or" closes. */
function reachBack(sentence: Sentence, before: number): number {
  const start = sentence.clauseStart(before);
  let closed = false;
  for (let i = before - 1; i >= start; i--) {
    const word = sentence.words[i];
    if (word === 'and' || word === 'or') closed = true;
    if (word === ',' && !closed) return i + 1;
    if (word === 'there') return i;
  }
  return start;
}
