/**
 * Length of the longest common subsequence of two word lists, 32 table cells at a time: Hyyrö, "Bit-parallel
 * LCS-length computation revisited" (2004). A zero bit j of the row means that the table rises at column j.
 */

/** Where each word stands in a text, as bit masks of 32 positions: made once, compared with many texts. */
export interface WordPositions {
  readonly length: number;
  readonly masks: ReadonlyMap<string, Int32Array>;
}

export function wordPositions(words: readonly string[]): WordPositions {
  const blocks = Math.ceil(words.length / 32);
  const masks = new Map<string, Int32Array>();
  words.forEach((word, i) => {
    const mask = masks.get(word) ?? new Int32Array(blocks);
    mask[i >>> 5] = (mask[i >>> 5] as number) | (1 << (i & 31));
    masks.set(word, mask);
  });
  return { length: words.length, masks };
}

/** @returns the length of the longest common subsequence, in words. */
export function lcsLength(text: WordPositions, words: readonly string[]): number {
  const blocks = Math.ceil(text.length / 32);
  const row = new Int32Array(blocks).fill(-1);
  for (const word of words) {
    const mask = text.masks.get(word);
    if (mask === undefined) continue;
    let carry = 0;
    for (let b = 0; b < blocks; b++) {
      const old = row[b] as number;
      const matches = old & (mask[b] as number);
      const sum = (old >>> 0) + (matches >>> 0) + carry;
      carry = sum > 0xffffffff ? 1 : 0;
      row[b] = sum | (old & ~matches);
    }
  }
  let length = 0;
  for (let j = 0; j < text.length; j++) if (((row[j >>> 5] as number) & (1 << (j & 31))) === 0) length++;
  return length;
}
