/** The recipes that come with the program: beside the sources in a checkout, beside dist/ in the published package. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '@llama-xr/core';

/** @returns the path of `recipes/<name>.json`. */
export function ownRecipe(name: string): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'recipes', `${name}.json`);
    if (existsSync(path)) return path;
  }
  return fail('FILE_MISSING', `recipes/${name}.json: not found above ${import.meta.dirname}`);
}
