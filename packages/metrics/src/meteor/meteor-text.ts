/** A text as METEOR-1.5 compares it: its tokens with their stems, synsets and phrases, each looked up once. */
import { snowballStem } from '../text/snowball.ts';
import type { MeteorData } from './data.ts';
import { FUNCTION_WORDS } from './function-words.ts';
import { normalizeMeteor } from './normalize.ts';
import { wordNet31Synonyms } from './synonyms.ts';

/** Where something stands in a text, from left to right. */
export type Places<K> = ReadonlyMap<K, readonly number[]>;

/** A phrase that the paraphrase table has, by its number there. */
export interface Phrase {
  readonly number: number;
  /** In words. */
  readonly length: number;
}

export interface MeteorText {
  readonly words: readonly string[];
  readonly stems: readonly string[];
  /** For each word the synsets that it is in. */
  readonly synsets: readonly (readonly number[])[];
  /** For each word the phrases that begin there, from the shortest. */
  readonly phrases: readonly (readonly Phrase[])[];
  readonly isFunctionWord: readonly boolean[];
  readonly wordPlaces: Places<string>;
  readonly stemPlaces: Places<string>;
  readonly synsetPlaces: Places<number>;
  readonly phrasePlaces: Places<number>;
}

const TEXTS_KEPT = 4096;
/** In words; METEOR's tables hold none longer. */
const LONGEST_PHRASE = 7;

/** @returns a reader of texts that keeps the last few thousand. */
export function meteorReader(data: MeteorData): (text: string) => MeteorText {
  const known = new Map<string, MeteorText>();
  return (text) => {
    let read = known.get(text);
    if (read === undefined) {
      if (known.size >= TEXTS_KEPT) known.clear();
      read = readText(text, data);
      known.set(text, read);
    }
    return read;
  };
}

function readText(text: string, data: MeteorData): MeteorText {
  const synonyms = data.synonyms ?? wordNet31Synonyms();
  const words = normalizeMeteor(text);
  const stems = words.map(snowballStem);
  const synsets = words.map((word) => synonyms.synsetsOf(word));
  const phrases = phrasesOf(words, data);
  return {
    words,
    stems,
    synsets,
    phrases,
    isFunctionWord: words.map((word) => FUNCTION_WORDS.has(word)),
    wordPlaces: placesOf(words.map((word) => [word])),
    stemPlaces: placesOf(stems.map((stem) => [stem])),
    synsetPlaces: placesOf(synsets),
    phrasePlaces: placesOf(phrases.map((begun) => begun.map(({ number }) => number))),
  };
}

function phrasesOf(words: readonly string[], { paraphrases: table }: MeteorData): Phrase[][] {
  return words.map((_, start) => {
    const begun: Phrase[] = [];
    if (table === undefined) return begun;
    for (let length = 1; length <= LONGEST_PHRASE && start + length <= words.length; length++) {
      const number = table.numberOf(words.slice(start, start + length).join(' '));
      if (number !== undefined) begun.push({ number, length });
    }
    return begun;
  });
}

function placesOf<K>(atEachWord: readonly (readonly K[])[]): Places<K> {
  const places = new Map<K, number[]>();
  atEachWord.forEach((keys, i) => {
    for (const key of keys) {
      const known = places.get(key);
      if (known === undefined) places.set(key, [i]);
      else known.push(i);
    }
  });
  return places;
}
