/**
 * Of several drafts the one that reports of like findings agree with most: minimum Bayes risk (Kumar and Byrne,
 * HLT-NAACL 2004) where the reports of the neighbourhood stand for the reports that could be right. The gain is
 * ROUGE-L + CIDEr-D / 4, about even parts of both.
 */
import { cleanAlphanumeric } from './protocols.ts';
import { type CiderVector, ciderSimilarity, ciderSpace } from './scorers/cider.ts';
import { rougeF } from './scorers/rouge-l.ts';
import { lcsLength, type WordPositions, wordPositions } from './text/lcs.ts';

/** CIDEr-D runs to 10 where ROUGE-L runs to 1: ten times the mean clipped cosine, a quarter of it. */
const CIDER_SHARE = 10 / 4;

export interface Neighbour {
  readonly text: string;
  /** How much its agreement counts, >= 0. */
  readonly weight: number;
}

interface Read {
  readonly clean: string;
  readonly words: readonly string[];
  readonly positions: WordPositions;
  readonly vector: CiderVector;
}

export class Consensus {
  readonly #vector: (text: string) => CiderVector;
  /** Neighbours come again and again: each is read once. */
  readonly #known = new Map<string, Read>();

  /** @param corpus reports that decide how rare an n-gram is: those of the training split. */
  constructor(corpus: readonly string[]) {
    this.#vector = ciderSpace(corpus.map((text) => [cleanAlphanumeric(text)]));
  }

  /**
   * Weighted mean gain of a draft over its neighbourhood; 0 where nobody has weight. A neighbour of which the draft is a
   * copy does not count: it would speak for itself.
   */
  agreement(draft: string, neighbours: readonly Neighbour[]): number {
    const read = this.#read(draft);
    let gain = 0;
    let total = 0;
    for (const { text, weight } of neighbours) {
      const report = this.#remember(text);
      if (report.clean === read.clean) continue;
      gain += weight * this.#gain(read, report);
      total += weight;
    }
    return total === 0 ? 0 : gain / total;
  }

  /** Index of the draft with the highest agreement; of equals the first. */
  choose(drafts: readonly string[], neighbours: readonly Neighbour[]): number {
    const agreements = drafts.map((draft) => this.agreement(draft, neighbours));
    return agreements.indexOf(Math.max(...agreements));
  }

  #gain(draft: Read, report: Read): number {
    const common = lcsLength(draft.positions, report.words);
    const rouge = rougeF(common / draft.words.length, common / report.words.length);
    return rouge + CIDER_SHARE * ciderSimilarity(draft.vector, report.vector);
  }

  #remember(text: string): Read {
    const known = this.#known.get(text) ?? this.#read(text);
    this.#known.set(text, known);
    return known;
  }

  #read(text: string): Read {
    const clean = cleanAlphanumeric(text);
    const words = clean.split(' ');
    return { clean, words, positions: wordPositions(words), vector: this.#vector(clean) };
  }
}
