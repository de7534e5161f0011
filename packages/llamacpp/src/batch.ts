/**
 * A llama_batch: tokens, or vectors in their place, with the sequence and the position they belong to, written straight
 * into native memory. One batch holds one of the two kinds.
 */
import koffi from 'koffi';
import type { BatchStruct, Llama } from './binding.ts';

export class Batch implements Disposable {
  /** Most tokens it holds. */
  readonly capacity: number;
  readonly #llama: Llama;
  readonly #struct: BatchStruct;
  readonly #width: number;
  /** [capacity] token ids, or [capacity, width] numbers. */
  readonly #inputs: Int32Array | Float32Array;
  readonly #positions: Int32Array;
  readonly #wanted: Int8Array;
  readonly #sequences: readonly Int32Array[];

  /** @param width 0 for tokens, else the length E of the vectors it holds */
  constructor(llama: Llama, capacity: number, width = 0) {
    this.capacity = capacity;
    this.#llama = llama;
    this.#struct = llama.llama_batch_init(capacity, width, 1);
    this.#width = width;
    const { token, embd, pos, n_seq_id, seq_id, logits } = this.#struct;
    this.#inputs =
      width === 0
        ? new Int32Array(koffi.view(token, capacity * 4))
        : new Float32Array(koffi.view(embd, capacity * width * 4));
    this.#positions = new Int32Array(koffi.view(pos, capacity * 4));
    this.#wanted = new Int8Array(koffi.view(logits, capacity));
    new Int32Array(koffi.view(n_seq_id, capacity * 4)).fill(1);
    // seq_id holds, for each token, the address of a list of sequences: here always of one.
    const lists = new BigUint64Array(koffi.view(seq_id, capacity * 8));
    this.#sequences = Array.from(lists, (list) => new Int32Array(koffi.view(list, 4)));
  }

  get length(): number {
    return this.#struct.n_tokens;
  }

  /** The native struct, to be passed on. */
  get struct(): BatchStruct {
    return this.#struct;
  }

  /** @param input a token, or in a batch of vectors one of them, [width] */
  add(sequence: number, input: number | Float32Array, position: number, wantLogits: boolean): void {
    const i = this.#struct.n_tokens++;
    if (typeof input === 'number') this.#inputs[i] = input;
    else this.#inputs.set(input, i * this.#width);
    this.#positions[i] = position;
    this.#wanted[i] = wantLogits ? 1 : 0;
    (this.#sequences[i] as Int32Array)[0] = sequence;
  }

  clear(): void {
    this.#struct.n_tokens = 0;
  }

  [Symbol.dispose](): void {
    this.#llama.llama_batch_free(this.#struct);
  }
}
