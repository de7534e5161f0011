/**
 * The training report of the image that looks most like this one to the encoder: cosine similarity of pooled features. What a
 * retrieval system without any language model would answer (as in CXR-RePaiR, Endo et al., ML4H 2021, there with CLIP).
 */
import { fail } from '@llama-xr/core';

export interface FeatureReport {
  readonly features: ArrayLike<number>;
  readonly report: string;
  /** A study of the same patient is never its nearest. */
  readonly patient?: string | undefined;
}

/** @throws LlamaXrError INPUT for features of different lengths, or without training reports. */
export function nearestByFeatures(
  training: readonly FeatureReport[],
  queries: readonly Omit<FeatureReport, 'report'>[],
): string[] {
  if (training.length === 0)
    fail('INPUT', 'nearest features: expected at least one training report, got none');
  const width = (training[0] as FeatureReport).features.length;
  const known = training.map(({ features }, i) => unitVector(features, width, `training study ${i}`));
  return queries.map(({ features, patient }, q) => {
    const wanted = unitVector(features, width, `study ${q}`);
    let [best, nearest] = [Number.NEGATIVE_INFINITY, -1];
    known.forEach((vector, i) => {
      if (patient !== undefined && training[i]?.patient === patient) return;
      const similarity = dot(wanted, vector);
      if (similarity > best) [best, nearest] = [similarity, i];
    });
    if (nearest < 0) fail('INPUT', `nearest features: study ${q} has no training study of another patient`);
    return (training[nearest] as FeatureReport).report;
  });
}

/** Of length 1; a vector of zeros stays as it is. */
function unitVector(features: ArrayLike<number>, width: number, name: string): Float64Array {
  if (features.length !== width)
    fail('INPUT', `nearest features: ${name}: expected ${width} features, got ${features.length}`);
  const vector = Float64Array.from(features);
  const length = Math.sqrt(dot(vector, vector));
  return length > 0 ? vector.map((value) => value / length) : vector;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
