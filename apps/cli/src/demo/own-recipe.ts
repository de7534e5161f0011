/** The recipes that come with the program: beside the sources in a checkout, beside dist/ in the published package. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '@llama-xr/core';

/** @returns the path of `recipes/<path>`. */
export function ownFile(path: string): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const found = join(folder, 'recipes', path);
    if (existsSync(found)) return found;
  }
  return fail('FILE_MISSING', `recipes/${path}: not found above ${import.meta.dirname}`);
}

/** @returns the path of `recipes/<name>.json`. */
export const ownRecipe = (name: string): string => ownFile(`${name}.json`);
