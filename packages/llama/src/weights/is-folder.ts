/** A base is one GGUF file, or a folder as Hugging Face lays it out. */
import { statSync } from 'node:fs';
import { fileError } from '@llama-xr/core';

/** @throws LlamaXrError FILE_MISSING, FILE_UNREADABLE. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw fileError(error, path);
  }
}
