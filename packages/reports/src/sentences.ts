/**
 * A report cut into sentences and words. The rules fit dictated radiology: enumerated impressions, measurements with
 * decimals, missing spaces after full stops. Not a general sentence splitter.
 */

const BOUNDARY = /[.!?]+["')\]]*(?=\s|$|[A-Z][A-Za-z])|\n\s*\n|\n(?=\s*(?:[-*•]|\d{1,2}[.)])\s)/g;

/** A full stop after one of these, or after a lone list number, ends no sentence. */
const OPEN_END = /(?:^|[\s(])(?:dr|mr|mrs|ms|vs|approx|e\.g|i\.e|\d{1,2})\.$/i;
/** A lone number stands in the first characters of its line: looking farther would cost the square of a text's length. */
const LONGEST_NUMBER = 60;
const LONE_NUMBER = /^[\s\-*•]*\d{1,2}[.)]$/;

/** Characters [start, end) of a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Sentences in their order, trimmed, none empty; joined they hold every word of the text. */
export function splitSentences(text: string): string[] {
  return sentenceSpans(text).map(({ start, end }) => text.slice(start, end));
}

/** Where each sentence stands, without the space around it. */
export function sentenceSpans(text: string): Span[] {
  const spans: Span[] = [];
  let begin = 0;
  const cut = (end: number) => {
    const sentence = text.slice(begin, end);
    const start = begin + sentence.length - sentence.trimStart().length;
    const stop = begin + sentence.trimEnd().length;
    if (start < stop) spans.push({ start, end: stop });
    begin = end;
  };
  for (const match of text.matchAll(BOUNDARY)) {
    const end = match.index + match[0].length;
    if (match[0].startsWith('.') && isOpen(text, begin, end)) continue;
    cut(end);
  }
  cut(text.length);
  return spans;
}

/** `Compared with Dr.`, `1.`: more of the same sentence follows. `... of 2.` at the end of many words does not. */
function isOpen(text: string, begin: number, end: number): boolean {
  if (end - begin <= LONGEST_NUMBER && LONE_NUMBER.test(text.slice(begin, end))) return true;
  const tail = text.slice(Math.max(begin, end - 10), end);
  return OPEN_END.test(tail) && !/\d\.$/.test(tail);
}

/** Words that end in s without being plurals, and plurals no rule makes. */
const IRREGULAR: Readonly<Record<string, string>> = {
  pneumothoraces: 'pneumothorax',
  pneumothoracies: 'pneumothorax',
  hydropneumothoraces: 'hydropneumothorax',
  atelectases: 'atelectasis',
  metastases: 'metastasis',
  diagnoses: 'diagnosis',
  apices: 'apex',
  vertebrae: 'vertebra',
  hila: 'hilum',
  pleurae: 'pleura',
  bullae: 'bulla',
  masses: 'mass',
  biapices: 'apex',
  granulomata: 'granuloma',
  always: 'always',
  lens: 'lens',
  sequelae: 'sequela',
};

/** The words of a piece of text and where each stands. */
export interface Words {
  readonly lemmas: readonly string[];
  /** Characters [starts[i], ends[i]) of the text hold word i. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/**
 * Words of a sentence in lower case with plurals made singular (`opacities` -> `opacity`), numbers, and the marks
 * `, ; : / ( ) ?` as words of their own. Hyphens part words.
 */
export function lemmas(sentence: string): string[] {
  return [...wordsOf(sentence).lemmas];
}

/** As `lemmas`, with places. Read character by character: a report is labelled thousands of times a second. */
export function wordsOf(text: string, from = 0, to = text.length): Words {
  const words = { lemmas: [] as string[], starts: [] as number[], ends: [] as number[] };
  for (let at = from; at < to; ) {
    const kind = kindOf(text.charCodeAt(at));
    const start = at++;
    if (kind === OTHER) continue;
    if (kind === LETTER) at = endOfWord(text, at, to);
    if (kind === DIGIT) at = endOfNumber(text, at, to);
    words.lemmas.push(kind === LETTER ? lemma(text.slice(start, at)) : text.slice(start, at));
    words.starts.push(start);
    words.ends.push(at);
  }
  return words;
}

const OTHER = 0;
const LETTER = 1;
const DIGIT = 2;
const MARK = 3;

const KINDS: readonly number[] = Array.from({ length: 128 }, (_, code) => {
  const sign = String.fromCharCode(code);
  if (/[a-z]/i.test(sign)) return LETTER;
  if (/\d/.test(sign)) return DIGIT;
  return ',;:/()?'.includes(sign) ? MARK : OTHER;
});

function kindOf(code: number): number {
  return KINDS[code] ?? OTHER;
}

/** Letters, and `'s` or `n't` with either apostrophe. */
function endOfWord(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && kindOf(text.charCodeAt(at)) === LETTER) at++;
  const sign = at + 1 < to ? text[at] : '';
  if ((sign !== "'" && sign !== '\u2019') || kindOf(text.charCodeAt(at + 1)) !== LETTER) return at;
  at++;
  while (at < to && kindOf(text.charCodeAt(at)) === LETTER) at++;
  return at;
}

/** Digits, and decimals behind a point. */
function endOfNumber(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && kindOf(text.charCodeAt(at)) === DIGIT) at++;
  if (at + 1 >= to || text[at] !== '.' || kindOf(text.charCodeAt(at + 1)) !== DIGIT) return at;
  at++;
  while (at < to && kindOf(text.charCodeAt(at)) === DIGIT) at++;
  return at;
}

/** Most words of a corpus are few: those met are kept, up to a bound that no hostile text can push. */
const MET = new Map<string, string>();
const MET_LIMIT = 20_000;

function lemma(word: string): string {
  const known = MET.get(word);
  if (known !== undefined) return known;
  const singular = singularOf(word.toLowerCase().replace('\u2019', "'"));
  if (MET.size < MET_LIMIT) MET.set(word, singular);
  return singular;
}

function singularOf(word: string): string {
  if (word.length < 4 || !word.endsWith('s')) return word;
  const irregular = IRREGULAR[word];
  if (irregular !== undefined) return irregular;
  if (/(?:ss|us|is|'s)$/.test(word)) return word.replace(/'s$/, '');
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(?:sses|xes|ches|shes)$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}
