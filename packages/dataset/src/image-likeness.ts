/**
 * How alike the images of two studies are to an encoder: the cosine of their pooled features less the mean over all studies. Pooled
 * features of a DenseNet are never below 0 and large in the same places, so that without the mean all images are alike.
 */

export class ImageLikeness {
  /** By study: centred and of unit length. */
  readonly #directions: ReadonlyMap<string, Float32Array>;

  /** @param features by study, [C] each: of all that are known, or of the training studies and what is compared with them */
  constructor(features: ReadonlyMap<string, Float32Array>) {
    const all = [...features.values()];
    const mean = new Float64Array(all[0]?.length ?? 0);
    for (const vector of all)
      for (const [i, x] of vector.entries()) mean[i] = (mean[i] as number) + x / all.length;
    this.#directions = new Map([...features].map(([id, vector]) => [id, direction(vector, mean)]));
  }

  /** In [0, 1], opposite ones 0 as well; undefined where the features of either are not known. */
  between(a: string, b: string): number | undefined {
    const [u, v] = [this.#directions.get(a), this.#directions.get(b)];
    if (u === undefined || v === undefined) return undefined;
    return Math.max(
      0,
      u.reduce((sum, x, i) => sum + x * (v[i] as number), 0),
    );
  }
}

function direction(vector: Float32Array, mean: Float64Array): Float32Array {
  const centred = vector.map((x, i) => x - (mean[i] as number));
  const length = Math.hypot(...centred) || 1;
  return centred.map((x) => x / length);
}
