/** heads.safetensors: tag heads and the scales and projection of their features, with the hash of their encoder. */
import { fail } from '@llama-xr/core';
import {
  openSafetensors,
  type Safetensors,
  type Tensor,
  tensor,
  toFloat32,
  writeSafetensors,
} from '@llama-xr/tensor';
import { FEATURES } from '../encoder.ts';
import { SIDES, type Side } from '../features-file.ts';
import type { Calibration } from './calibration.ts';
import { type MapProjection, PROJECTED, type Scaling, VIEW_SIZE } from './map-projection.ts';
import { type Linear, type TagHead, TagHeads } from './tag-heads.ts';
import type { TagForm } from './tag-plan.ts';

const FORMAT = 'llama-xr tag heads 1';

/** What a head is beside its numbers. */
interface Described {
  readonly form: TagForm;
  readonly calibration: Calibration;
  readonly cases: number;
  readonly area: number;
}

/** Writes atomically. */
export function writeTagHeads(path: string, { heads, projection, encoderHash }: TagHeads): void {
  const linear = heads.flatMap(({ presence, words }) => [presence, ...words.flat()]);
  const size = SIDES.length * VIEW_SIZE;
  const weights = new Float32Array(linear.length * size);
  linear.forEach((of, i) => {
    weights.set(of.weights, i * size);
  });
  const tensors = new Map<string, Tensor>([
    ['weights', tensor('float32', [linear.length, size], weights)],
    [
      'bias',
      tensor(
        'float32',
        [linear.length],
        Float32Array.from(linear, ({ bias }) => bias),
      ),
    ],
    ['projection', tensor('float32', [FEATURES, PROJECTED], projection.matrix)],
  ]);
  for (const side of SIDES) {
    for (const part of ['channels', 'features'] as const) {
      const { mean, scale } = projection[part][side];
      tensors.set(`${side}.${part}.mean`, tensor('float32', [mean.length], mean));
      tensors.set(`${side}.${part}.scale`, tensor('float32', [scale.length], scale));
    }
  }
  const described = heads.map(
    ({ form, calibration, cases, area }): Described => ({ form, calibration, cases, area }),
  );
  writeSafetensors(path, tensors, {
    format: FORMAT,
    encoderHash,
    heads: JSON.stringify(described),
  });
}

/** @throws LlamaXrError FILE_* for a file that is missing, damaged or of another kind. */
export function readTagHeads(path: string): TagHeads {
  using file = openSafetensors(path);
  const { format, encoderHash = '' } = file.metadata;
  if (format !== FORMAT)
    fail('FILE_FORMAT', `${path}: expected tag heads (${FORMAT}), got ${format ?? 'other tensors'}`);
  const projection: MapProjection = {
    channels: scalings(file, 'channels', FEATURES),
    matrix: read(file, 'projection', [FEATURES, PROJECTED]),
    features: scalings(file, 'features', VIEW_SIZE),
  };
  return new TagHeads(readHeads(file, SIDES.length * VIEW_SIZE), projection, encoderHash);
}

function readHeads(file: Safetensors, size: number): TagHead[] {
  const described = describedHeads(file);
  const count = described.reduce((sum, { form }) => sum + 1 + form.places.flat().length, 0);
  const weights = read(file, 'weights', [count, size]);
  const bias = read(file, 'bias', [count]);
  let next = 0;
  const take = (): Linear => {
    const i = next++;
    return { weights: weights.subarray(i * size, (i + 1) * size), bias: bias[i] as number };
  };
  return described.map((of) => ({
    ...of,
    presence: take(),
    words: of.form.places.map((texts) => texts.map(take)),
  }));
}

function scalings(file: Safetensors, part: string, size: number): Record<Side, Scaling> {
  const of = (side: Side): Scaling => ({
    mean: read(file, `${side}.${part}.mean`, [size]),
    scale: read(file, `${side}.${part}.scale`, [size]),
  });
  return { frontal: of('frontal'), lateral: of('lateral') };
}

function read(file: Safetensors, name: string, shape: readonly number[]): Float32Array {
  const found = file.read(name);
  if (found.shape.join() !== shape.join())
    fail('FILE_FORMAT', `${file.path}: ${name}: expected [${shape}], got [${found.shape}]`);
  return toFloat32(found);
}

function describedHeads(file: Safetensors): Described[] {
  let value: unknown;
  try {
    value = JSON.parse(file.metadata.heads ?? '');
  } catch (error) {
    fail('FILE_FORMAT', `${file.path}: metadata heads: expected JSON`, { cause: error });
  }
  if (!Array.isArray(value) || !value.every(isDescribed))
    fail('FILE_FORMAT', `${file.path}: metadata heads: expected a list of heads with form and calibration`);
  return value;
}

function isDescribed(value: unknown): value is Described {
  const { form, calibration, cases, area } = (value ?? {}) as Partial<Described>;
  return (
    typeof form?.head === 'string' &&
    Array.isArray(form.places) &&
    form.places.every((texts) => Array.isArray(texts) && texts.every((text) => typeof text === 'string')) &&
    [calibration?.slope, calibration?.offset, cases, area].every((number) => typeof number === 'number')
  );
}
