/**
 * Length of the longest common subsequence of word lists, one list against many: the bit-parallel recurrence of Hyyrö
 * (2004), V <- (V + (V & M)) | (V & ~M), M the places of the next word; the zeros left in V are the length. 32 words of
 * the list take one step.
 */

export class CommonSubsequence {
  readonly #length: number;
  /** Word -> where it stands, a bit a place, 32 places a number. */
  readonly #places = new Map<number, Uint32Array>();

  constructor(words: Int32Array) {
    this.#length = words.length;
    const blocks = Math.ceil(words.length / 32);
    words.forEach((word, i) => {
      let places = this.#places.get(word);
      if (places === undefined) {
        places = new Uint32Array(blocks);
        this.#places.set(word, places);
      }
      places[i >>> 5] = ((places[i >>> 5] as number) | (1 << (i & 31))) >>> 0;
    });
  }

  /** Length of the longest common subsequence with other words. */
  with(words: Int32Array): number {
    const blocks = Math.ceil(this.#length / 32);
    const v = new Uint32Array(blocks).fill(0xffffffff);
    for (const word of words) {
      const places = this.#places.get(word);
      if (places === undefined) continue;
      let carry = 0;
      for (let k = 0; k < blocks; k++) {
        const before = v[k] as number;
        const m = places[k] as number;
        const sum = before + ((before & m) >>> 0) + carry;
        carry = sum > 0xffffffff ? 1 : 0;
        v[k] = (sum | (before & ~m)) >>> 0;
      }
    }
    // Places beyond the list stand in no M: their bits stay set.
    return v.reduce((length, bits) => length + ones(~bits), 0);
  }
}

/** How many of 32 bits are set (Warren, Hacker's Delight, 5-1). */
function ones(bits: number): number {
  let x = bits - ((bits >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
