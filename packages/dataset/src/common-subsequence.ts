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
    let length = 0;
    for (let i = 0; i < this.#length; i++) if (!(((v[i >>> 5] as number) >>> (i & 31)) & 1)) length++;
    return length;
  }
}
