/**
 * The grammar of the PTB tokenizer: which stretches of a text are one token. At each place the longest match wins, of
 * equally long ones the first rule. What a lookahead captures counts towards the length, as a lexer generator counts
 * its trailing context, and stays in the text.
 */
import {
  ABBREVIATIONS,
  ABBREVIATIONS_BEFORE_NUMBERS,
  CAPITALISED_ABBREVIATIONS,
  FILE_EXTENSIONS,
  FINAL_ABBREVIATIONS,
  LOWER_ABBREVIATIONS,
  LOWER_TRADE_ABBREVIATIONS,
  SENTENCE_STARTERS,
} from './abbreviations.ts';
import { ALPHANUMERIC, MARKS, SYMBOLS } from './characters.ts';

export interface Rule {
  readonly pattern: RegExp;
  /** What is written for the match: the match itself unless given; nothing where empty. */
  readonly write?: (token: string) => string;
  /** A character without which a text need not be searched. */
  readonly needs?: string;
}

const rule = (source: string, write?: Rule['write'], needs?: string): Rule => ({
  pattern: new RegExp(source, 'uy'),
  ...(write === undefined ? {} : { write }),
  ...(needs === undefined ? {} : { needs }),
});

/** Either case of each letter. */
const anyCase = (word: string) => word.replace(/[a-z]/gi, (c) => `[${c.toLowerCase()}${c.toUpperCase()}]`);
/** A capital first, then either case. */
const capitalised = (word: string) => word[0]?.toUpperCase() + anyCase(word.slice(1));
/** A capital or small letter first, small ones then. */
const capitalisedOrNot = (word: string) => anyCase(word.slice(0, 1)) + word.slice(1);
const literal = (text: string) => text.replace(/[.\\]/g, '\\$&');
const oneOf = (words: readonly string[], form: (word: string) => string) =>
  `(?:${[...words]
    .sort((a, b) => b.length - a.length)
    .map((w) => literal(w))
    .map(form)
    .join('|')})`;

const LETTER = `(?:[\\p{L}\\u1885\\u1886${MARKS}\\u00ad]|&[aeiouAEIOU](?:acute|grave|uml);)`;
const ALNUM = `[${ALPHANUMERIC}]`;
const WORD_PART = `${LETTER}(?:${LETTER}|\\p{Nd})*`;
const WORD = `${WORD_PART}(?:[.!?]${WORD_PART})*`;
const APOSTROPHE = "(?:['\\u2019\\u0092]|&apos;)";
/** What else is typed for an apostrophe inside a word. */
const ANY_APOSTROPHE = "(?:['`\\u2018\\u2019\\u201b\\u0091\\u0092]|&apos;)";
const ENDING = `${APOSTROPHE}(?:[sdmSDM]|[lL][lL]|[rR][eE]|[vV][eE])`;
const NOT = `[nN]${ANY_APOSTROPHE}[tT]`;
const DIGITS = '\\p{Nd}';
const NUMBER = `(?:${DIGITS}*(?:[.:,\\u00ad\\u066b\\u066c]${DIGITS}+)+|${DIGITS}+)`;
const ACRONYM = '[A-Za-z](?:\\.[A-Za-z])+';
const SPACE = '[ \\u00a0]';
const HYPHENED = `[A-Za-z0-9][A-Za-z0-9.,\\u00ad]*(?:-(?:${ACRONYM}\\.|[A-Za-z0-9\\u00ad]+))+`;
const IN_ADDRESS = '[^ \\t\\f"<>|()]';
const ENDS_ADDRESS = '[^ \\t\\f"<>|.!?(){},-]';
const SLASHED_PART = '[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}';
const SLASHED = `${SLASHED_PART}(?:\\\\?/${SLASHED_PART}){1,2}`;

const NAME = '[A-Za-z][A-Za-z0-9_:.-]*';
const ATTRIBUTE = `${NAME}(?: *= *(?:'[^']*'|"[^"]*"))?`;
const TAG = `<(?:[!?][A-Za-z-][^>]*|/${NAME} *|${NAME}(?: +${ATTRIBUTE})* */? *)>`;
const PART = `(?:[dDoOlL]${ANY_APOSTROPHE}${ALNUM})?${ALNUM}+`;
const JOINED = `${PART}(?:[-_\\u058a\\u2010\\u2011]${PART})*`;

