/**
 * What the encoder saw of each study, as fusion by sight takes it: the features behind a prompt's soft tokens, from a features
 * file, on the scale of the training studies.
 */
import { fail } from '@llama-xr/core';
import type { Study } from '@llama-xr/dataset';
import {
  type FeatureScale,
  gatherFeatures,
  hasSoftTokens,
  measureScale,
  type Projector,
  type ProjectorOrigin,
  SOFT_VIEWS,
  type SoftInput,
  type SoftSettings,
  type SoftView,
  softSlots,
  standardise,
  type ViewVectors,
} from '@llama-xr/llama';
import type { Recipe } from '@llama-xr/train';
import {
  averageGrid,
  type EncodedView,
  type Encoder,
  FEATURES,
  type Features,
  MAP_SHAPE,
  readFeatures,
  type ViewFeatures,
} from '@llama-xr/vision';

/** The images of a data set. */
export interface StudyImages extends ProjectorOrigin {
  /** @throws LlamaXrError INPUT for a study without features. */
  of(study: Pick<Study, 'id'>): SoftInput;
}

/**
 * For a recipe that reads no images: nothing.
 * @param begun the projector that training goes on with, whose scale stays: what it has learned is of features on that scale
 * @throws LlamaXrError CONFIG where it reads them and no features are given, ENCODER for those of another encoder than `begun` knows.
 */
export function readRecipeImages(
  { fusion, visual: { pooled, grid } }: Pick<Recipe, 'fusion' | 'visual'>,
  path: string | undefined,
  studies: readonly Study[],
  begun?: ProjectorOrigin,
): StudyImages | undefined {
  if (!hasSoftTokens(fusion)) return undefined;
  if (path === undefined)
    fail('CONFIG', `fusion ${fusion}: expected the features of the images, got none`, {
      hint: `Make them with llama-xr encode${grid > 0 ? ' --maps' : ''}, and give them with --features.`,
    });
  const settings = { pooled, grid };
  const features = byStudy(readFeatures(path, { grid }));
  if (begun !== undefined) return new FeatureImages(features, begun, path);
  const training = studies.filter(({ split }) => split === 'train');
  const scale = measureScale(training.map((study) => gathered(features, settings, study, path)));
  const { encoderHash } = features.origin;
  return new FeatureImages(features, { settings, scale, encoderHash }, path);
}

/**
 * The images of a data set as a trained projector reads them, from the features file when a study is first asked for: a patient's own
 * images, which are in no data set, need none.
 * @throws LlamaXrError, when asked, ENCODER for features of another encoder.
 */
export function imagesOfRun(path: string, origin: ProjectorOrigin): Pick<StudyImages, 'of'> {
  let images: StudyImages | undefined;
  return {
    of(study) {
      images ??= new FeatureImages(byStudy(readFeatures(path, { grid: origin.settings.grid })), origin, path);
      return images.of(study);
    },
  };
}

/** What a projector is shown of images that were just encoded. @throws LlamaXrError ENCODER for those of another encoder. */
export function seenBy(
  projector: Pick<Projector, 'read' | 'settings' | 'encoderHash'>,
  encoder: Pick<Encoder, 'name' | 'hash'>,
  { frontal, lateral }: Readonly<Record<SoftView, EncodedView | undefined>>,
): SoftInput {
  if (encoder.hash !== projector.encoderHash)
    fail('ENCODER', `${encoder.name}: another encoder than the projector was trained with`);
  const { grid } = projector.settings;
  const vectors = (view: EncodedView | undefined): ViewVectors | null =>
    view === undefined
      ? null
      : { pooled: view.pooled, ...(grid > 0 && { grid: averageGrid(view.map, MAP_SHAPE[1], grid) }) };
  return projector.read({ frontal: vectors(frontal), lateral: vectors(lateral) });
}

class FeatureImages implements StudyImages {
  readonly settings: SoftSettings;
  readonly scale: FeatureScale;
  readonly encoderHash: string;
  readonly #features: StudyFeatures;
  readonly #path: string;
  /** One object a study: packed examples of one study may share its soft tokens. */
  readonly #known = new Map<string, SoftInput>();

  constructor(features: StudyFeatures, { settings, scale, encoderHash }: ProjectorOrigin, path: string) {
    if (features.origin.encoderHash !== encoderHash)
      fail('ENCODER', `${path}: features of another encoder than the projector was trained with`);
    this.settings = settings;
    this.scale = scale;
    this.encoderHash = encoderHash;
    this.#features = features;
    this.#path = path;
  }

  of(study: Pick<Study, 'id'>): SoftInput {
    const known = this.#known.get(study.id);
    if (known !== undefined) return known;
    const input = standardise(gathered(this.#features, this.settings, study, this.#path), this.scale);
    this.#known.set(study.id, input);
    return input;
  }
}

/** What must be said of prompts that show these images. */
export function imageNotices(images: StudyImages | undefined, studies: readonly Study[]): string[] {
  if (images === undefined) return [];
  const views = softSlots(images.settings);
  const without = (view: string) =>
    studies.filter((study) => images.of(study).present[views.findIndex((slot) => slot.view === view)] !== 1);
  return SOFT_VIEWS.flatMap((view) => {
    const count = without(view).length;
    return count === 0
      ? []
      : [
          `fusion by sight: ${count} of ${studies.length} studies have no ${view} view: a learned absence stands for it`,
        ];
  });
}

/** Features, and the row of each study in them. */
interface StudyFeatures extends Features {
  readonly rowOf: ReadonlyMap<string, number>;
}

const byStudy = (features: Features): StudyFeatures => ({
  ...features,
  rowOf: new Map(features.ids.map((id, row) => [id, row])),
});

function gathered(
  features: StudyFeatures,
  settings: SoftSettings,
  { id }: Pick<Study, 'id'>,
  path: string,
): SoftInput {
  const row = features.rowOf.get(id) ?? fail('INPUT', `${path}: expected features of study ${id}, got none`);
  const [frontal, lateral] = [viewOf(features.frontal, row), viewOf(features.lateral, row)];
  if (frontal === null && lateral === null)
    fail('INPUT', `${path}: study ${id}: expected a frontal or a lateral view, got neither`);
  return gatherFeatures({ frontal, lateral }, settings, FEATURES);
}

function viewOf({ present, pooled, grid }: ViewFeatures, row: number): ViewVectors | null {
  if (present[row] !== 1) return null;
  const rowIn = (array: Float32Array) => {
    const size = array.length / present.length;
    return array.subarray(row * size, (row + 1) * size);
  };
  return { pooled: rowIn(pooled), ...(grid && { grid: rowIn(grid) }) };
}
