/**
 * Checkpoints: the parameters, both moments and the step, in one safetensors file that is replaced atomically. With
 * the recipe's seed they decide all that follows, so a killed run goes on with bit-same losses.
 */
import { existsSync } from 'node:fs';
import { fail } from '@llama-xr/core';
import { openSafetensors, writeSafetensors } from '@llama-xr/tensor';
import type { AdamW } from './adamw.ts';

export interface CheckpointIdentity {
  /** Hash of recipe, base, data and parameter layout: a checkpoint of another run is refused. */
  readonly identity: string;
  readonly step: number;
}

export function saveCheckpoint(
  path: string,
  parameters: Float32Array,
  optimizer: AdamW,
  { identity, step }: CheckpointIdentity,
): void {
  const vector = (data: Float32Array) => ({ dtype: 'float32' as const, shape: [data.length], data });
  const tensors = new Map([
    ['parameters', vector(parameters)],
    ['first_moment', vector(optimizer.firstMoment)],
    ['second_moment', vector(optimizer.secondMoment)],
  ]);
  writeSafetensors(path, tensors, { identity, step: String(step) });
}

/**
 * Restores a checkpoint into `parameters` and `optimizer`.
 * @returns the step it was saved after, or 0 when there is no file.
 * @throws LlamaXrError RESUME when it belongs to another run.
 */
export function restoreCheckpoint(
  path: string,
  parameters: Float32Array,
  optimizer: AdamW,
  identity: string,
): number {
  if (!existsSync(path)) return 0;
  using file = openSafetensors(path);
  if (file.metadata.identity !== identity) {
    fail('RESUME', `${path}: this checkpoint is of another recipe, base model or data`);
  }
  const restore = (name: string, target: Float32Array): void => {
    const { data } = file.read(name);
    if (!(data instanceof Float32Array) || data.length !== target.length) {
      fail('FILE_FORMAT', `${path}: ${name}: expected ${target.length} float32 values, got ${data.length}`);
    }
    target.set(data);
  };
  restore('parameters', parameters);
  restore('first_moment', optimizer.firstMoment);
  restore('second_moment', optimizer.secondMoment);
  const step = Number(file.metadata.step);
  if (!Number.isInteger(step) || step < 1)
    fail('FILE_FORMAT', `${path}: step: expected an integer >= 1, got ${file.metadata.step}`);
  optimizer.steps = step;
  return step;
}
