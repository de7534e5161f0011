/**
 * The Porter stemmer (Porter, "An algorithm for suffix stripping", 1980) with the deviations that NLTK 3.10 makes by
 * default (its mode NLTK_EXTENSIONS), as NLTK's METEOR and `rouge_score` use it. Not Snowball's English stemmer.
 */

/** Forms that the rules would get wrong. */
const IRREGULAR: ReadonlyMap<string, string> = new Map([
  ...['sky', 'skies'].map((form) => [form, 'sky'] as const),
  ['dying', 'die'],
  ['lying', 'lie'],
  ['tying', 'tie'],
  ['news', 'news'],
  ...['innings', 'inning'].map((form) => [form, 'inning'] as const),
  ...['outings', 'outing'].map((form) => [form, 'outing'] as const),
  ...['cannings', 'canning'].map((form) => [form, 'canning'] as const),
  ...['howe', 'proceed', 'exceed', 'succeed'].map((form) => [form, form] as const),
]);

const STEMS = new Map<string, string>();
/** Hostile text must not fill the memory: past this many words the table starts anew. */
const STEMS_KEPT = 100_000;

/** The stem of a word, in lower case. */
export function porterStem(word: string): string {
  let stem = STEMS.get(word);
  if (stem === undefined) {
    if (STEMS.size >= STEMS_KEPT) STEMS.clear();
    stem = stemOf(word);
    STEMS.set(word, stem);
  }
  return stem;
}

function stemOf(word: string): string {
  const lower = word.toLowerCase();
  const irregular = IRREGULAR.get(lower);
  if (irregular !== undefined) return irregular;
  // Python counts code points, so that a letter outside the basic plane is one.
  if ([...word].length <= 2) return lower;
  return [step1a, step1b, step1c, step2, step3, step4, step5a, step5b].reduce((w, step) => step(w), lower);
}

/** Suffix, what takes its place, and what must hold of the stem before it. */
type Rule = readonly [suffix: string, replacement: string, condition: (stem: string) => boolean];

/** The first rule whose suffix fits decides, even when its condition then fails. */
function firstRule(word: string, rules: readonly Rule[]): string {
  for (const [suffix, replacement, condition] of rules) {
    if (!word.endsWith(suffix)) continue;
    const stem = word.slice(0, word.length - suffix.length);
    return condition(stem) ? stem + replacement : word;
  }
  return word;
}

const always = () => true;

function step1a(word: string): string {
  if (word.endsWith('ies') && [...word].length === 4) return word.slice(0, -1);
  return firstRule(word, [
    ['sses', 'ss', always],
    ['ies', 'i', always],
    ['ss', 'ss', always],
    ['s', '', always],
  ]);
}

function step1b(word: string): string {
  if (word.endsWith('ied')) return word.slice(0, [...word].length === 4 ? -1 : -2);
  if (word.endsWith('eed')) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const suffix = ['ed', 'ing'].find((s) => word.endsWith(s) && hasVowel(word.slice(0, -s.length)));
  if (suffix === undefined) return word;
  const stem = word.slice(0, -suffix.length);
  for (const ending of ['at', 'bl', 'iz']) if (stem.endsWith(ending)) return `${stem}e`;
  if (endsDoubleConsonant(stem)) return 'lsz'.includes(stem.at(-1) as string) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsConsonantVowelConsonant(stem) ? `${stem}e` : stem;
}

/** NLTK: y turns to i after a consonant, unless that is all there is before it. */
function step1c(word: string): string {
  return firstRule(word, [['y', 'i', (stem) => stem.length > 1 && isConsonant(stem, stem.length - 1)]]);
}

const positive = (stem: string) => measure(stem) > 0;

