/**
 * A report cut into sentences and words. The rules fit dictated radiology: enumerated impressions, measurements with
 * decimals, missing spaces after full stops. Not a general sentence splitter.
 */

const BOUNDARY = /[.!?]+["')\]]*(?=\s|$|[A-Z][A-Za-z])|\n\s*\n|\n(?=\s*(?:[-*•]|\d{1,2}[.)])\s)/g;

/** A full stop after one of these, or after a lone list number, ends no sentence. */
const OPEN_END = /(?:^|[\s(])(?:dr|mr|mrs|ms|vs|approx|e\.g|i\.e|\d{1,2})\.$/i;
const LONE_NUMBER = /^[\s\-*•]*\d{1,2}[.)]$/;

/** Sentences in their order, trimmed, none empty; joined they hold every word of the text. */
export function splitSentences(text: string): string[] {
  const sentences: string[] = [];
  let begin = 0;
  const cut = (end: number) => {
    const sentence = text.slice(begin, end).trim();
    if (sentence !== '') sentences.push(sentence);
    begin = end;
  };
  for (const match of text.matchAll(BOUNDARY)) {
    const end = match.index + match[0].length;
    if (match[0].startsWith('.') && isOpen(text.slice(begin, end))) continue;
    cut(end);
  }
  cut(text.length);
  return sentences;
}

/** `Compared with Dr.`, `1.`: more of the same sentence follows. `... of 2.` at the end of many words does not. */
function isOpen(soFar: string): boolean {
  if (LONE_NUMBER.test(soFar)) return true;
  return OPEN_END.test(soFar.slice(-10)) && !/\d\.$/.test(soFar);
}

const WORD = /[a-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?|[,;:/()]/g;

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

/**
 * Words of a sentence in lower case with plurals made singular (`opacities` -> `opacity`), numbers, and the marks
 * `, ; : / ( )` as words of their own. Hyphens part words.
 */
export function lemmas(sentence: string): string[] {
  const words = sentence.toLowerCase().match(WORD) ?? [];
  return words.map(lemma);
}

/** Most words of a corpus are few: those met are kept, up to a bound that no hostile text can push. */
const MET = new Map<string, string>();
const MET_LIMIT = 20_000;

function lemma(word: string): string {
  const known = MET.get(word);
  if (known !== undefined) return known;
  const singular = singularOf(word);
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
