/**
 * The finding labeler: what a report states, denies or leaves in doubt, by rules over words. Sentence by sentence it
 * finds phrases, joins parts with their looks, and works out the reach of negation and doubt. In the manner of NegBio
 * and the CheXpert labeler (Irvin et al. 2019), without their parser.
 *
 * Not covered: negation across sentences, coreference (`it has resolved`), the history of a finding.
 */
import { DENIED_BY_NORMAL, type Look, OBSERVATIONS, type Part } from './anatomy.ts';
import type { Place, Severity, Side } from './attributes.ts';
import type { Finding } from './findings.ts';
import { findPhrases, type Phrase } from './phrases.ts';
import { type Polarity, polarityAt, type Scope, Sentence, scopesOf } from './scope.ts';
import { lemmas, splitSentences } from './sentences.ts';

export interface Mention {
  readonly finding: Finding;
  readonly polarity: Polarity;
  readonly side?: Side;
  readonly location?: Place;
  readonly severity?: Severity;
}

/** All mentions of findings in a report, in reading order within each sentence. */
export function labelReport(text: string): Mention[] {
  return splitSentences(text).flatMap(labelSentence);
}

/** A text without full stops is labelled in pieces: cost grows with the square of a sentence's length. */
const LONGEST_SENTENCE = 150;

function labelSentence(text: string): Mention[] {
  const words = lemmas(text);
  if (words.length <= LONGEST_SENTENCE) return labelWords(words);
  const pieces: Mention[] = [];
  for (let i = 0; i < words.length; i += LONGEST_SENTENCE) {
    pieces.push(...labelWords(words.slice(i, i + LONGEST_SENTENCE)));
  }
  return pieces;
}

function labelWords(words: readonly string[]): Mention[] {
  const sentence = new Sentence(words, findPhrases(words));
  if (sentence.phrases.length === 0) return [];
  const scopes = scopesOf(sentence);
  const named = sentence.phrases.flatMap((phrase) =>
    (phrase.meaning.findings ?? []).map((finding) => mention(sentence, scopes, phrase, finding)),
  );
  const { observed, claimed } = observations(sentence, scopes);
  return [...named, ...observed, ...normals(sentence, claimed)];
}

/** Parts with an abnormal look: the nearest part of the clause that can look so. */
function observations(sentence: Sentence, scopes: readonly Scope[]) {
  const observed: Mention[] = [];
  const claimed = new Set<Phrase>();
  for (const phrase of sentence.phrases) {
    const look = phrase.meaning.look;
    if (look === undefined || !SHOWN_BY.has(look) || modifiesFinding(sentence, phrase)) continue;
    const part = nearestPart(sentence, phrase, look);
    const finding = part && SHOWN_BY.get(look)?.get(part.meaning.part as Part);
    if (part === undefined || finding === undefined) continue;
    claimed.add(part);
    observed.push(mention(sentence, scopes, phrase, finding));
  }
  return { observed, claimed };
}

/** `large effusion`, `low grade edema`: here the look belongs to the finding behind it. */
function modifiesFinding(sentence: Sentence, look: Phrase): boolean {
  let next = sentence.phraseAt(look.end);
  while (
    next &&
    (next.meaning.side || next.meaning.location || next.meaning.severity) &&
    !next.meaning.part
  ) {
    next = sentence.phraseAt(next.end);
  }
  return next !== undefined && namesFinding(next);
}

function namesFinding({ meaning }: Phrase): boolean {
  return meaning.findings !== undefined && meaning.findings.length > 0;
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
function normals(sentence: Sentence, claimed: ReadonlySet<Phrase>): Mention[] {
  const mentions: Mention[] = [];
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
        mentions.push({ finding, polarity: 'negative' });
      }
    }
  }
  return mentions;
}

function mention(sentence: Sentence, scopes: readonly Scope[], phrase: Phrase, finding: Finding): Mention {
  const { side, location, severity } = attributesAround(sentence, phrase);
  return {
    finding,
    polarity: polarityAt(scopes, phrase.start),
    ...(side && { side }),
    ...(location && { location }),
    ...(severity && { severity }),
  };
}

interface Attributes {
  side?: Side | undefined;
  location?: Place | undefined;
  severity?: Severity | undefined;
}

/** Side, place and degree of a phrase: of itself, then nearest before it, then behind it. */
function attributesAround(sentence: Sentence, phrase: Phrase): Attributes {
  const found: Attributes = {};
  for (const { meaning } of [
    phrase,
    ...neighbours(sentence, phrase, -1),
    ...neighbours(sentence, phrase, 1),
  ]) {
    if (meaning.side !== undefined) {
      found.side = found.side === undefined || found.side === meaning.side ? meaning.side : 'bilateral';
    }
    found.location ??= meaning.location;
    found.severity ??= meaning.severity;
  }
  return found;
}

/**
 * Phrases that may qualify a finding, outward: up to a comma, a break or the next finding. What an "and" parts from
 * this finding and joins to the next is that one's: `right effusion and left atelectasis`.
 */
function neighbours(sentence: Sentence, phrase: Phrase, step: -1 | 1): Phrase[] {
  const run: Phrase[] = [];
  let joined = Number.POSITIVE_INFINITY;
  let edge = phrase;
  for (let i = sentence.phrases.indexOf(phrase) + step; ; i += step) {
    const next = sentence.phrases[i];
    if (next === undefined || next.meaning.cue === 'break') return run;
    const [first, second] = step < 0 ? [next, edge] : [edge, next];
    if (wordBetween(sentence, first, second, COMMA)) return run;
    if (wordBetween(sentence, first, second, JOINT)) joined = Math.min(joined, run.length);
    if (namesFinding(next)) return run.slice(0, joined);
    run.push(next);
    edge = next;
  }
}

const COMMA: ReadonlySet<string> = new Set([',']);
const JOINT: ReadonlySet<string> = new Set(['and', 'or']);

function wordBetween(sentence: Sentence, first: Phrase, second: Phrase, words: ReadonlySet<string>): boolean {
  for (let i = first.end; i < second.start; i++) if (words.has(sentence.words[i] as string)) return true;
  return false;
}

const SHOWN_BY: ReadonlyMap<Look, ReadonlyMap<Part, Finding>> = (() => {
  const table = new Map<Look, Map<Part, Finding>>();
  for (const [part, looks, finding] of OBSERVATIONS) {
    for (const look of looks) table.set(look, (table.get(look) ?? new Map()).set(part, finding));
  }
  return table;
})();
