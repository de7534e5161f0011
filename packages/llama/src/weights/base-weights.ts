/** Opens the frozen base of a model: a GGUF file, or a folder as Hugging Face lays it out. */
import type { LlamaWeights } from '../model/weights-type.ts';
import { openGgufWeights } from './gguf-weights.ts';
import { openHuggingFaceWeights } from './hugging-face-weights.ts';
import { isFolder } from './is-folder.ts';

/** Matrices are read from the file when asked for and not kept; norms and the embedding once. */
export interface BaseWeights extends LlamaWeights, Disposable {
  readonly path: string;
}

/**
 * @param path a `.gguf` file, or a folder with `config.json` and `model.safetensors` (or its shards)
 * @throws LlamaXrError FILE_* for a damaged file; MODEL when it is no Llama, or parts of one are missing.
 */
export function openBaseWeights(path: string): BaseWeights {
  return isFolder(path) ? openHuggingFaceWeights(path) : openGgufWeights(path);
}
