/**
 * A run that begins from an adapter instead of LoRA's own start: the second stage of two, as preference tuning usually is. Where
 * the first stage was by sight, its projector goes on with the adapter that was trained beside it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '@llama-xr/core';
import {
  type AdapterEngine,
  isProjectorSlot,
  loadAdapter,
  restoreAdapter,
  restoreProjector,
} from '@llama-xr/llama';
import { RunFolder } from './run-folder.ts';

export interface Start {
  /** The adapter's folder, or its GGUF file. */
  readonly adapter: string;
  /** The projector that was trained with it. */
  readonly projector?: string;
}

/** What lies at a path: a run folder's adapter and projector, or the adapter that the path itself is; and the file that tells it from others. */
export function startAt(path: string): Start & { weights: string } {
  const run = new RunFolder(path);
  const isRun = existsSync(run.adapter);
  const adapter = isRun ? run.adapter : path;
  return {
    adapter,
    weights: adapter.endsWith('.gguf') ? adapter : join(adapter, 'adapter_model.safetensors'),
    ...(isRun && existsSync(run.projector) && { projector: run.projector }),
  };
}

/**
 * Puts adapter and projector into the engine.
 * @throws LlamaXrError CONFIG when rank, targets or the projector's shapes differ, or one has a projector and the other none.
 */
export function beginFrom(engine: AdapterEngine, { adapter, projector }: Start): void {
  const has = (there: boolean) => (there ? 'a projector' : 'no projector');
  const sees = engine.layout.some(isProjectorSlot);
  if (sees !== (projector !== undefined))
    fail('CONFIG', `${adapter}: expected ${has(sees)} beside it, got ${has(!sees)}`);
  restoreAdapter(engine, loadAdapter(adapter, engine.config));
  if (projector !== undefined) restoreProjector(engine, projector);
}
