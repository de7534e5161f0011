/**
 * CIDEr (Vedantam et al., 2015) as pycocoevalcap 1.2 has it, which is CIDEr-D: clipped tf-idf similarity of 1- to
 * 4-grams, a Gaussian on the difference in length (sigma 6), times 10. The document frequencies are counted from
 * the references of the run itself, so the number of one report depends on its company: on a subset they are counted
 * from the subset, as running pycocoevalcap on it does.
 */
import { RunningSum, type Scorer } from '../scorer.ts';
import { type CountedText, countText } from '../text/tokens.ts';

const ORDER = 4;
const SIGMA = 6;

/** How telling an n-gram is: log(documents / documents with it), where unseen ones count as seen once. */
type InverseDocumentFrequency = (gram: string) => number;

/** A text among the documents of a space; its weights are counts times idf, kept as the two that they are. */
export interface CiderVector extends CountedText {
  readonly idf: InverseDocumentFrequency;
  /** Entry n - 1: Euclidean length over the n-grams. */
  readonly norms: readonly number[];
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
  const idf = inverseDocumentFrequency(references);
  return (text) => {
    const { length, counts } = countText(text);
    const norms = counts.map((grams) => {
      let squares = 0;
      for (const [gram, count] of grams) squares += (count * idf(gram)) ** 2;
      return Math.sqrt(squares);
    });
    return { length, counts, idf, norms };
  };
}

function inverseDocumentFrequency(references: Iterable<readonly string[]>): InverseDocumentFrequency {
  const documentsWith = new Map<string, number>();
  let documents = 0;
  for (const texts of references) {
    documents++;
    // A gram of several references of one study counts once.
    const seen = texts.length > 1 ? new Set<string>() : undefined;
    for (const text of texts)
      for (const counts of countText(text).counts)
        for (const gram of counts.keys()) {
          if (seen?.has(gram)) continue;
          seen?.add(gram);
          documentsWith.set(gram, (documentsWith.get(gram) ?? 0) + 1);
        }
  }
  const logDocuments = Math.log(documents);
  return (gram) => logDocuments - Math.log(documentsWith.get(gram) ?? 1);
}

/** Mean over n of the clipped cosine, under the length penalty exp(-(difference in length)^2 / (2 sigma^2)). */
export function ciderSimilarity(candidate: CiderVector, reference: CiderVector): number {
  const { idf } = candidate;
  let sum = 0;
  for (let n = 0; n < ORDER; n++) {
    const theirs = reference.counts[n] as ReadonlyMap<string, number>;
    let dot = 0;
    for (const [gram, count] of candidate.counts[n] as ReadonlyMap<string, number>) {
      const other = theirs.get(gram);
      if (other !== undefined) dot += Math.min(count, other) * other * idf(gram) ** 2;
    }
    const norm = (candidate.norms[n] as number) * (reference.norms[n] as number);
    sum += norm === 0 ? dot : dot / norm;
  }
  return (sum / ORDER) * Math.exp(-((bigrams(candidate) - bigrams(reference)) ** 2) / (2 * SIGMA ** 2));
}

/** What pycocoevalcap takes for the length of a text. */
const bigrams = ({ length }: CountedText) => Math.max(0, length - 1);
