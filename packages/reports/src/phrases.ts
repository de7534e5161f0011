/** All phrases the labeler knows, in one book, and what each of them means. */
import { LOOKS, type Look, PARTS, type Part } from './anatomy.ts';
import {
  CHANGES,
  type Change,
  FORMS,
  type Form,
  PLACES,
  type Place,
  SEVERITIES,
  type Severity,
  SIDES,
  type Side,
} from './attributes.ts';
import { CUES, type Cue } from './cues.ts';
import { DEVICES, type Device, SITES, type Site } from './device-lexicon.ts';
import type { Finding } from './findings.ts';
import { DISTRACTORS, GENERIC, TERMS } from './lexicon.ts';
import { PhraseBook, type PhraseMatch } from './phrase-book.ts';

/** What a phrase can mean; one phrase may be more than one thing (`borderline` is a look and a degree). */
export interface Meaning {
  readonly findings?: readonly Finding[];
  readonly part?: Part;
  readonly look?: Look;
  readonly cue?: Cue;
  readonly side?: Side;
  readonly location?: Place;
  readonly severity?: Severity;
  readonly form?: Form;
  readonly change?: Change;
  readonly device?: Device;
  /** Where tips of devices lie. */
  readonly site?: Site;
  /** `acute process`: an observation that is no finding. */
  readonly generic?: true;
}

/** Sites that are parts already. */
const PARTS_TOO: ReadonlySet<Site> = new Set<Site>(['pleural space', 'pulmonary artery']);

/** Words [start, end) of a sentence and what they mean. */
export type Phrase = PhraseMatch<Meaning>;

const BOOK = new PhraseBook<Meaning>((first, second) => {
  const findings = [...new Set([...(first.findings ?? []), ...(second.findings ?? [])])];
  return { ...first, ...second, ...(findings.length > 0 && { findings }) };
});

for (const [finding, patterns] of entries(TERMS)) addAll(patterns, { findings: [finding] });
for (const [part, patterns] of entries(PARTS)) addAll(patterns, { part });
for (const [look, patterns] of entries(LOOKS)) addAll(patterns, { look });
for (const [cue, patterns] of entries(CUES)) addAll(patterns, { cue });
for (const [side, patterns] of entries(SIDES)) addAll(patterns, { side });
for (const [location, patterns] of entries(PLACES)) addAll(patterns, { location });
for (const [severity, patterns] of entries(SEVERITIES)) addAll(patterns, { severity });
for (const [form, patterns] of entries(FORMS)) addAll(patterns, { form });
for (const [change, patterns] of entries(CHANGES)) addAll(patterns, { change });
for (const [device, { finding, words }] of entries(DEVICES)) addAll(words, { findings: [finding], device });
addAll(DISTRACTORS, {});
addAll(GENERIC, { generic: true });
// The side of a vessel or chamber is not the side of what lies in it.
for (const [site, patterns] of entries(SITES)) if (!PARTS_TOO.has(site)) addAll(patterns, { site });

/** The phrases of a sentence in order, longest first where several begin at one word. */
export function findPhrases(words: readonly string[]): Phrase[] {
  return BOOK.find(words);
}

function addAll(patterns: readonly string[], meaning: Meaning): void {
  for (const pattern of patterns) BOOK.add(pattern, meaning);
}

function entries<Key extends string, Value>(table: Readonly<Record<Key, Value>>): [Key, Value][] {
  return Object.entries(table) as [Key, Value][];
}
