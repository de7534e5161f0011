/**
 * Whether a device lies where it should: as the report calls it, else by where it says the tip lies. A verdict in words
 * outweighs the place, and a wrong one a right one.
 */
import { DEVICES, type Device, PLACED, SITES, type Site } from './device-lexicon.ts';
import { PhraseBook } from './phrase-book.ts';
import type { Phrase } from './phrases.ts';
import type { Sentence } from './scope.ts';

export type Placement = 'right' | 'wrong';

export interface PlacementFound {
  readonly placement?: Placement;
  readonly tip?: Site;
}

interface PlaceWords {
  readonly verdict?: Placement;
  readonly site?: Site;
}

const BOOK = new PhraseBook<PlaceWords>((first, second) => ({ ...first, ...second }));
for (const verdict of ['right', 'wrong'] as const) {
  for (const words of PLACED[verdict]) BOOK.add(words, { verdict });
}
for (const site of Object.keys(SITES) as Site[]) for (const words of SITES[site]) BOOK.add(words, { site });

/** Reads the words up to the next device, and the next sentence where it begins with the tip. */
export function placementOf(
  sentence: Sentence,
  phrase: Phrase,
  device: Device,
  next: Sentence | undefined,
): PlacementFound {
  const before = sentence.words.slice(edgeBefore(sentence, phrase), phrase.start);
  const behind = sentence.words.slice(phrase.end, edgeBehind(sentence, phrase));
  if (next !== undefined && speaksOfTip(next)) behind.push(...next.words);
  const verdict = verdictIn(behind) ?? verdictIn(before);
  const { belongs, strays } = DEVICES[device];
  const tip = belongs === undefined && strays === undefined ? undefined : tipIn(behind);
  const placement = verdict ?? distanceVerdict(device, behind) ?? siteVerdict(device, tip);
  return { ...(placement && { placement }), ...(tip && { tip }) };
}

function edgeBefore(sentence: Sentence, phrase: Phrase): number {
  let edge = 0;
  for (const other of sentence.phrases) {
    if (other.start >= phrase.start) break;
    if (other.meaning.device !== undefined || other.meaning.cue === 'break') edge = other.end;
  }
  return edge;
}

/**
 * A break such as "with" goes on telling of the device (`PICC with its tip in ...`); only another device ends it, and one
 * that is joined to it shares its place (`ET and NG tubes in standard position`).
 */
function edgeBehind(sentence: Sentence, phrase: Phrase): number {
  let end = phrase.end;
  for (const other of sentence.phrases) {
    if (other.start < phrase.end || other.meaning.device === undefined) continue;
    if (!sentence.words.slice(end, other.start).every((word) => JOINTS.has(word))) return other.start;
    end = other.end;
  }
  return sentence.words.length;
}

const JOINTS: ReadonlySet<string> = new Set(['and', 'or', ',', 'the', '/']);

function speaksOfTip({ words }: Sentence): boolean {
  const first = words[0] === 'the' || words[0] === 'its' ? words[1] : words[0];
  return first === 'tip' || first === 'it';
}

function verdictIn(words: readonly string[]): Placement | undefined {
  let verdict: Placement | undefined;
  for (const { start, meaning } of BOOK.find(words)) {
    if (meaning.verdict === undefined || DENIALS.has(words[start - 1] ?? '')) continue;
    if (meaning.verdict === 'wrong') return 'wrong';
    verdict = 'right';
  }
  return verdict;
}

const DENIALS: ReadonlySet<string> = new Set(['no', 'not', 'without', 'nor']);

/** The first place named behind a word of an end; where there is no such word, the first place. */
function tipIn(words: readonly string[]): Site | undefined {
  const end = words.findIndex((word) => ENDS.has(word));
  const places = BOOK.find(words).filter(({ meaning }) => meaning.site !== undefined);
  return (places.find(({ start }) => start > end) ?? places[0])?.meaning.site;
}

const ENDS: ReadonlySet<string> = new Set([
  'tip',
  'terminate',
  'terminates',
  'terminating',
  'end',
  'ending',
  'project',
  'projecting',
  'overlying',
]);

/** `5 cm above the carina`. */
function distanceVerdict(device: Device, words: readonly string[]): Placement | undefined {
  const range = DEVICES[device].aboveCarinaCm;
  const carina = words.indexOf('carina');
  if (range === undefined || carina < 0) return undefined;
  const unit = words.findLastIndex((word, i) => i < carina && (word === 'cm' || word === 'mm'));
  const length = Number(words[unit - 1]);
  if (unit < 1 || carina - unit > 6 || !Number.isFinite(length)) {
    return words[carina - 1] === 'at' || words[carina - 2] === 'at' ? 'wrong' : undefined;
  }
  const cm = words[unit] === 'cm' ? length : length / 10;
  const below = words.slice(unit, carina).some((word) => word === 'below' || word === 'beyond');
  return !below && cm >= range[0] && cm <= range[1] ? 'right' : 'wrong';
}

function siteVerdict(device: Device, site: Site | undefined): Placement | undefined {
  if (site === undefined) return undefined;
  const { belongs, strays } = DEVICES[device];
  if (belongs?.includes(site)) return 'right';
  return strays?.includes(site) ? 'wrong' : undefined;
}
