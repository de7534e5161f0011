/** Puts the encoder's scores of a features file into the studies that it was made from. */
import { fail } from '@llama-xr/core';
import { type Dataset, readStudies, type Study } from '@llama-xr/dataset';
import { nearestByFeatures } from '@llama-xr/metrics';
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

/**
 * The training report of the image most like each study's, to the encoder: the baseline of retrieval without a language model.
 * @param ids of the studies asked for, which must be in the data set.
 */
export function nearestReports(dataset: Dataset, path: string, ids: readonly string[]): string[] {
  const features = readFeatures(path);
  const rowOf = new Map(features.ids.map((id, row) => [id, row]));
  const studyOf = new Map(dataset.studies.map((study) => [study.id, study]));
  const pooled = (id: string): Float32Array => {
    const row = rowOf.get(id) ?? fail('INPUT', `${path}: expected features of study ${id}, got none`);
    const { pooled: all, present } = features.frontal;
    if (present[row] !== 1) fail('INPUT', `${path}: expected a frontal view of study ${id}, got none`);
    const width = all.length / features.ids.length;
    return all.subarray(row * width, (row + 1) * width);
  };
  const training = dataset.studies.flatMap(({ id, split, report, patient }) => {
    const row = split === 'train' ? rowOf.get(id) : undefined;
    return row === undefined || features.frontal.present[row] !== 1
      ? []
      : [{ features: pooled(id), report, patient }];
  });
  return nearestByFeatures(
    training,
    ids.map((id) => ({ features: pooled(id), patient: studyOf.get(id)?.patient })),
  );
}

function scoresOf({ present, normalised }: Features['frontal'], row: number): number[] | null {
  if (present[row] !== 1) return null;
  return [...normalised.subarray(row * PATHOLOGIES.length, (row + 1) * PATHOLOGIES.length)];
}
