/** Puts the encoder's scores of a features file into the studies that it was made from. */
import { fail } from '@llama-xr/core';
import { type Dataset, readStudies, type Study } from '@llama-xr/dataset';
import { type Features, PATHOLOGIES, readFeatures } from '@llama-xr/vision';

/** A data set, with the scores of a features file where one is given. */
export async function readWithFeatures(folder: string, features: string | undefined): Promise<Dataset> {
  const dataset = await readStudies(folder);
  if (features === undefined) return dataset;
  return { ...dataset, studies: withScores(dataset.studies, readFeatures(features), features) };
}

/** @throws LlamaXrError INPUT when no study has features. */
export function withScores(studies: readonly Study[], features: Features, path: string): Study[] {
  const rowOf = new Map(features.ids.map((id, row) => [id, row]));
  const scored = studies.map((study): Study => {
    const row = rowOf.get(study.id);
    if (row === undefined) return study;
    const [frontal, lateral] = [scoresOf(features.frontal, row), scoresOf(features.lateral, row)];
    return { ...study, scores: { frontal, lateral, source: 'encoder' } };
  });
  if (!scored.some((study) => rowOf.has(study.id)))
    fail('INPUT', `${path}: expected features of the studies of this data set, got none of them`);
  return scored;
}

function scoresOf({ present, normalised }: Features['frontal'], row: number): number[] | null {
  if (present[row] !== 1) return null;
  return [...normalised.subarray(row * PATHOLOGIES.length, (row + 1) * PATHOLOGIES.length)];
}
