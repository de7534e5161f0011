/**
 * BERTScore (Zhang et al., ICLR 2020) as bert_score 0.3.13 has it: each token is matched to the most similar one of the other
 * text, greedily; precision over the prediction's tokens, recall over the reference's; of several references the best for
 * each value. The vectors come from a model that the user supplies (package text-models).
 *
 * Different layers and models give numbers that cannot be compared; name the model beside the score.
 */
import { RunningSum, type Scorer } from '../scorer.ts';

/** A text as tokens with vectors of length 1. */
export interface TokenVectors {
  readonly ids: readonly number[];
  /** Special tokens can be matched, but have no weight of their own. */
  readonly isSpecial: readonly boolean[];
  /** [T, E] */
  readonly vectors: Float32Array;
}

export interface BertScoreOptions {
  /** Weighs tokens by how rare they are among the references of the run. Default false. */
  readonly idf?: boolean;
  /** What unrelated texts score, as [precision, recall, F1]: scores are then rescaled so that this is 0. */
  readonly baseline?: readonly [number, number, number];
}

const VALUES = ['BERTScore-P', 'BERTScore-R', 'BERTScore-F1'];

type WeightOf = (id: number) => number;

/** @param embed the vectors of a text as the protocol has cleaned it */
export function bertScore(embed: (text: string) => TokenVectors, options: BertScoreOptions = {}): Scorer {
  const { idf = false, baseline = [0, 0, 0] } = options;
  return {
    name: 'bertScore',
    values: VALUES,
    corpusIsMean: true,
    over(references) {
      const weightOf = idf ? inverseDocumentFrequency(references, embed) : () => 1;
      const sum = new RunningSum(VALUES.length);
      return {
        add({ prediction, references }) {
          const ours = embed(prediction);
          const best = [-1, -1, -1];
          for (const reference of references)
            compare(ours, embed(reference), weightOf).forEach((value, v) => {
              best[v] = Math.max(best[v] as number, value);
            });
          const scores = best.map((value, v) => rescaled(value, baseline[v] as number));
          sum.add(scores);
          return scores;
        },
        corpus: () => sum.means(),
      };
    },
  };
}

/** [P, R, F1]; all 0 where one of the texts has no tokens of weight. */
function compare(ours: TokenVectors, theirs: TokenVectors, weightOf: WeightOf): [number, number, number] {
  const { mostOurs, mostTheirs } = mostSimilar(ours, theirs);
  const precision = weightedMean(ours, mostOurs, weightOf);
  const recall = weightedMean(theirs, mostTheirs, weightOf);
  if (precision === undefined || recall === undefined) return [0, 0, 0];
  return [precision, recall, (2 * precision * recall) / (precision + recall)];
}

/** For each token of either text the cosine of the token of the other one that is most like it. */
function mostSimilar(
  ours: TokenVectors,
  theirs: TokenVectors,
): { mostOurs: Float64Array; mostTheirs: Float64Array } {
  const width = ours.vectors.length / ours.ids.length;
  const mostOurs = new Float64Array(ours.ids.length).fill(-1);
  const mostTheirs = new Float64Array(theirs.ids.length).fill(-1);
  for (let i = 0; i < mostOurs.length; i++) {
    for (let j = 0; j < mostTheirs.length; j++) {
      let cosine = 0;
      for (let e = 0; e < width; e++)
        cosine += (ours.vectors[i * width + e] as number) * (theirs.vectors[j * width + e] as number);
      if (cosine > (mostOurs[i] as number)) mostOurs[i] = cosine;
      if (cosine > (mostTheirs[j] as number)) mostTheirs[j] = cosine;
    }
  }
  return { mostOurs, mostTheirs };
}

function weightedMean(
  { ids, isSpecial }: TokenVectors,
  values: Float64Array,
  weightOf: WeightOf,
): number | undefined {
  let [sum, weights] = [0, 0];
  ids.forEach((id, t) => {
    const weight = isSpecial[t] ? 0 : weightOf(id);
    sum += weight * (values[t] as number);
    weights += weight;
  });
  return weights === 0 ? undefined : sum / weights;
}

/** log((N + 1) / (n + 1)) over the N references of a run, n of which have the token. */
function inverseDocumentFrequency(
  references: Iterable<readonly string[]>,
  embed: (text: string) => TokenVectors,
): WeightOf {
  const documentsWith = new Map<number, number>();
  let documents = 0;
  for (const texts of references) {
    for (const text of texts) {
      documents++;
      for (const id of new Set(embed(text).ids)) documentsWith.set(id, (documentsWith.get(id) ?? 0) + 1);
    }
  }
  return (id) => Math.log((documents + 1) / ((documentsWith.get(id) ?? 0) + 1));
}

const rescaled = (value: number, baseline: number): number => (value - baseline) / (1 - baseline);
