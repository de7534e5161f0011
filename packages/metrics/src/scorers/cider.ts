/**
 * CIDEr (Vedantam et al., 2015) as pycocoevalcap 1.2 has it, which is CIDEr-D: clipped tf-idf similarity of 1- to
 * 4-grams, a Gaussian on the difference in length (sigma 6), times 10. The document frequencies are counted from
 * the references of the run itself, so the number of one report depends on its company: on a subset they are counted
 * from the subset, as running pycocoevalcap on it does.
 */
import { RunningSum, type Scorer } from '../scorer.ts';
import { countNgrams, splitWhitespace } from '../text/tokens.ts';

const ORDER = 4;
const SIGMA = 6;

export interface CiderVector {
  /** Entry n - 1: weight of each n-gram. */
  readonly weights: readonly ReadonlyMap<string, number>[];
  readonly norms: readonly number[];
  /** The length in bigrams: what pycocoevalcap takes for the length of a text. */
  readonly bigrams: number;
}

export const cider: Scorer = {
  name: 'cider',
  values: ['CIDEr'],
  over(references) {
    const sums = new RunningSum(1);
    const vector = ciderSpace(references);
    return {
      add(pair) {
        const candidate = vector(pair.prediction);
        let sum = 0;
        for (const reference of pair.references) sum += ciderSimilarity(candidate, vector(reference));
        const score = (10 * sum) / pair.references.length;
        sums.add([score]);
        return [score];
      },
      corpus: () => sums.means(),
    };
  },
};

/** Where texts become vectors: rare n-grams weigh more, rare as in these references (one document each). */
export function ciderSpace(references: Iterable<readonly string[]>): (text: string) => CiderVector {
  const { logDocuments, documentsWith } = documentFrequencies(references);
  return (text) => tfIdf(text, documentsWith, logDocuments);
}

/** In how many documents (all references of one study are one) each n-gram stands, and log of their number. */
function documentFrequencies(references: Iterable<readonly string[]>) {
  const documentsWith = new Map<string, number>();
  let documents = 0;
  for (const texts of references) {
    documents++;
    const seen = new Set<string>();
    for (const text of texts)
      for (const grams of countNgrams(splitWhitespace(text), ORDER))
        for (const gram of grams.keys()) seen.add(gram);
    for (const gram of seen) documentsWith.set(gram, (documentsWith.get(gram) ?? 0) + 1);
  }
  return { documentsWith, logDocuments: Math.log(documents) };
}

/** weight = count x (log documents - log max(1, documents with the n-gram)). */
function tfIdf(text: string, documentsWith: ReadonlyMap<string, number>, logDocuments: number): CiderVector {
  const words = splitWhitespace(text);
  const norms: number[] = [];
  const weights = countNgrams(words, ORDER).map((counts) => {
    const weighted = new Map<string, number>();
    let squares = 0;
    for (const [gram, count] of counts) {
      const weight = count * (logDocuments - Math.log(Math.max(1, documentsWith.get(gram) ?? 0)));
      weighted.set(gram, weight);
      squares += weight * weight;
    }
    norms.push(Math.sqrt(squares));
    return weighted;
  });
  return { weights, norms, bigrams: Math.max(0, words.length - 1) };
}

/** Mean over n of the clipped cosine, under the length penalty exp(-(difference in length)^2 / (2 sigma^2)). */
export function ciderSimilarity(candidate: CiderVector, reference: CiderVector): number {
  let sum = 0;
  for (let n = 0; n < ORDER; n++) {
    const of = reference.weights[n] as ReadonlyMap<string, number>;
    let dot = 0;
    for (const [gram, weight] of candidate.weights[n] as ReadonlyMap<string, number>) {
      const other = of.get(gram) ?? 0;
      dot += Math.min(weight, other) * other;
    }
    const norm = (candidate.norms[n] as number) * (reference.norms[n] as number);
    sum += norm === 0 ? dot : dot / norm;
  }
  const difference = candidate.bigrams - reference.bigrams;
  return (sum / ORDER) * Math.exp(-(difference ** 2) / (2 * SIGMA ** 2));
}
