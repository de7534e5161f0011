/** A run that begins from an adapter instead of LoRA's own start: the second stage of two, as preference tuning usually is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '@llama-xr/core';
import { type AdapterEngine, loadAdapter, restoreAdapter } from '@llama-xr/llama';
import { RunFolder } from './run-folder.ts';

/** The adapter's folder of a run folder, or the path itself; and the file that tells it from others. */
export function adapterFiles(path: string): { path: string; weights: string } {
  const own = new RunFolder(path).adapter;
  const folder = existsSync(own) ? own : path;
  return {
    path: folder,
    weights: folder.endsWith('.gguf') ? folder : join(folder, 'adapter_model.safetensors'),
  };
}

/** Puts the adapter into the engine. @throws LlamaXrError CONFIG when rank or targets differ, or image features are learned. */
export function beginFrom(engine: AdapterEngine, path: string): void {
  if (engine.layout.some(({ name }) => name.startsWith('projector.')))
    fail(
      'CONFIG',
      `${path}: expected a fusion in words: a projector of image features cannot go on from another run`,
    );
  restoreAdapter(engine, loadAdapter(path, engine.config));
}
