/**
 * Checkpoints: the parameters, both moments, the step and what looks at val found, in one safetensors file that is
 * replaced atomically. With the recipe's seed they decide all that follows, so a killed run goes on with bit-same losses.
 * Beside it, the parameters of the best look.
 */
import { existsSync } from 'node:fs';
import { fail } from '@llama-xr/core';
import { openSafetensors, type Tensor, writeSafetensors } from '@llama-xr/tensor';
import type { Optimizer } from './optimizer.ts';
import type { Watch, WatchState } from './watch.ts';

export interface CheckpointIdentity {
  /** Hash of recipe, base, data and parameter layout: a checkpoint of another run is refused. */
  readonly identity: string;
  readonly step: number;
  /** What looks at val found; none yet where absent. */
  readonly watch?: WatchState;
}

export function saveCheckpoint(
  path: string,
  parameters: Float32Array,
  optimizer: Optimizer,
  { identity, step, watch }: CheckpointIdentity,
): void {
  const tensors = new Map([
    ['parameters', vector(parameters)],
    ...Object.entries(optimizer.state).map(([name, array]) => [name, vector(array)] as const),
  ]);
  const metadata = { identity, step: String(step), ...(watch && { watch: JSON.stringify(watch) }) };
  writeSafetensors(path, tensors, metadata);
}

/**
 * Restores a checkpoint into parameters, optimizer and watch.
 * @returns the step it was saved after: 0 for an adapter that came from elsewhere, and when there is no file.
 * @throws LlamaXrError RESUME when it belongs to another run.
 */
export function restoreCheckpoint(
  path: string,
  parameters: Float32Array,
  optimizer: Optimizer,
  identity: string,
  watch?: Watch,
): number {
  if (!existsSync(path)) return 0;
  using file = openSafetensors(path);
  const step = stepOf(file, identity);
  readInto(file, 'parameters', parameters);
  for (const [name, array] of Object.entries(optimizer.state)) readInto(file, name, array);
  watch?.restore(file.metadata.watch, path);
  optimizer.steps = step;
  return step;
}

/** Keeps the parameters of the best look so far. */
export function saveBest(
  path: string,
  parameters: Float32Array,
  { identity, step }: CheckpointIdentity,
): void {
  const tensors = new Map([['parameters', vector(parameters)]]);
  writeSafetensors(path, tensors, { identity, step: String(step) });
}

/**
 * Puts the parameters of the best look back.
 * @throws LlamaXrError RESUME when they are of another run or step.
 */
export function restoreBest(
  path: string,
  parameters: Float32Array,
  { identity, step }: CheckpointIdentity,
): void {
  using file = openSafetensors(path);
  const saved = stepOf(file, identity);
  if (saved !== step) fail('RESUME', `${path}: expected the parameters of step ${step}, got of ${saved}`);
  readInto(file, 'parameters', parameters);
}

const vector = (data: Float32Array | Uint8Array): Tensor => ({
  dtype: data instanceof Uint8Array ? 'uint8' : 'float32',
  shape: [data.length],
  data,
});

type TensorFile = ReturnType<typeof openSafetensors>;

function stepOf({ path, metadata }: TensorFile, identity: string): number {
  if (metadata.identity !== identity)
    fail('RESUME', `${path}: this checkpoint is of another recipe, base model or data`);
  const step = Number(metadata.step);
  if (!Number.isInteger(step) || step < 0)
    fail('FILE_FORMAT', `${path}: step: expected an integer >= 0, got ${metadata.step}`);
  return step;
}

function readInto(file: TensorFile, name: string, target: Float32Array | Uint8Array): void {
  const { dtype, data } = file.read(name);
  const wanted = target instanceof Uint8Array ? 'uint8' : 'float32';
  if (dtype !== wanted || data.length !== target.length)
    fail(
      'FILE_FORMAT',
      `${file.path}: ${name}: expected ${target.length} ${wanted} values, got ${data.length} ${dtype}`,
    );
  target.set(data as Float32Array);
}
