/**
 * pycocoevalcap's tokenizer: Stanford's PTBTokenizer (CoreNLP 3.4.1) with -preserveLines -lowerCase, and pycocoevalcap's
 * list of punctuation dropped from what it gives. Written anew from the behaviour of that program, which was asked about
 * every character, word and abbreviation; none of its source is used.
 *
 * Oddities that the scores know are kept: brackets become `-lrb-` and `-rrb-` and stay, for the list names them in
 * capitals; `!!` and `?!` stay where `!` and `?` go. Not kept: the original reads all captions of a run as one file and
 * looks past the end of one into the next (`fig.` keeps its full stop where the next caption begins with a number).
 * Letters that Unicode got after version 6 are letters here and are dropped there.
 */
import * as abbreviations from './abbreviations.ts';
import { RULES } from './rules.ts';

const PUNCTUATION = new Set(["''", "'", '``', '`', '.', '?', '!', ',', ':', '-', '--', '...', ';']);

/** A word that only the first rules can match, and before a space only as a whole: most of any text. */
const PLAIN_WORD = /[A-Za-z]+(?=[,;:]? |\. )/y;
/** Words that are split, or whose full stop may belong to them. */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  'cannot',
  'gonna',
  'gotta',
  'lemme',
  'gimme',
  'wanna',
  ...Object.values(abbreviations).flat(),
]);

/** The tokens of one caption or report, in lower case; line breaks count as spaces. */
export function tokenizePtb(text: string): string[] {
  const tokens: string[] = [];
  const line = `${text.replace(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, ' ')} `;
  const rules = RULES.filter(({ needs }) => needs === undefined || line.includes(needs));
  for (let at = 0; at < line.length; ) {
    if (line[at] === ' ') {
      at++;
      continue;
    }
    PLAIN_WORD.lastIndex = at;
    const word = PLAIN_WORD.exec(line)?.[0].toLowerCase();
    if (word !== undefined && word.length > 1 && !NOT_PLAIN.has(word)) {
      tokens.push(word);
      at += word.length;
      continue;
    }
    const { length, written } = longestMatch(rules, line, at);
    at += length;
    const token = written.replaceAll('\u00ad', '').toLowerCase();
    if (token !== '' && !PUNCTUATION.has(token)) tokens.push(token);
  }
  return tokens;
}

/** The token at a place. A character that no rule knows is dropped. */
function longestMatch(rules: typeof RULES, line: string, at: number): { length: number; written: string } {
  let longest = 0;
  let token = { length: 1, written: '' };
  for (const { pattern, write } of rules) {
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (match === null) continue;
    const [matched, ahead = ''] = match;
    if (matched.length + ahead.length <= longest) continue;
    longest = matched.length + ahead.length;
    token = { length: matched.length, written: write === undefined ? matched : write(matched) };
  }
  return token;
}
