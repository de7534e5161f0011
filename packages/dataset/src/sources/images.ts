/**
 * Finds the image files of studies: an index of a folder by relative path and by file name. Files are neither opened
 * nor trusted here; that is the imaging package's work.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileError } from '@llama-xr/core';

export interface ImageIndex {
  readonly folder: string;
  readonly count: number;
  /** Absolute path of the first of these names that is there. */
  find(names: readonly string[]): string | undefined;
}

const IMAGE = /\.(?:png|jpe?g|dcm|dicom)$|^[^.]+$/i;

/** Indexes all images below a folder. A file name met twice is found by its path alone. */
export async function indexImages(folder: string): Promise<ImageIndex> {
  const root = resolve(folder);
  const byPath = new Map<string, string>();
  const byName = new Map<string, string | undefined>();
  for (const path of await filesBelow(root)) {
    if (!IMAGE.test(basename(path))) continue;
    byPath.set(relative(root, path).split(sep).join('/'), path);
    const name = basename(path);
    byName.set(name, byName.has(name) ? undefined : path);
  }
  return {
    folder: root,
    count: byPath.size,
    find: (names) => {
      for (const name of names) {
        const found = isAbsolute(name) ? existing(name) : (byPath.get(name) ?? byName.get(name));
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

async function filesBelow(root: string): Promise<string[]> {
  try {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    // Links are not followed: an index must not wander out of its folder.
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    throw fileError(error, root);
  }
}
