/**
 * How far a negation or a doubt reaches. A cue's scope runs to the end of its clause; a comma or an "and" ends it
 * where a statement of its own begins, and not where a list goes on.
 */
import { type Cue, FRESH_START } from './cues.ts';
import type { Phrase } from './phrases.ts';
import type { Words } from './sentences.ts';

export type Polarity = 'positive' | 'negative' | 'uncertain';

/** How a statement is doubted: held for likely or probable, named as one of several (`A versus B`), or left open. */
export type Doubt = 'likely' | 'probable' | 'alternative' | 'possible';

/** Words [start, end) that are denied, doubted or told of the past. */
export interface Scope {
  readonly start: number;
  readonly end: number;
  readonly effect: 'negative' | 'past' | Doubt;
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

/** A sentence: its number in the text, its words and where they stand, its phrases, and what its cues reach. */
export class Sentence {
  readonly number: number;
  readonly words: readonly string[];
  /** Characters [starts[i], ends[i]) of the text hold word i. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly phrases: readonly Phrase[];
  readonly scopes: readonly Scope[];
  readonly #at: (Phrase | undefined)[];

  constructor({ lemmas, starts, ends }: Words, phrases: readonly Phrase[], number: number) {
    this.number = number;
    this.words = lemmas;
    this.starts = starts;
    this.ends = ends;
    this.phrases = phrases;
    this.#at = new Array(lemmas.length);
    for (const phrase of phrases) this.#at[phrase.start] = phrase;
    this.scopes = scopesOf(this);
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

/** Each cue: which way it reaches, and what it does there. */
const REACH: Readonly<
  Partial<Record<Cue, { forward?: 'list' | 'clause'; back?: true; effect: Scope['effect'] }>>
> = {
  deny: { forward: 'list', effect: 'negative' },
  'deny-before': { back: true, effect: 'negative' },
  doubt: { forward: 'list', effect: 'possible' },
  'doubt-before': { back: true, effect: 'possible' },
  'doubt-around': { forward: 'list', back: true, effect: 'alternative' },
  likely: { forward: 'list', effect: 'likely' },
  probable: { forward: 'list', effect: 'probable' },
  'likely-before': { back: true, effect: 'likely' },
  differential: { forward: 'clause', effect: 'possible' },
  past: { forward: 'list', effect: 'past' },
};

/** What the cues of a sentence deny, doubt and tell of the past. */
function scopesOf(sentence: Sentence): Scope[] {
  const scopes: Scope[] = [];
  for (const { start, end, meaning } of sentence.phrases) {
    const reach = meaning.cue && REACH[meaning.cue];
    if (reach === undefined) continue;
    const since = reachBack(sentence, start, reach.effect);
    // With nothing before it in its clause, it turns: `no longer seen is the effusion`.
    const forward = reach.forward ?? (since === start ? 'list' : undefined);
    const until = forwardEnd(sentence, end, forward);
    if (until > end) scopes.push({ start: end, end: until, effect: reach.effect });
    // At the end of its clause a doubt can only mean what went before: `small effusions suspected`.
    const turns = until === end && reach.effect !== 'negative' && reach.effect !== 'past';
    if ((reach.back || turns) && since < start)
      scopes.push({ start: since, end: start, effect: reach.effect });
  }
  return [...scopes, ...choices(sentence)];
}

/** `edema or pneumonia`: outside a denial, an "or" straight behind a finding makes alternatives of both. */
function choices(sentence: Sentence): Scope[] {
  const scopes: Scope[] = [];
  for (const { end, start, meaning } of sentence.phrases) {
    if (meaning.findings === undefined || meaning.device !== undefined || sentence.words[end] !== 'or')
      continue;
    const until = reachForward(sentence, end + 1);
    scopes.push({ start, end: until, effect: 'alternative' });
  }
  return scopes;
}

function forwardEnd(sentence: Sentence, from: number, reach: 'list' | 'clause' | undefined): number {
  if (reach === undefined) return from;
  return reach === 'clause' ? sentence.clauseEnd(from) : reachForward(sentence, from);
}

export interface Certainty {
  readonly polarity: Polarity;
  readonly doubt?: Doubt;
  /** Told as history: neither stated nor denied of this image. */
  readonly past?: true;
}

const POSITIVE: Certainty = { polarity: 'positive' };
const NEGATIVE: Certainty = { polarity: 'negative' };
const PAST: Certainty = { polarity: 'positive', past: true };
const DOUBTED: Readonly<Record<Doubt, Certainty>> = {
  likely: { polarity: 'uncertain', doubt: 'likely' },
  probable: { polarity: 'uncertain', doubt: 'probable' },
  alternative: { polarity: 'uncertain', doubt: 'alternative' },
  possible: { polarity: 'uncertain', doubt: 'possible' },
};

const OPENNESS: Readonly<Record<Doubt, number>> = { likely: 0, probable: 1, alternative: 2, possible: 3 };

/** A denial outweighs a doubt, an open doubt a mild one; outside every scope a statement is positive. */
export function certaintyAt(scopes: readonly Scope[], index: number): Certainty {
  let doubt: Doubt | undefined;
  let past = false;
  for (const { start, end, effect } of scopes) {
    if (index < start || index >= end) continue;
    if (effect === 'negative') return NEGATIVE;
    if (effect === 'past') past = true;
    else if (doubt === undefined || OPENNESS[effect] > OPENNESS[doubt]) doubt = effect;
  }
  if (past) return PAST;
  return doubt === undefined ? POSITIVE : DOUBTED[doubt];
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
  if (meaning?.cue === 'doubt' || meaning?.cue === 'likely' || meaning?.cue === 'probable') return true;
  return (
    FRESH_START.has(word) ||
    meaning?.severity !== undefined ||
    meaning?.side !== undefined ||
    meaning?.look !== undefined
  );
}

/** Back over one subject, or over a list that an "and" or "or" closes; an alternative is one finding. */
function reachBack(sentence: Sentence, before: number, effect: Scope['effect']): number {
  const start = sentence.clauseStart(before);
  let closed = false;
  for (let i = before - 1; i >= start; i--) {
    const word = sentence.words[i];
    if (word === 'and' || word === 'or') closed = true;
    if (word === ',' && !closed) return i + 1;
    if (word === 'there') return i;
    const phrase = sentence.phraseAt(i);
    if (effect === 'alternative' && phrase?.meaning.findings !== undefined) return i;
  }
  return start;
}
