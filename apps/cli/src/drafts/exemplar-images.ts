/** The images that count when exemplars are looked for: pooled features of a features file, the frontal view's where there is one. */
import { fail } from '@llama-xr/core';
import { type ExemplarImages, ImageLikeness } from '@llama-xr/dataset';
import type { Recipe } from '@llama-xr/train';
import { readFeatures } from '@llama-xr/vision';

/** For a recipe in which they do not count: nothing. @throws LlamaXrError CONFIG where they do and no features are given. */
export function exemplarImages(
  { exemplars, exemplarFeatures: share }: Pick<Recipe, 'exemplars' | 'exemplarFeatures'>,
  path: string | undefined,
): ExemplarImages | undefined {
  if (exemplars === 0 || share === 0) return undefined;
  if (path === undefined)
    fail('CONFIG', `exemplarFeatures: expected 0 without features of the images, got ${share}`, {
      hint: 'Make them with llama-xr encode, and give them with --features.',
    });
  const { ids, frontal, lateral } = readFeatures(path);
  const pooled = ids.flatMap((id, row): [string, Float32Array][] => {
    const view = [frontal, lateral].find(({ present }) => present[row] === 1);
    if (view === undefined) return [];
    const width = view.pooled.length / ids.length;
    return [[id, view.pooled.subarray(row * width, (row + 1) * width)]];
  });
  return { likeness: new ImageLikeness(new Map(pooled)), share };
}
