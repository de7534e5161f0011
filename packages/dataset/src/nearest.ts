/**
 * The training report of the study with the most similar tags: the baseline that any reader of findings has to beat, and
 * the source of exemplars for a prompt. A retrieval, not a model: it can only repeat what was written of others.
 */
import { normaliseReport } from './audit.ts';
import { CommonSubsequence } from './common-subsequence.ts';
import { jaccard } from './near-duplicates.ts';
import type { Study } from './study.ts';

/** Of more equals than these, the first so many decide what is typical. */
const MOST_PEERS = 1000;

/** What the look-up needs of a study. */
export type TaggedStudy = Pick<Study, 'id' | 'patient' | 'tags' | 'report'>;

export interface Neighbour<T extends TaggedStudy = TaggedStudy> {
  readonly study: T;
  /** Jaccard similarity of the tag sets, in [0, 1]. */
  readonly similarity: number;
}

/**
 * Looks up studies by tags. Of equally near ones the most typical comes first: the one whose report is on average most
 * like the reports of the other equals (ROUGE-L, Lin 2004, with beta 1.2), the earlier one where that is equal too.
 */
export class NearestByTags<T extends TaggedStudy = TaggedStudy> {
  readonly #studies: readonly T[];
  readonly #tags: readonly ReadonlySet<string>[];
  readonly #words: readonly Int32Array[];
  /** Order of typicality by the equals it was worked out for; normal studies ask for the same ones again and again. */
  readonly #typical = new Map<string, readonly number[]>();

  constructor(studies: readonly T[]) {
    this.#studies = studies;
    this.#tags = studies.map((study) => tagSet(study.tags));
    const numbers = new Map<string, number>();
    this.#words = studies.map((study) => wordNumbers(study.report, numbers));
  }

  /** The nearest studies, nearest and most typical first; never one of the same patient. */
  find(query: Pick<TaggedStudy, 'patient' | 'tags'>, count = 1): Neighbour<T>[] {
    const wanted = tagSet(query.tags);
    const groups = new Map<number, number[]>();
    this.#tags.forEach((tags, i) => {
      if (this.#studies[i]?.patient === query.patient) return;
      const similarity = jaccard(wanted, tags);
      const group = groups.get(similarity);
      if (group === undefined) groups.set(similarity, [i]);
      else group.push(i);
    });
    const found: Neighbour<T>[] = [];
    for (const [similarity, group] of [...groups].sort((a, b) => b[0] - a[0])) {
      if (found.length >= count) break;
      // Only what shares a tag is near; without any, whoever is asked for gets the most typical of all.
      if (similarity === 0 && found.length > 0) break;
      for (const i of this.#byTypicality(group)) found.push({ study: this.#studies[i] as T, similarity });
    }
    return found.slice(0, count);
  }

  #byTypicality(group: readonly number[]): readonly number[] {
    if (group.length < 3) return group;
    const key = group.join(',');
    const known = this.#typical.get(key);
    if (known !== undefined) return known;
    const typicality = this.#typicality(group);
    const order = [...group.keys()].sort(
      (a, b) => (typicality[b] as number) - (typicality[a] as number) || a - b,
    );
    const studies = order.map((place) => group[place] as number);
    this.#typical.set(key, studies);
    return studies;
  }

  /** Mean ROUGE-L of each report of a group to those of its peers, the first MOST_PEERS of the group but itself. */
  #typicality(group: readonly number[]): Float64Array {
    const words = group.map((i) => this.#words[i] as Int32Array);
    const peers = Math.min(group.length, MOST_PEERS);
    const sums = new Float64Array(group.length);
    for (let j = 0; j < peers; j++) {
      const peer = words[j] as Int32Array;
      const common = new CommonSubsequence(peer);
      for (let i = j + 1; i < group.length; i++) {
        const own = words[i] as Int32Array;
        const length = common.with(own);
        sums[i] = (sums[i] as number) + rougeL(length, own.length, peer.length);
        if (i < peers) sums[j] = (sums[j] as number) + rougeL(length, peer.length, own.length);
      }
    }
    return sums.map((sum, i) => sum / (i < peers ? peers - 1 : peers));
  }
}

function tagSet(tags: readonly string[]): Set<string> {
  return new Set(tags.map((tag) => tag.trim().toLowerCase()));
}

/** Words of a text as numbers, equal words as equal numbers. */
function wordNumbers(text: string, numbers: Map<string, number>): Int32Array {
  const words = normaliseReport(text).split(' ');
  return Int32Array.from(words, (word) => {
    const number = numbers.get(word) ?? numbers.size;
    numbers.set(word, number);
    return number;
  });
}

/** Recall weighs more than precision in ROUGE-L as the captioning scorers have it. */
const BETA_SQUARED = 1.2 ** 2;

/** ROUGE-L from the length of the longest common subsequence; in [0, 1]. */
function rougeL(common: number, candidateWords: number, referenceWords: number): number {
  if (common === 0) return 0;
  const precision = common / candidateWords;
  const recall = common / referenceWords;
  return ((1 + BETA_SQUARED) * precision * recall) / (recall + BETA_SQUARED * precision);
}
