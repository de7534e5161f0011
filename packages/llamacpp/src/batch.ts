/** A llama_batch: tokens with the sequence and the position they belong to, written straight into native memory. */
import koffi from 'koffi';
import type { BatchStruct, Llama } from './binding.ts';

export class Batch implements Disposable {
  /** Most tokens it holds. */
  readonly capacity: number;
  readonly #llama: Llama;
  readonly #struct: BatchStruct;
  readonly #tokens: Int32Array;
  readonly #positions: Int32Array;
  readonly #wanted: Int8Array;
  readonly #sequences: readonly Int32Array[];

  constructor(llama: Llama, capacity: number) {
    this.capacity = capacity;
    this.#llama = llama;
    this.#struct = llama.llama_batch_init(capacity, 0, 1);
    const { token, pos, n_seq_id, seq_id, logits } = this.#struct;
    this.#tokens = new Int32Array(koffi.view(token, capacity * 4));
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

  add(sequence: number, token: number, position: number, wantLogits: boolean): void {
    const i = this.#struct.n_tokens++;
    this.#tokens[i] = token;
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
