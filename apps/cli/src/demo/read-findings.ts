/**
 * Reading the images: features by an encoder with random weights, heads fitted on the training split, and the same data
 * set again with the tags that the heads read in place of the truth. What stands of a training study there was read by
 * heads that did not see its patient, so that training prompts err as often as those of new studies.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ReportProgress, readJson, sha256File, startRun } from '@llama-xr/core';
import {
  type Dataset,
  hashStudies,
  MANIFEST_FILE,
  readStudies,
  STUDIES_FILE,
  type Study,
  writeDatasetManifest,
  writeStudies,
} from '@llama-xr/dataset';
import {
  encodeStudies,
  type Features,
  fitTagHeads,
  loadEncoder,
  readFeatures,
  readTagHeads,
  studyMaps,
  type TagHeads,
  writeTagHeads,
} from '@llama-xr/vision';
import { encoderSource } from '../drafts/encoder-source.ts';
import { version } from '../version.ts';
import type { DemoFolder } from './demo-folder.ts';

/** As `--encoder` takes it. */
export const ENCODER = 'random:7';

export async function encodeImages(folder: DemoFolder, studies: readonly Study[], progress: ReportProgress) {
  await using encoder = await loadEncoder(encoderSource(ENCODER));
  const wanted = studies.map(({ id, views }) => ({
    id,
    views: views.map(({ path, projection }) => ({ projection, ...(path !== undefined && { path }) })),
  }));
  const features = await encodeStudies(wanted, encoder, folder.features, {
    maps: true,
    progress,
    command: 'demo',
  });
  return { encoder: encoder.name, views: countViews(features) };
}

const countViews = ({ frontal, lateral }: Features): number =>
  [frontal, lateral].flatMap(({ present }) => [...present]).reduce((sum, one) => sum + one, 0);

export interface ReadFindings {
  readonly heads: TagHeads;
  /** The studies with tags as read. */
  readonly dataset: Dataset;
}

/** Fits the heads and writes the data set that they read, unless both are there. */
export async function readFindings(folder: DemoFolder, truth: Dataset): Promise<ReadFindings> {
  const features = await sha256File(folder.features);
  const inputs = { [folder.features]: features, [folder.data]: truth.manifest.outputs[STUDIES_FILE] ?? '' };
  if (!(await isRead(folder, inputs))) await fitAndRead(folder, truth, inputs);
  return { heads: readTagHeads(folder.heads), dataset: await readStudies(folder.read) };
}

async function isRead({ read, heads }: DemoFolder, inputs: Record<string, string>): Promise<boolean> {
  const path = join(read, MANIFEST_FILE);
  if (!existsSync(path) || !existsSync(heads)) return false;
  const known = (await readJson(path)) as { inputs?: unknown };
  return JSON.stringify(known.inputs) === JSON.stringify(inputs);
}

async function fitAndRead(folder: DemoFolder, truth: Dataset, inputs: Record<string, string>): Promise<void> {
  const finish = startRun();
  const features = readFeatures(folder.features, { maps: true });
  const rowOf = new Map(features.ids.map((id, row) => [id, row]));
  const mapsOf = ({ id }: Study) => studyMaps(features, rowOf.get(id) as number);
  const train = truth.studies.filter((study) => study.split === 'train');
  const { heads, heldOut } = fitTagHeads(
    train.map((study) => ({ ...study, maps: mapsOf(study) })),
    { encoderHash: features.origin.encoderHash },
  );
  const readOf = new Map(train.map(({ id }, i) => [id, heldOut[i]?.tags]));
  const studies = truth.studies.map((study) => ({
    ...study,
    tags: [...(readOf.get(study.id) ?? heads.read(mapsOf(study)).tags)],
  }));
  writeTagHeads(folder.heads, heads);
  writeStudies(folder.read, studies);
  const record = finish({
    command: 'demo',
    inputs,
    outputs: { [STUDIES_FILE]: hashStudies(folder.read, studies) },
    config: {
      encoder: features.origin.encoder,
      heads: heads.heads.map(({ form, cases, area }) => ({ ...form, cases, area })),
    },
    notices: [
      ...truth.manifest.notices,
      `findings read from the images by heads fitted on the features of the ${features.origin.encoder}`,
    ],
    versions: { 'llama-xr': version },
  });
  writeDatasetManifest(folder.read, { ...record, dataset: truth.manifest.dataset });
}
