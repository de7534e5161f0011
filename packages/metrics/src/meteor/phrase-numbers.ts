/**
 * Numbers phrases in the order in which they are first seen. Their bytes stand one after another in one array behind an open
 * hash table, since half a million strings in a Map cost ten times the memory and the time.
 */
import { fail } from '@llama-xr/core';

const MOST_PHRASES = 2 ** 24;
const MOST_BYTES = 2 ** 30;

export class PhraseNumbers {
  /** Phrase p is `#bytes` from `#starts[p]` to `#starts[p + 1]`. */
  #bytes = new Uint8Array(1 << 16);
  #starts = new Int32Array(1 << 12);
  #size = 0;
  /** Number + 1 of the phrase in each slot, 0 where it is free; a power of two, at most half full. */
  #slots = new Int32Array(1 << 12);
  /** The hash of the phrase in each slot: most others are told by it. */
  #hashes = new Int32Array(1 << 12);

  get size(): number {
    return this.#size;
  }

  /** The number of the phrase in `bytes` from `start` to `end`; a new one if it is new. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const key = hash(bytes, start, end);
    const slot = this.#slotOf(key, bytes, start, end);
    const known = this.#slots[slot] as number;
    if (known > 0) return known - 1;
    const number = this.#store(bytes, start, end);
    this.#slots[slot] = number + 1;
    this.#hashes[slot] = key;
    if (2 * this.#size > this.#slots.length) this.#growSlots();
    return number;
  }

  find(phrase: string): number | undefined {
    const bytes = Buffer.from(phrase);
    const slot = this.#slotOf(hash(bytes, 0, bytes.length), bytes, 0, bytes.length);
    const known = this.#slots[slot] as number;
    return known === 0 ? undefined : known - 1;
  }

  /** Whether a number is that of the phrase in `bytes` from `start` to `end`. */
  is(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[number] as number;
    if ((this.#starts[number + 1] as number) - from !== end - start) return false;
    for (let i = start; i < end; i++) if (bytes[i] !== this.#bytes[from + i - start]) return false;
    return true;
  }

  /** The slot that holds a phrase, or the free one where it would go. */
  #slotOf(key: number, bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = key & mask; ; slot = (slot + 1) & mask) {
      const known = this.#slots[slot] as number;
      if (known === 0 || (this.#hashes[slot] === key && this.is(known - 1, bytes, start, end))) return slot;
    }
  }

  #store(bytes: Uint8Array, start: number, end: number): number {
    const from = this.#starts[this.#size] as number;
    const to = from + end - start;
    if (to > MOST_BYTES || this.#size >= MOST_PHRASES)
      fail('FILE_FORMAT', `expected at most ${MOST_PHRASES} phrases of ${MOST_BYTES} bytes, got more`);
    while (to > this.#bytes.length)
      this.#bytes = doubled(this.#bytes, new Uint8Array(2 * this.#bytes.length));
    if (this.#size + 2 > this.#starts.length)
      this.#starts = doubled(this.#starts, new Int32Array(2 * this.#starts.length));
    this.#bytes.set(bytes.subarray(start, end), from);
    this.#starts[this.#size + 1] = to;
    return this.#size++;
  }

  #growSlots(): void {
    const [slots, hashes] = [this.#slots, this.#hashes];
    this.#slots = new Int32Array(2 * slots.length);
    this.#hashes = new Int32Array(2 * slots.length);
    const mask = this.#slots.length - 1;
    slots.forEach((known, old) => {
      if (known === 0) return;
      const key = hashes[old] as number;
      let slot = key & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = known;
      this.#hashes[slot] = key;
    });
  }
}

function doubled<A extends Uint8Array | Int32Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}

/** FNV-1a (Fowler, Noll, Vo), its low bits mixed with the high ones. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5;
  for (let i = start; i < end; i++) h = Math.imul(h ^ (bytes[i] as number), 0x01000193);
  return h ^ (h >>> 15);
}
