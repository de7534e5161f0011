/**
 * English tokens as METEOR-1.5 makes them with `-norm`, and lower case: punctuation apart and kept, contractions split,
 * compounds split at the hyphen so that their parts can match, a full stop kept on known abbreviations and before
 * words in lower case, dropped from U.S. It derives from the tokenizer of Moses. Not the Penn Treebank's (ptb/).
 */

const LETTERS = 'A-Za-zŠŽšžŸÀ-ÖØ-öø-žЀ-ӿԀ-ԧꙀ-ꙮ꙾-ꚗᴀ-ᵿ';
const ALPHANUMERIC = `0-9${LETTERS}`;

const HAS_LETTER = new RegExp(`[${LETTERS}]`, 'u');
const SYMBOL = new RegExp(`([^${ALPHANUMERIC}\\s.'\`,\\-‘’])`, 'gu');
const HYPHEN_IN_WORD = new RegExp(`([${ALPHANUMERIC}.])-([${ALPHANUMERIC}])`, 'gu');
const COMMAS = [/([^0-9]),([^0-9])/gu, /([0-9]),([^0-9])/gu, /([^0-9]),([0-9])/gu];

/** Where an apostrophe stands alone, then where it opens a contraction: `don 't`, `1990 's`. */
const QUOTES = [
  new RegExp(`([^${LETTERS}])'([^${LETTERS}])`, 'gu'),
  new RegExp(`([^${LETTERS}0-9])'([${LETTERS}])`, 'gu'),
  new RegExp(`([${LETTERS}])'([^${LETTERS}])`, 'gu'),
];
const CONTRACTIONS = [new RegExp(`([${LETTERS}])'([${LETTERS}])`, 'gu'), /([0-9])'(s)/gu];

/** Stands for the dots of an ellipsis while single dots are judged. */
const ELLIPSIS_DOT = '\ue000';

/** Words that keep their full stop. */
const ABBREVIATIONS = new Set([
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ...`Adj Adm Adv Asst Bart Bldg Brig Bros Capt Cmdr Col Comdr Con Corp Cpl DR Dr Drs Ens Gen Gov Hon Hr Hosp Insp Lt
    MM MR MRS MS Maj Messrs Mlle Mme Mr Mrs Ms Msgr Op Ord Pfc Ph Prof Pvt Rep Reps Res Rev Rt Sen Sens Sfc Sgt Sr St
    Supt Surg v vs i.e rev e.g Nos Nr`.split(/\s+/),
]);
/** Words that keep it before a number. */
const ABBREVIATIONS_BEFORE_NUMBERS = new Set(['No', 'Art', 'pp']);

export function normalizeMeteor(text: string): string[] {
  let line = ` ${text} `
    .replace(SYMBOL, ' $1 ')
    .replace(/\.{2,}/g, (dots) => ` ${ELLIPSIS_DOT.repeat(dots.length)} `);
  for (const comma of COMMAS) line = line.replace(comma, '$1 , $2');
  line = line
    .replace(/[`‘’]/g, "'")
    .replace(/[“”]|''/g, ' " ')
    .replaceAll('–', '-')
    .replaceAll('--', '-')
    .replace(HYPHEN_IN_WORD, '$1 $2');
  for (const quote of QUOTES) line = line.replace(quote, "$1 ' $2");
  for (const contraction of CONTRACTIONS) line = line.replace(contraction, "$1 '$2");
  const words = line.split(/[ \t\n\r\f]+/).filter((word) => word !== '');
  return words
    .flatMap((word, i) => splitFullStop(word, words[i + 1] ?? ''))
    .map((word) => word.replaceAll(ELLIPSIS_DOT, '.').toLowerCase())
    .flatMap((word) => word.split(/[\xa0\u2000-\u200a\u202f\u205f\u3000]/).filter((part) => part !== ''));
}

function splitFullStop(word: string, next: string): string[] {
  if (word.length < 2 || !word.endsWith('.')) return [word];
  const stem = word.slice(0, -1);
  if (stem.includes('.') && HAS_LETTER.test(stem)) return [word.replaceAll('.', '')];
  const keeps =
    ABBREVIATIONS.has(stem) ||
    /^[a-z]/.test(next) ||
    (ABBREVIATIONS_BEFORE_NUMBERS.has(stem) && /^[0-9]/.test(next));
  return keeps ? [word] : [stem, '.'];
}
