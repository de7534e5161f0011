/** Radiographs as a page holds them: gray JPEG small enough to send, without anything that the file said of the patient. */
import { encodeJpeg, readRadiograph, toPicture } from '@llama-xr/imaging';
import type { PageImage } from './page-data.ts';

export interface ImageView {
  readonly path: string;
  readonly projection: PageImage['projection'];
}

/** Pixels of the longer side: more than a screen shows of one of two views. */
export const LONGEST_SIDE = 1024;

/**
 * @param longestSide larger images are made smaller
 * @throws LlamaXrError as readRadiograph does
 */
export async function pageImages(
  views: readonly ImageView[],
  longestSide: number = LONGEST_SIDE,
): Promise<PageImage[]> {
  const images: PageImage[] = [];
  // One after another: a radiograph in memory is large.
  for (const { path, projection } of views) {
    const jpeg = await encodeJpeg(toPicture(await readRadiograph(path)), { longestSide });
    images.push({ projection, source: `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}` });
  }
  return images;
}
