/**
 * The English stemmer of Snowball, called Porter2 (M. F. Porter, "The English (Porter2) stemming algorithm", 2001), as
 * it stood in the years of METEOR-1.5 and stands in NLTK; later Snowball releases know more exceptions. Not the Porter
 * stemmer of 1980 (porter.ts). Words come in lower case.
 */

const IRREGULAR: ReadonlyMap<string, string> = new Map([
  ['skis', 'ski'],
  ['skies', 'sky'],
  ['dying', 'die'],
  ['lying', 'lie'],
  ['tying', 'tie'],
  ['idly', 'idl'],
  ['gently', 'gentl'],
  ['ugly', 'ugli'],
  ['early', 'earli'],
  ['only', 'onli'],
  ['singly', 'singl'],
  ...['sky', 'news', 'howe', 'atlas', 'cosmos', 'bias', 'andes'].map((word) => [word, word] as const),
]);

/** Words that are stems once a plural has lost its s. */
const WHOLE_AFTER_PLURAL = new Set('inning outing canning herring earring proceed exceed succeed'.split(' '));

const VOWEL = 'aeiouy';
const DOUBLES = new Set('bb dd ff gg mm nn pp rr tt'.split(' '));

type Ending = readonly [suffix: string, stem: string];

const STEP_2: readonly Ending[] = longestFirst([
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['entli', 'ent'],
  ['izer', 'ize'],
  ['ization', 'ize'],
  ['ational', 'ate'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['alli', 'al'],
  ['fulness', 'ful'],
  ['ousli', 'ous'],
  ['ousness', 'ous'],
  ['iveness', 'ive'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['bli', 'ble'],
  ['ogi', 'og'],
  ['fulli', 'ful'],
  ['lessli', 'less'],
  ['li', ''],
]);
/** What may stand before an ending of step 2 that has a condition. */
const BEFORE: Readonly<Record<string, string>> = { ogi: 'l', li: 'cdeghkmnrt' };

const STEP_3: readonly Ending[] = longestFirst([
  ['tional', 'tion'],
  ['ational', 'ate'],
  ['alize', 'al'],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
  ['ative', ''],
]);

const STEP_4: readonly Ending[] = longestFirst(
  'al ance ence er ic able ible ant ement ment ent ism ate iti ous ive ize ion'
    .split(' ')
    .map((suffix) => [suffix, ''] as const),
);

const STEMS = new Map<string, string>();
/** Hostile text must not fill the memory: past this many words the table starts anew. */
const STEMS_KEPT = 100_000;

export function snowballStem(word: string): string {
  let stem = STEMS.get(word);
  if (stem === undefined) {
    if (STEMS.size >= STEMS_KEPT) STEMS.clear();
    stem = IRREGULAR.get(word) ?? (word.length < 3 ? word : stemOf(word));
    STEMS.set(word, stem);
  }
  return stem;
}

/** The regions of a word in which endings may go, as the places where they begin. */
interface Regions {
  /** After the first consonant that follows a vowel. */
  readonly r1: number;
  /** The same again, within r1. */
  readonly r2: number;
}

function stemOf(word: string): string {
  const marked = markConsonantY(word.replace(/^'/, ''));
  const regions = regionsOf(marked);
  const singular = step1a(marked.replace(/'s'$|'s$|'$/, ''));
  if (WHOLE_AFTER_PLURAL.has(singular)) return singular;
  let stem = step1b(singular, regions);
  stem = stem.replace(/(?<=.[^aeiouy])[yY]$/, 'i');
  stem = step2(stem, regions);
  stem = step3(stem, regions);
  stem = step4(stem, regions);
  return step5(stem, regions).replaceAll('Y', 'y');
}

/** A y that begins a word or follows a vowel is a consonant, written Y. */
function markConsonantY(word: string): string {
  let marked = '';
  for (const letter of word)
    marked += letter === 'y' && (marked === '' || VOWEL.includes(marked.at(-1) as string)) ? 'Y' : letter;
  return marked;
}

function regionsOf(word: string): Regions {
  const irregular = /^(?:gener|commun|arsen)/.exec(word)?.[0].length;
  const r1 = irregular ?? afterVowelConsonant(word, 0);
  return { r1, r2: afterVowelConsonant(word, r1) };
}

function afterVowelConsonant(word: string, from: number): number {
  const found = /[aeiouy][^aeiouy]/.exec(word.slice(from));
  return found === null ? word.length : from + found.index + 2;
}

/** Plurals. */
function step1a(word: string): string {
  if (word.endsWith('sses')) return word.slice(0, -2);
  if (/ie[ds]$/.test(word)) return word.slice(0, word.length > 4 ? -2 : -1);
  if (/[us]s$/.test(word)) return word;
  return /[aeiouy].+s$/.test(word) ? word.slice(0, -1) : word;
}

/** Past tenses and participles. */
function step1b(word: string, { r1 }: Regions): string {
  const ending = /(?:eed|eedly|ed|edly|ing|ingly)$/.exec(word)?.[0];
  if (ending === undefined) return word;
  const stem = word.slice(0, -ending.length);
  if (ending.startsWith('ee')) return stem.length >= r1 ? `${stem}ee` : word;
  if (!/[aeiouy]/.test(stem)) return word;
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (DOUBLES.has(stem.slice(-2))) return stem.slice(0, -1);
  return stem.length === r1 && endsInShortSyllable(stem) ? `${stem}e` : stem;
}

/** Consonant, vowel, consonant other than w, x, Y; or a vowel that begins the word, and a consonant. */
function endsInShortSyllable(word: string): boolean {
  return /[^aeiouy][aeiouy][^aeiouywxY]$|^[aeiouy][^aeiouy]$/.test(word);
}

function step2(word: string, { r1 }: Regions): string {
  const [suffix, replacement] = endingOf(word, STEP_2);
  const stem = word.slice(0, word.length - suffix.length);
  if (suffix === '' || stem.length < r1) return word;
  const before = BEFORE[suffix];
  return before === undefined || (stem !== '' && before.includes(stem.at(-1) as string))
    ? stem + replacement
    : word;
}

function step3(word: string, { r1, r2 }: Regions): string {
  const [suffix, replacement] = endingOf(word, STEP_3);
  const stem = word.slice(0, word.length - suffix.length);
  return suffix === '' || stem.length < (suffix === 'ative' ? r2 : r1) ? word : stem + replacement;
}

function step4(word: string, { r2 }: Regions): string {
  const [suffix] = endingOf(word, STEP_4);
  const stem = word.slice(0, word.length - suffix.length);
  if (suffix === '' || stem.length < r2) return word;
  return suffix === 'ion' && !/[st]$/.test(stem) ? word : stem;
}

function step5(word: string, { r1, r2 }: Regions): string {
  const stem = word.slice(0, -1);
  if (word.endsWith('e'))
    return stem.length >= r2 || (stem.length >= r1 && !endsInShortSyllable(stem)) ? stem : word;
  return word.endsWith('ll') && stem.length >= r2 ? stem : word;
}

function endingOf(word: string, endings: readonly Ending[]): Ending {
  return endings.find(([suffix]) => word.endsWith(suffix)) ?? ['', ''];
}

function longestFirst(endings: readonly Ending[]): readonly Ending[] {
  return endings.toSorted(([a], [b]) => b.length - a.length);
}