const STEP_2: readonly Rule[] = (
  [
    ['ational', 'ate'],
    ['tional', 'tion'],
    ['enci', 'ence'],
    ['anci', 'ance'],
    ['izer', 'ize'],
    ['bli', 'ble'],
    ['alli', 'al'],
    ['entli', 'ent'],
    ['eli', 'e'],
    ['ousli', 'ous'],
    ['ization', 'ize'],
    ['ation', 'ate'],
    ['ator', 'ate'],
    ['alism', 'al'],
    ['iveness', 'ive'],
    ['fulness', 'ful'],
    ['ousness', 'ous'],
    ['aliti', 'al'],
    ['iviti', 'ive'],
    ['biliti', 'ble'],
    ['fulli', 'ful'],
  ] as const
).map(([suffix, replacement]) => [suffix, replacement, positive]);

/** NLTK: the l of -logi counts to the stem, so that "geology" goes as "archaeology" does. */
const LOGI: Rule = ['logi', 'log', (stem) => positive(`${stem}l`)];

/** NLTK: -alli goes first, and what it leaves is run through the step again. */
function step2(word: string): string {
  if (word.endsWith('alli') && positive(word.slice(0, -4))) return step2(word.slice(0, -2));
  return firstRule(word, [...STEP_2, LOGI]);
}

const STEP_3: readonly Rule[] = (
  [
    ['icate', 'ic'],
    ['ative', ''],
    ['alize', 'al'],
    ['iciti', 'ic'],
    ['ical', 'ic'],
    ['ful', ''],
    ['ness', ''],
  ] as const
).map(([suffix, replacement]) => [suffix, replacement, positive]);

const step3 = (word: string) => firstRule(word, STEP_3);

const long = (stem: string) => measure(stem) > 1;

const STEP_4: readonly Rule[] = [
  ...['al', 'ance', 'ence', 'er', 'ic', 'able', 'ible', 'ant', 'ement', 'ment', 'ent'].map(
    (suffix): Rule => [suffix, '', long],
  ),
  ['ion', '', (stem) => long(stem) && /[st]$/.test(stem)],
  ...['ou', 'ism', 'ate', 'iti', 'ous', 'ive', 'ize'].map((suffix): Rule => [suffix, '', long]),
];

const step4 = (word: string) => firstRule(word, STEP_4);

function step5a(word: string): string {
  if (!word.endsWith('e')) return word;
  const stem = word.slice(0, -1);
  const m = measure(stem);
  return m > 1 || (m === 1 && !endsConsonantVowelConsonant(stem)) ? stem : word;
}

function step5b(word: string): string {
  return word.endsWith('ll') && measure(word.slice(0, -1)) > 1 ? word.slice(0, -1) : word;
}

/** A consonant is any letter but a, e, i, o, u, and y after a consonant. */
function isConsonant(word: string, i: number): boolean {
  if ('aeiou'.includes(word[i] as string)) return false;
  let flips = false;
  while (i > 0 && word[i] === 'y') {
    flips = !flips;
    i--;
  }
  return 'aeiou'.includes(word[i] as string) === flips;
}

/** One pass, so that a run of y costs no more than other letters. True where a letter is a consonant. */
function consonants(word: string): boolean[] {
  const flags: boolean[] = [];
  for (let i = 0; i < word.length; i++) {
    const letter = word[i] as string;
    flags.push(letter === 'y' ? i === 0 || !flags[i - 1] : !'aeiou'.includes(letter));
  }
  return flags;
}

/** Porter's m: how often a consonant follows a vowel. */
function measure(stem: string): number {
  const flags = consonants(stem);
  let m = 0;
  for (let i = 1; i < flags.length; i++) if (flags[i] && !flags[i - 1]) m++;
  return m;
}

const hasVowel = (stem: string) => consonants(stem).includes(false);

function endsDoubleConsonant(word: string): boolean {
  return word.length >= 2 && word.at(-1) === word.at(-2) && isConsonant(word, word.length - 1);
}

/** Porter's *o: ends consonant-vowel-consonant, the last not w, x or y; NLTK adds words of vowel-consonant. */
function endsConsonantVowelConsonant(word: string): boolean {
  const n = word.length;
  if (n === 2) return !isConsonant(word, 0) && isConsonant(word, 1);
  return (
    n >= 3 &&
    isConsonant(word, n - 3) &&
    !isConsonant(word, n - 2) &&
    isConsonant(word, n - 1) &&
    !'wxy'.includes(word.at(-1) as string)
  );
}
