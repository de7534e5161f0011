/**
 * Exemplars: training reports to put before the model as examples of how such findings are written here. Two steps,
 * both of our own making: studies whose tags overlap most (Jaccard index over a tag, its head, its qualifiers and its
 * words, each weighted by how rare it is; where images are known, mixed with how alike they are), and among the nearest those whose text is most typical of its
 * neighbourhood. Never a report of the same patient.
 *
 * Not the lookup baseline (`nearest.ts`), which ranks by whole tags alone.
 */
import { findingTags, parseTag } from '@llama-xr/reports';
import type { ImageLikeness } from './image-likeness.ts';
import type { Study } from './study.ts';

export interface ExemplarOptions {
  /** Exemplars wanted, best first. */
  readonly count: number;
  /** The nearest studies that may become exemplars; as many as wanted where that is more. */
  readonly candidates?: number;
}

/** A study near another, and how near. */
export interface NearStudy {
  readonly study: Study;
  /** In [0, 1]. */
  readonly similarity: number;
}

/** Images that count beside the findings. */
export interface ExemplarImages {
  readonly likeness: ImageLikeness;
  /** Their share of the similarity, in [0, 1]; studies whose images are not known are compared by findings alone. */
  readonly share: number;
}

/** Studies that decide what is typical. */
const NEIGHBOURS = 40;
/** Of studies without findings more are alike, and more are needed to tell which wording is common. */
const NORMAL_NEIGHBOURS = 200;

/** Weight of a feature by its kind. */
const WEIGHT = { tag: 1, head: 1, qualifier: 0.5, word: 0.5 } as const;

type Sparse = ReadonlyMap<string, number>;

interface Entry {
  readonly study: Study;
  readonly features: Sparse;
  /** Sum of the feature's weighted rarities. */
  readonly mass: number;
  /** Unit-length tf-idf of the report's words and pairs of words. */
  readonly text: Sparse;
}

export class ExemplarIndex {
  readonly #entries: readonly Entry[];
  readonly #normal: readonly Study[];
  readonly #rarity: (feature: string) => number;
  readonly #images: ExemplarImages | undefined;

