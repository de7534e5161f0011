/**
 * What preference tuning measures from: how much likelier each report was than its rival before the first step (the reference model
 * of DPO, precomputed: with the adapter that the run began from, or the bare base). Looked at once and kept in the run folder.
 */
import { existsSync } from 'node:fs';
import { fail } from '@llama-xr/core';
import type { TrainingEngine } from '@llama-xr/llama';
import { openSafetensors, writeSafetensors } from '@llama-xr/tensor';
import type { Example } from './example.ts';
import { pairDifferences } from './pair-objective.ts';

/**
 * The differences of all pairs, by example.
 * @param batches the pairs of the whole run as they are looked at together, always in the same order
 * @param begun whether steps have been taken: then the file must be there
 * @throws LlamaXrError RESUME when the file is of another run.
 */
export async function referenceOf(
  engine: Pick<TrainingEngine, 'logProbabilities'>,
  batches: readonly (readonly Example[])[],
  { path, identity, begun }: { path: string; identity: string; begun: boolean },
): Promise<ReadonlyMap<Example, number>> {
  const pairs = batches.flat();
  const values = new Float32Array(pairs.length);
  if (existsSync(path)) readReference(path, identity, values);
  else if (begun) fail('RESUME', `${path}: expected what preference is measured from, got no file`);
  else {
    let next = 0;
    for (const batch of batches) {
      values.set(await pairDifferences(engine, batch), next);
      next += batch.length;
    }
    const differences = { dtype: 'float32' as const, shape: [values.length], data: values };
    writeSafetensors(path, new Map([['differences', differences]]), { identity });
  }
  return new Map(pairs.map((example, i) => [example, values[i] as number]));
}

function readReference(path: string, identity: string, values: Float32Array): void {
  using file = openSafetensors(path);
  const { data } = file.read('differences');
  if (file.metadata.identity !== identity || !(data instanceof Float32Array) || data.length !== values.length)
    fail('RESUME', `${path}: this reference is of another recipe, base model or data`);
  values.set(data);
}
