/** Opens the frozen base of a model: a GGUF file, or a folder as Hugging Face lays it out. */
import { statSync } from 'node:fs';
import { fileError } from '@llama-xr/core';
import type { LlamaWeights } from '../model/weights-type.ts';
import { openGgufWeights } from './gguf-weights.ts';
import { openHuggingFaceWeights } from './hugging-face-weights.ts';

/** Matrices are read from the file when asked for and not kept; norms and the embedding once. */
export interface BaseWeights extends LlamaWeights, Disposable {
  readonly path: string;
}

/**
 * @param path a `.gguf` file, or a folder with `config.json` and `model.safetensors` (or its shards)
 * @throws LlamaXrError FILE_* for a damaged file; MODEL when it is no Llama, or parts of one are missing.
 */
export function openBaseWeights(path: string): BaseWeights {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    throw fileError(error, path);
  }
  return isFolder ? openHuggingFaceWeights(path) : openGgufWeights(path);
}
