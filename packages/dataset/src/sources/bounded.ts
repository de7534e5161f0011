/** Whole small files, read only when they are no larger than their kind can be. */
import { stat } from 'node:fs/promises';
import { fail, fileError, readText } from '@llama-xr/core';

/** Bytes that a file of a kind may have; the largest real ones are 1 to 100 times smaller. */
export const MAX_BYTES = { xml: 4 * 2 ** 20, json: 2 ** 30, csv: 2 ** 28 } as const;

/** @throws LlamaXrError FILE_MISSING, FILE_FORMAT for a folder, FILE_HOSTILE when the file is too large. */
export async function readBounded(path: string, maxBytes: number): Promise<string> {
  const found = await statOf(path);
  if (!found.isFile()) fail('FILE_FORMAT', `${path}: expected a file`);
  if (found.size > maxBytes) tooLarge(path, maxBytes, found.size);
  return await readText(path);
}

export function tooLarge(path: string, maxBytes: number, got: number | string): never {
  fail('FILE_HOSTILE', `${path}: expected at most ${maxBytes} bytes, got ${got}`, {
    hint: 'No file of this kind is so large: it was not read.',
  });
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    throw fileError(error, path);
  }
}

export async function isFolder(path: string): Promise<boolean> {
  return (await statOf(path)).isDirectory();
}
