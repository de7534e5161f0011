/** What a file may declare: the largest detectors give about 20 megapixels, so these bounds refuse only nonsense. */

export const MAX_PIXELS = 100_000_000;
export const MAX_FILE_BYTES = 2 ** 29;
