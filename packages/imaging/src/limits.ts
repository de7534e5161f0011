/**
 * What a file may declare. The largest detectors and film scanners give about 20 megapixels, so these bounds refuse only
 * nonsense; the largest image that passes takes half a gigabyte to read.
 */

export const MAX_PIXELS = 50_000_000;
export const MAX_FILE_BYTES = 2 ** 29;

/** Even a blank image takes some bytes to compress: what claims more pixels a byte than this, and is large, is a bomb. */
export const MAX_PIXELS_A_BYTE = 2000;
export const ALWAYS_FINE_PIXELS = 2 ** 24;