const inner = (token: string) => token.replaceAll(' ', '\u00a0');
const nothing = () => '';
const plainApostrophe = (token: string) =>
  token.replace(/[\u2019\u0092]|&apos;/, "'").replace(/[\u2018\u201b\u0091]/, '`');
const brackets = (token: string) => token.replaceAll('(', '-LRB-').replaceAll(')', '-RRB-');

const FINAL = `(?:${[
  oneOf(FINAL_ABBREVIATIONS, anyCase),
  oneOf(CAPITALISED_ABBREVIATIONS, capitalised),
  oneOf(LOWER_ABBREVIATIONS, capitalisedOrNot),
].join('|')})\\.`;

const CONTRACTIONS = ['can not', 'gon na', 'got ta', 'lem me', 'gim me', 'wan na'].map((pair) => {
  const [first, second] = pair.split(' ') as [string, string];
  return rule(`${anyCase(first)}(?=(${anyCase(second)}))`);
});

export const RULES: readonly Rule[] = [
  ...CONTRACTIONS,
  rule("'[tT](?=([iI][sS]|[wW][aA][sS]))"),
  rule(`[A-Za-z]*[A-MO-Za-mo-z](?=(${NOT}))`),
  rule(NOT, plainApostrophe),
  rule(`${WORD}(?=(${ENDING}))`),
  rule(`${ENDING}(?=([^A-Za-z]))`, plainApostrophe),
  rule(WORD),
  // Words with an apostrophe of their own.
  rule(`\\p{L}+[aeiouyAEIOUY]${ANY_APOSTROPHE}[aeiouA-Z]\\p{L}*`),
  rule(`${APOSTROPHE}(?:[nN]${APOSTROPHE}?|[eE][mM]|[cC][aA][uU][sS][eE]|[tT][iI][lL][lL]?|[2-9]0[sS])`),
  rule(`(?:[lLdDjJ]|[oO][lL]|[dD][uU][nN][kK][iI][nN]|[sS][oO][mM][eE][tT][hH][iI][nN])${APOSTROPHE}`),
  rule(`[cC]${APOSTROPHE}[mM][oO][nN]|[nN]?[eE]'[eE][rR]|[oO]${ANY_APOSTROPHE}[oO]`),
  rule(`[A-HJ-XZn]${ANY_APOSTROPHE}${LETTER}{2,}`),
  rule(`[yY]${APOSTROPHE}(?=(${LETTER}))`),
  rule(`${APOSTROPHE}[0-9]{2}(?=(${SPACE}))`),
  rule("'(?=([A-Za-z][^ \\t\\u00a0]))", nothing),
  rule(ENDING, plainApostrophe),
  // Words and numbers joined by hyphens, slashes, points and commas.
  rule(JOINED),
  rule(`${FINAL}(?=([^][^]))`),
  rule(HYPHENED),
  rule(SLASHED),
  rule(`${SLASHED_PART}(?=(${ENDING}))`),
  ...[WORD, HYPHENED, JOINED].map((word) => rule(`${word}\\.(?=([,;:\\u3001]))`)),
  rule('[0-9]{1,2}[-/][0-9]{1,2}[-/][0-9]{2,4}'),
  rule(`[-+]?${NUMBER}`),
  rule(`(?:[0-9]{1,4}[- \\u00a0])?[0-9]{1,4}(?:\\\\?/|\\u2044)[0-9]{1,4}`, inner),
  rule(
    `(?:\\([0-9]{2,3}\\)${SPACE}?|(?:\\+\\+?)?(?:[0-9]{2,4}[- \\u00a0])?[0-9]{2,4}[- \\u00a0])[0-9]{3,4}[- \\u00a0]?[0-9]{3,5}`,
    (token) => brackets(inner(token)),
  ),
  rule(`(?:(?:\\+\\+?)?[0-9]{2,4}\\.)?[0-9]{2,4}\\.[0-9]{3,4}\\.[0-9]{3,5}`),
  // Full stops that belong to their word.
  rule(FINAL),
  rule(`${oneOf(ABBREVIATIONS, anyCase)}\\.`),
  rule(`${oneOf(LOWER_TRADE_ABBREVIATIONS, capitalisedOrNot)}\\.`),
  rule(`${oneOf(ABBREVIATIONS_BEFORE_NUMBERS, anyCase)}\\.(?=(${SPACE}?${DIGITS}))`),
  rule(`[A-Za-z](?=(\\.${SPACE}+(?:${oneOf(SENTENCE_STARTERS, capitalised)}|<${NAME}>)${SPACE}))`),
  rule(`${ACRONYM}\\.|[A-Za-z]\\.`),
  rule('[A-Z]+(?:(?:[+&]|&amp;)[A-Z]+)+', (token) => token.replaceAll('&amp;', '&')),
  rule('[cC]\\+\\+|[cCfF]#'),
  // Addresses and marks of the web.
  rule(`${ALNUM}+(?:\\.${ALNUM}+)*\\.${oneOf(FILE_EXTENSIONS, anyCase)}(?=([ \\t\\u00a0.,?!]))`),
  rule(`https?://${IN_ADDRESS}+${ENDS_ADDRESS}`, undefined, '://'),
  ...[`(?:/${IN_ADDRESS}+${ENDS_ADDRESS})`, ''].flatMap((path) => [
    rule(`www\\.(?:[^ \\t\\f"<>|.!?(){},]+\\.)+[a-zA-Z]{2,4}${path}`),
    rule(`(?:[^ \\t\\f"\`'<>|.!?(){},-_$]+\\.)+(?:com|net|org|edu)${path}`),
  ]),
  rule(
    '<?[a-zA-Z0-9][^ \\t\\f"<>|(){}\\u00a0]*@(?:[^ \\t\\f"<>|(){}.\\u00a0]+\\.)*[^ \\t\\f"<>|(){}.\\u00a0]+>?',
    undefined,
    '@',
  ),
  rule(`@[A-Za-z_][A-Za-z_0-9]*|#${LETTER}+`),
  rule(TAG, inner, '>'),
  rule("[<>]?[:;=][-o*']?[()DPdpO\\\\{@|[\\]](?=([^A-Za-z0-9]))", brackets),
  rule("[-^x=~<>']_[-^x=~<>']"),
  rule("\\((?:[-^x=~<>'][_.]?[-^x=~<>']|[\\^x=~<>']-[\\^x=~<>'])\\)", brackets),
  // Money, fractions, punctuation.
  rule('[A-Z]*\\$'),
  rule('[\\u0080\\u00a4\\u20a0\\u20ac]', () => '$'),
  rule('\\u00a3', () => '#'),
  rule('\\u00a2', () => 'cents'),
  rule('[\\u00bc\\u00bd\\u00be\\u2153\\u2154]', (c) => c.normalize('NFKD').replace('\u2044', '/')),
  rule('\\(', () => '-LRB-'),
  rule('\\)', () => '-RRB-'),
  rule('\\[', () => '-LSB-'),
  rule('\\]', () => '-RSB-'),
  rule('\\{', () => '-LCB-'),
  rule('\\}', () => '-RCB-'),
  rule('[?!]+'),
  rule('-{2,4}', nothing),
  rule('-{5,}|-'),
  rule('[\\u0096\\u0097\\u2013-\\u2015]', nothing),
  rule(`\\.{3,5}|(?:\\.${SPACE}){2,4}\\.|\\u2026`, nothing),
  rule(`&${anyCase('lt')};`, () => '<'),
  rule(`&${anyCase('gt')};`, () => '>'),
  rule(`&${anyCase('amp')};`, () => '&'),
  rule(`&${anyCase('nbsp')};`, nothing),
  rule('&(?:#[0-9]+|HT|TL|UR|LR|QC|QL|QR|odq|cdq);'),
  rule(`&${oneOf(['quot', 'apos', 'mdash', 'ndash'], anyCase)};`, nothing),
  rule('\\*+|@+|#+|_+|<<|>>|(?:\\\\\\*){1,3}'),
  rule(
    "''|``|\\u2019\\u2019|[.,:;'\"`\\u2018\\u2019\\u201b-\\u201d\\u0091-\\u0094\\u00ab\\u00bb\\u2039\\u203a]",
    nothing,
  ),
  rule(`[%&+/<=>^|~\\\\\\u2044${SYMBOLS}]`),
];
