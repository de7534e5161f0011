/**
 * projector.safetensors: the trained projector, the scale that features are brought to before it, which soft tokens it
 * makes and of which encoder's features: all that generation needs to turn images into vectors.
 */
import { fail } from '@llama-xr/core';
import { open } from '@llama-xr/onnx';
import { openSafetensors, type Safetensors, tensor, writeSafetensors } from '@llama-xr/tensor';
import { type ParameterLayout, viewOf } from '../model/parameters.ts';
import {
  forwardProjector,
  isProjectorSlot,
  PROJECTOR_PREFIX,
  type ProjectorShape,
  type ProjectorTensor,
  projectorShapes,
  projectorViews,
} from './projector.ts';
import { type SoftInput, type SoftSettings, slotName, softSlots } from './soft-input.ts';
import { type FeatureScale, gatherFeatures, type StudyVectors, standardise } from './view-features.ts';

const FORMAT = 'llama-xr projector 1';

/** What of a projector is not trained. */
export interface ProjectorOrigin {
  readonly settings: SoftSettings;
  readonly scale: FeatureScale;
  /** Of the encoder whose features it reads. */
  readonly encoderHash: string;
}

/** Writes atomically, from the flat parameters of an engine. */
export function saveProjector(
  path: string,
  { layout, parameters, width }: { layout: ParameterLayout; parameters: Float32Array; width: number },
  { settings, scale, encoderHash }: ProjectorOrigin,
): void {
  const views = projectorViews(layout, parameters);
  const slots = softSlots(settings);
  const shape = shapeOf(slots.length, scale.mean.length, views.b1.length);
  const shapes = projectorShapes(shape, width);
  const wide = [shape.slots, shape.features];
  const tensors = new Map(
    Object.entries(views).map(([name, data]) => [
      name,
      tensor('float32', shapes[name as ProjectorTensor], data),
    ]),
  );
  tensors.set('mean', tensor('float32', wide, scale.mean));
  tensors.set('deviation', tensor('float32', wide, scale.deviation));
  writeSafetensors(path, tensors, {
    format: FORMAT,
    settings: JSON.stringify(settings),
    slots: JSON.stringify(slots.map(slotName)),
    encoderHash,
  });
}

const shapeOf = (slots: number, all: number, hidden: number): ProjectorShape => ({
  slots,
  features: all / slots,
  hidden,
});

/** A projector ready to run. */
export interface Projector extends ProjectorOrigin, AsyncDisposable {
  /** K, soft tokens of a prompt. */
  readonly slots: number;
  /** C, features of a soft token. */
  readonly features: number;
  /** E, numbers of a soft token's vector. */
  readonly width: number;
  /** The features of a study's views as `project` takes them. */
  read(views: StudyVectors): SoftInput;
  /** The vectors of a prompt's soft tokens, [K, E]. */
  project(input: SoftInput): Promise<Float32Array>;
}

/**
 * Opens the projector of a run.
 * @throws LlamaXrError FILE_* for a file that is missing, damaged or of another kind.
 */
export async function loadProjector(path: string, options: { threads?: number } = {}): Promise<Projector> {
  const { settings, scale, encoderHash, shape, width, parameters } = readProjector(path);
  const { threads = 1 } = options;
  const session = await open(forwardProjector(shape, width), { name: 'projector', threads });
  const slots = BigInt64Array.from({ length: shape.slots }, (_, k) => BigInt(k));
  return {
    settings,
    scale,
    encoderHash,
    slots: shape.slots,
    features: shape.features,
    width,
    read: (views) => standardise(gatherFeatures(views, settings, shape.features), scale),
    project: async ({ features, present }) => {
      const feeds = { features, slots, present: Float32Array.from(present), ...parameters };
      return (await session.run(feeds)).soft.data as Float32Array;
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** A projector as it lies in its file. */
export interface ProjectorFile extends ProjectorOrigin {
  readonly shape: ProjectorShape;
  /** E */
  readonly width: number;
  readonly parameters: Readonly<Record<ProjectorTensor, Float32Array>>;
}

/**
 * Puts a projector's numbers into an engine that trains one, to go on from there.
 * @throws LlamaXrError CONFIG when the engine's has other shapes; FILE_* as {@link loadProjector}.
 */
export function restoreProjector(
  { layout, parameters }: { layout: ParameterLayout; parameters: Float32Array },
  path: string,
): void {
  const file = readProjector(path);
  const shapes = projectorShapes(file.shape, file.width);
  for (const slot of layout.filter(isProjectorSlot)) {
    const name = slot.name.slice(PROJECTOR_PREFIX.length) as ProjectorTensor;
    if (slot.shape.join() !== shapes[name].join())
      fail('CONFIG', `${path}: ${name}: expected [${slot.shape}], got [${shapes[name]}]`);
    viewOf(parameters, slot).set(file.parameters[name]);
  }
}

type Arrays = Record<ProjectorTensor | 'mean' | 'deviation', Float32Array>;

/** @throws LlamaXrError FILE_* for a file that is missing, damaged or of another kind. */
export function readProjector(path: string): ProjectorFile {
  using file = openSafetensors(path);
  const { format, encoderHash = '' } = file.metadata;
  if (format !== FORMAT)
    fail('FILE_FORMAT', `${path}: expected a projector (${FORMAT}), got ${format ?? 'other tensors'}`);
  const settings = readSettings(file);
  const slots = softSlots(settings).length;
  const [hidden, features] = shapeIn(file, 'w1');
  const [width] = shapeIn(file, 'b2');
  const shape: ProjectorShape = { slots, features, hidden };
  const wide = [slots, features];
  const shapes = { ...projectorShapes(shape, width), mean: wide, deviation: wide };
  const { mean, deviation, ...parameters } = Object.fromEntries(
    Object.entries(shapes).map(([name, expected]) => [name, floats(file, name, expected)]),
  ) as Arrays;
  return { settings, scale: { mean, deviation }, encoderHash, shape, width, parameters };
}

function readSettings({ path, metadata }: Safetensors): SoftSettings {
  try {
    const { pooled, grid } = JSON.parse(metadata.settings ?? '') as SoftSettings;
    if (typeof pooled === 'boolean' && Number.isInteger(grid) && grid >= 0 && grid <= 7)
      return { pooled, grid };
  } catch {
    // Told below, with all else that is no settings.
  }
  return fail(
    'FILE_FORMAT',
    `${path}: settings: expected pooled and a grid from 0 to 7, got ${metadata.settings}`,
  );
}

function shapeIn({ path, tensors }: Safetensors, name: string): [number, number] {
  const { shape = [] } = tensors.get(name) ?? fail('FILE_FORMAT', `${path}: has no tensor ${name}`);
  return [shape[0] ?? 0, shape[1] ?? 0];
}

function floats(file: Safetensors, name: string, expected: readonly number[]): Float32Array {
  const { data, shape } = file.read(name);
  if (!(data instanceof Float32Array) || shape.join() !== expected.join())
    fail('FILE_FORMAT', `${file.path}: ${name}: expected float32 [${expected}], got ${shape.join()}`);
  return data;
}