  /** @param studies the studies whose reports may be shown: those of the training split. */
  constructor(studies: readonly Study[], images?: ExemplarImages) {
    this.#images = images;
    const withFindings = studies.filter((study) => findingTags(study.tags).length > 0);
    this.#normal = studies.filter((study) => findingTags(study.tags).length === 0);
    const features = withFindings.map((study) => tagFeatures(study.tags));
    this.#rarity = rarityOf(features.map((f) => f.keys()));
    const grams = withFindings.map((study) => wordGrams(study.report));
    const textRarity = rarityOf(grams.map((g) => g.keys()));
    this.#entries = withFindings.map((study, i) => ({
      study,
      features: features[i] as Sparse,
      mass: this.#mass(features[i] as Sparse),
      text: unitLength(grams[i] as Sparse, textRarity),
    }));
  }

  /** The exemplars for a study, best first; none for a study without findings. */
  nearest(study: Study, { count, candidates = 10 }: ExemplarOptions): Study[] {
    const near = this.#near(study).slice(0, NEIGHBOURS);
    const typicality = ({ entry }: (typeof near)[number]): number =>
      near.reduce(
        (sum, other) =>
          other.entry === entry ? sum : sum + other.similarity ** 2 * cosine(entry.text, other.entry.text),
        0,
      );
    return near
      .slice(0, Math.max(candidates, count))
      .map((candidate) => ({ study: candidate.entry.study, typicality: typicality(candidate) }))
      .sort((a, b) => b.typicality - a.typicality)
      .slice(0, count)
      .map((candidate) => candidate.study);
  }

  /** The studies of other patients with the most similar findings; for a study without any, others without. */
  neighbourhood(study: Study): NearStudy[] {
    if (findingTags(study.tags).length > 0) {
      return this.#near(study)
        .slice(0, NEIGHBOURS)
        .map(({ entry, similarity }) => ({ study: entry.study, similarity }));
    }
    const others = this.#normal.filter(({ patient }) => patient !== study.patient);
    const step = Math.max(1, Math.floor(others.length / NORMAL_NEIGHBOURS));
    return others.filter((_, i) => i % step === 0).map((other) => ({ study: other, similarity: 1 }));
  }

  /** Entries of other patients that share a feature, nearest first. */
  #near(study: Study) {
    const features = tagFeatures(study.tags);
    if (features.size === 0) return [];
    const mass = this.#mass(features);
    return this.#entries
      .filter((entry) => entry.study.patient !== study.patient && entry.study.id !== study.id)
      .map((entry) => ({
        entry,
        similarity: this.#mixed(study, entry, this.#similarity(features, mass, entry)),
      }))
      .filter(({ similarity }) => similarity > 0)
      .sort((a, b) => b.similarity - a.similarity);
  }

  /** The similarity of the findings, with that of the images where it counts. */
  #mixed(study: Study, entry: Entry, findings: number): number {
    if (this.#images === undefined) return findings;
    const { likeness, share } = this.#images;
    const images = likeness.between(study.id, entry.study.id);
    return images === undefined ? findings : (1 - share) * findings + share * images;
  }

  #mass(features: Sparse): number {
    let sum = 0;
    for (const [feature, weight] of features) sum += weight * this.#rarity(feature);
    return sum;
  }

  /** Weighted Jaccard index, in [0, 1]. */
  #similarity(features: Sparse, mass: number, entry: Entry): number {
    let shared = 0;
    for (const [feature, weight] of features) {
      const other = entry.features.get(feature);
      if (other !== undefined) shared += Math.min(weight, other) * this.#rarity(feature);
    }
    return shared / (mass + entry.mass - shared);
  }
}

/** What two sets of tags may share: `Opacity/lung/left` gives the tag, its head, head with qualifier, and its words. */
function tagFeatures(tags: readonly string[]): Sparse {
  const features = new Map<string, number>();
  for (const tag of findingTags(tags)) {
    const { head, qualifiers } = parseTag(tag);
    features.set(`tag:${tag.toLowerCase()}`, WEIGHT.tag);
    features.set(`head:${head}`, WEIGHT.head);
    for (const qualifier of qualifiers) features.set(`qualifier:${head}/${qualifier}`, WEIGHT.qualifier);
    for (const [word] of `${head} ${qualifiers.join(' ')}`.matchAll(/[a-z]+/g))
      features.set(`word:${word}`, WEIGHT.word);
  }
  return features;
}

/** Words and pairs of neighbouring words with their counts. */
function wordGrams(text: string): Sparse {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const counts = new Map<string, number>();
  words.forEach((word, i) => {
    const grams = i === 0 ? [word] : [word, `${words[i - 1]} ${word}`];
    for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  });
  return counts;
}

/** log((N + 1) / (n + 1)) + 0.1 for a feature that stands in n of N documents. */
function rarityOf(documents: readonly Iterable<string>[]): (feature: string) => number {
  const counts = new Map<string, number>();
  for (const document of documents)
    for (const feature of document) counts.set(feature, (counts.get(feature) ?? 0) + 1);
  return (feature) => Math.log((documents.length + 1) / ((counts.get(feature) ?? 0) + 1)) + 0.1;
}

function unitLength(counts: Sparse, rarity: (feature: string) => number): Sparse {
  const weighted = [...counts].map(([gram, n]): [string, number] => [gram, n * rarity(gram)]);
  const norm = Math.hypot(...weighted.map(([, weight]) => weight)) || 1;
  return new Map(weighted.map(([gram, weight]) => [gram, weight / norm]));
}

function cosine(a: Sparse, b: Sparse): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let sum = 0;
  for (const [gram, weight] of small) sum += weight * (large.get(gram) ?? 0);
  return sum;
}
