/**
 * What the encoder saw of each study, as fusion by sight takes it: the features behind a prompt's soft tokens, from a features
 * file, on the scale of the training studies.
 */
import { fail } from '@llama-xr/core';
import type { Study } from '@llama-xr/dataset';
import {
  gatherFeatures,
  hasSoftTokens,
  measureScale,
  type ProjectorOrigin,
  type SoftInput,
  type SoftSettings,
  softSlots,
  standardise,
  type ViewVectors,
} from '@llama-xr/llama';
import type { Recipe } from '@llama-xr/train';
import { FEATURES, type Features, readFeatures, type ViewFeatures } from '@llama-xr/vision';

/** The images of a data set. */
export interface StudyImages extends ProjectorOrigin {
  /** @throws LlamaXrError INPUT for a study without features. */
  of(study: Pick<Study, 'id'>): SoftInput;
}

/** For a run whose recipe reads no images: nothing. @throws LlamaXrError CONFIG where it does and no features are given. */
export function readRecipeImages(
  { fusion, visual: { pooled, grid } }: Pick<Recipe, 'fusion' | 'visual'>,
  path: string | undefined,
  studies: readonly Study[],
): StudyImages | undefined {
  if (!hasSoftTokens(fusion)) return undefined;
  if (path === undefined)
    fail('CONFIG', `fusion ${fusion}: expected the features of the images, got none`, {
      hint: `Make them with llama-xr encode${grid > 0 ? ' --maps' : ''}, and give them with --features.`,
    });
  return readStudyImages(path, { settings: { pooled, grid } }, studies);
}

/**
 * @param origin how features are read; its scale and encoder are those of a projector that was trained, and found from the training
 *   studies where they are absent
 * @param studies of the data set: each needs a view
 * @throws LlamaXrError INPUT where studies have no features, or a grid has no maps; ENCODER for features of another encoder.
 */
export function readStudyImages(
  path: string,
  origin: { readonly settings: SoftSettings } & Partial<ProjectorOrigin>,
  studies: readonly Study[],
): StudyImages {
  const { settings } = origin;
  const features = readFeatures(path, { grid: settings.grid });
  const { encoderHash } = features.origin;
  if (origin.encoderHash !== undefined && origin.encoderHash !== encoderHash)
    fail('ENCODER', `${path}: features of another encoder than the projector was trained with`);
  const raw = gathered(features, settings, path, studies);
  const training = studies.filter(({ split }) => split === 'train').map(({ id }) => raw.get(id) as SoftInput);
  const scale = origin.scale ?? measureScale(training);
  const scaled = new Map([...raw].map(([id, input]) => [id, standardise(input, scale)]));
  return {
    settings,
    scale,
    encoderHash,
    of: ({ id }) => scaled.get(id) ?? fail('INPUT', `${path}: expected features of study ${id}, got none`),
  };
}

/** What must be said of prompts that show these images. */
export function imageNotices(images: StudyImages | undefined, studies: readonly Study[]): string[] {
  if (images === undefined) return [];
  const views = softSlots(images.settings);
  const without = (view: string) =>
    studies.filter((study) => images.of(study).present[views.findIndex((slot) => slot.view === view)] !== 1);
  return (['frontal', 'lateral'] as const).flatMap((view) => {
    const count = without(view).length;
    return count === 0
      ? []
      : [
          `fusion by sight: ${count} of ${studies.length} studies have no ${view} view: a learned absence stands for it`,
        ];
  });
}

function gathered(
  features: Features,
  settings: SoftSettings,
  path: string,
  studies: readonly Study[],
): Map<string, SoftInput> {
  const rowOf = new Map(features.ids.map((id, row) => [id, row]));
  const missing = studies.filter(({ id }) => !rowOf.has(id));
  if (missing.length > 0)
    fail(
      'INPUT',
      `${path}: expected features of all ${studies.length} studies, got none of ${missing.length}, among them ${missing[0]?.id}`,
    );
  return new Map(
    studies.map(({ id }) => {
      const row = rowOf.get(id) as number;
      const [frontal, lateral] = [viewOf(features.frontal, row), viewOf(features.lateral, row)];
      if (frontal === null && lateral === null)
        fail('INPUT', `${path}: study ${id}: expected a frontal or a lateral view, got neither`);
      return [id, gatherFeatures({ frontal, lateral }, settings, FEATURES)];
    }),
  );
}

function viewOf({ present, pooled, grid }: ViewFeatures, row: number): ViewVectors | null {
  if (present[row] !== 1) return null;
  const rowIn = (array: Float32Array) => {
    const size = array.length / present.length;
    return array.subarray(row * size, (row + 1) * size);
  };
  return { pooled: rowIn(pooled), ...(grid && { grid: rowIn(grid) }) };
}
