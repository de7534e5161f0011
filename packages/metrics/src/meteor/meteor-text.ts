/** A text as METEOR-1.5 compares it: its tokens with their stems and phrases, each looked up once. */
import { snowballStem } from '../text/snowball.ts';
import type { MeteorData } from './data.ts';
import { FUNCTION_WORDS } from './function-words.ts';
import { normalizeMeteor } from './normalize.ts';
import type { ParaphraseTable } from './paraphrases.ts';
import { MetWords, type Synonyms, wordNet31Synonyms } from './synonyms.ts';

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
  /** For each word the phrases that begin there, from the shortest. */
  readonly phrases: readonly (readonly Phrase[])[];
  readonly isFunctionWord: readonly boolean[];
  readonly wordPlaces: Places<string>;
  readonly stemPlaces: Places<string>;
  readonly phrasePlaces: Places<number>;
}

const TEXTS_KEPT = 4096;
/** Hostile text must not fill the memory: past this many words the reader starts anew. */
const WORDS_KEPT = 50_000;
/** In words; METEOR's tables hold none longer. */
const LONGEST_PHRASE = 7;

/** Reads texts, keeps the last few thousand, and knows which of their words are synonyms. */
export class MeteorReader {
  readonly paraphrases: ParaphraseTable | undefined;
  readonly #synonyms: Synonyms | undefined;
  readonly #texts = new Map<string, MeteorText>();
  #words: MetWords | undefined;

  constructor({ synonyms, paraphrases }: MeteorData) {
    this.paraphrases = paraphrases;
    this.#synonyms = synonyms;
  }

  read(text: string): MeteorText {
    let read = this.#texts.get(text);
    if (read === undefined) {
      if (this.#texts.size >= TEXTS_KEPT) this.#texts.clear();
      read = readText(text, this.paraphrases);
      for (const word of read.words) this.#met.meet(word);
      this.#texts.set(text, read);
    }
    return read;
  }

  /** The synonyms of a word among those of the texts read. */
  synonymsOf(word: string): readonly string[] {
    return this.#met.synonymsOf(word);
  }

  /** Starts anew where the words met are too many. Texts read before are not to be compared with texts read after. */
  tidy(): void {
    if (this.#met.size < WORDS_KEPT) return;
    this.#texts.clear();
    this.#words = undefined;
  }

  get #met(): MetWords {
    this.#words ??= new MetWords(this.#synonyms ?? wordNet31Synonyms());
    return this.#words;
  }
}

function readText(text: string, paraphrases: ParaphraseTable | undefined): MeteorText {
  const words = normalizeMeteor(text);
  const stems = words.map(snowballStem);
  const phrases = phrasesOf(words, paraphrases);
  return {
    words,
    stems,
    phrases,
    isFunctionWord: words.map((word) => FUNCTION_WORDS.has(word)),
    wordPlaces: placesOf(words.map((word) => [word])),
    stemPlaces: placesOf(stems.map((stem) => [stem])),
    phrasePlaces: placesOf(phrases.map((begun) => begun.map(({ number }) => number))),
  };
}

function phrasesOf(words: readonly string[], table: ParaphraseTable | undefined): Phrase[][] {
  if (table === undefined) return [];
  return words.map((_, start) => {
    const begun: Phrase[] = [];
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
