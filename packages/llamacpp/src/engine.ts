/**
 * One model in llama.cpp with its context and its adapter, for the process that holds it: decodes batches of several
 * sequences and hands out logits. It knows nothing of requests (schedule.ts) and of choosing tokens (sampling.ts).
 *
 * A failed assertion in native code ends the process, and a JavaScript log callback can deadlock when a native worker
 * thread calls it. So this runs in a child process (child.ts), whose parent reads llama.cpp's words from its stderr.
 */
import { fail } from '@llama-xr/core';
import koffi from 'koffi';
import { Batch } from './batch.ts';
import {
  type AdapterPointer,
  type ContextPointer,
  type Llama,
  LOAD_MODE_MMAP,
  loadLlama,
  type MemoryPointer,
  type ModelPointer,
  type VocabularyPointer,
} from './binding.ts';
import type { EngineOptions, ModelFacts } from './protocol.ts';
import type { Decoder } from './schedule.ts';
import { ThreadPool } from './thread-pool.ts';

/** Tokens in one call of llama_decode. */
const BATCH_TOKENS = 512;
/** Rows of logits in one call: a row of Llama 3 takes 0.5 MB. */
const LOGIT_ROWS = 64;
/** A negative count stands for all layers. */
const ALL_LAYERS = -1;

export class Engine implements Decoder, Disposable {
  readonly capacity = BATCH_TOKENS;
  readonly rows: number;
  readonly sequences: number;
  readonly contextTokens: number;
  readonly width: number;
  readonly facts: ModelFacts;
  readonly #llama: Llama;
  readonly #model: ModelPointer;
  readonly #vocabulary: VocabularyPointer;
  readonly #context: ContextPointer;
  readonly #pool: ThreadPool | undefined;
  readonly #memory: MemoryPointer;
  readonly #tokens: Batch;
  /** Made when the first soft token comes: at E = 4096 it takes 8 MB. */
  #vectors: Batch | undefined;
  readonly #vocabularySize: number;
  #wantedRows = 0;
  #adapter: AdapterPointer | undefined;
  #logits: { address: bigint; values: Float32Array } | undefined;

  /** @throws LlamaXrError ENGINE, CONFIG, DEVICE; the native reason stands on stderr. */
  constructor(options: EngineOptions) {
    const loaded = loadLlama(options.device);
    const { llama, library } = loaded;
    this.#llama = llama;
    this.sequences = options.parallel;
    this.contextTokens = options.contextTokens;
    this.rows = Math.max(LOGIT_ROWS, options.parallel);
    this.#model = loadModel(llama, options);
    this.#context = createContext(llama, this.#model, options, this.rows);
    if (options.threads > 1) this.#pool = new ThreadPool(loaded, this.#context, options.threads);
    this.#vocabulary = llama.llama_model_get_vocab(this.#model);
    this.#vocabularySize = llama.llama_vocab_n_tokens(this.#vocabulary);
    this.#memory = llama.llama_get_memory(this.#context);
    this.#tokens = new Batch(llama, BATCH_TOKENS);
    this.width = llama.llama_model_n_embd(this.#model);
    this.facts = {
      description: describe(llama, this.#model),
      vocabulary: this.#vocabularySize,
      width: this.width,
      trainedContext: llama.llama_model_n_ctx_train(this.#model),
      endTokens: this.#endTokens(),
      device: options.device,
      llamaCpp: library.release,
    };
    if (options.adapter !== undefined) this.setAdapter(options.adapter, options.adapterScale);
  }

  add(sequence: number, token: number | Float32Array, position: number, wantLogits: boolean): void {
    const batch = typeof token === 'number' ? this.#tokens : this.#vectorBatch();
    batch.add(sequence, token, position, wantLogits);
    if (wantLogits) this.#wantedRows++;
  }

  /**
   * Decodes what was added. @returns the logits [V] of the tokens that want them, in their order; they are views on native
   * memory, valid until the next call.
   */
  decode(): Float32Array[] {
    const rows = this.#wantedRows;
    const batch = this.#vectors?.length ? this.#vectors : this.#tokens;
    const tokens = batch.length;
    const code = this.#llama.llama_decode(this.#context, batch.struct);
    batch.clear();
    this.#wantedRows = 0;
    if (code !== 0) fail('ENGINE', `llama_decode: expected 0 for ${tokens} tokens, got ${code}`);
    if (rows === 0) return [];
    const V = this.#vocabularySize;
    const values = this.#logitsView(rows * V);
    return Array.from({ length: rows }, (_, row) => values.subarray(row * V, (row + 1) * V));
  }

  /** Makes sequence `to` hold what `from` holds. */
  copy(from: number, to: number): void {
    // Every sequence has a buffer of its own, and llama.cpp copies such buffers only as a whole.
    this.keep(to, 0);
    this.#llama.llama_memory_seq_cp(this.#memory, from, to, -1, -1);
  }

  /** Forgets all but the first `length` tokens of a sequence. */
  keep(sequence: number, length: number): void {
    const kept = this.#llama.llama_memory_seq_rm(this.#memory, sequence, length, -1);
    if (!kept) fail('ENGINE', `llama_memory_seq_rm: sequence ${sequence} cannot be cut to ${length} tokens`);
  }

  /** Replaces the adapter (null: none) and forgets all sequences, which were computed with the old one. */
  setAdapter(path: string | null, scale: number): void {
    const next = path === null ? undefined : this.#loadAdapter(path);
    const [pointers, scales] = next === undefined ? [[], []] : [[next], [scale]];
    const code = this.#llama.llama_set_adapters_lora(
      this.#context,
      BigUint64Array.from(pointers),
      pointers.length,
      Float32Array.from(scales),
    );
    if (code !== 0) fail('ENGINE', `${path}: llama.cpp refused the adapter with code ${code}`);
    if (this.#adapter !== undefined) this.#llama.llama_adapter_lora_free(this.#adapter);
    this.#adapter = next;
    this.#llama.llama_memory_clear(this.#memory, true);
  }

  /** @param special whether `<|im_start|>` and the like are read as the tokens they name. No token is added in front. */
  tokenize(text: string, special: boolean): number[] {
    const bytes = Buffer.from(text, 'utf8');
    // Every token stands for at least one byte, but for a space that some vocabularies put in front.
    const tokens = new Int32Array(bytes.length + 2);
    const { llama_tokenize } = this.#llama;
    const count = llama_tokenize(
      this.#vocabulary,
      bytes,
      bytes.length,
      tokens,
      tokens.length,
      false,
      special,
    );
    if (count < 0) fail('ENGINE', `llama_tokenize: expected at most ${tokens.length} tokens, got ${-count}`);
    return [...tokens.subarray(0, count)];
  }

  /** The text of tokens, those of the chat format included; bytes that are no UTF-8 become U+FFFD. */
  detokenize(tokens: readonly number[]): string {
    const ids = Int32Array.from(tokens);
    const write = (text: Uint8Array) =>
      this.#llama.llama_detokenize(this.#vocabulary, ids, ids.length, text, text.length, false, true);
    const text = new Uint8Array(16 + 8 * ids.length);
    const length = write(text);
    if (length >= 0) return Buffer.from(text.buffer, 0, length).toString('utf8');
    const longer = new Uint8Array(-length);
    return Buffer.from(longer.buffer, 0, write(longer)).toString('utf8');
  }

  /** Native memory as one array; a view is made only when llama.cpp has moved its buffer. */
  #logitsView(length: number): Float32Array {
    const address = this.#llama.llama_get_logits(this.#context);
    if (address === null) fail('ENGINE', 'llama_get_logits: expected logits, got none');
    const known = this.#logits;
    if (known !== undefined && known.address === address && known.values.length >= length) {
      return known.values;
    }
    const values = new Float32Array(koffi.view(address, length * 4));
    this.#logits = { address, values };
    return values;
  }

  #vectorBatch(): Batch {
    this.#vectors ??= new Batch(this.#llama, BATCH_TOKENS, this.width);
    return this.#vectors;
  }

  #loadAdapter(path: string): AdapterPointer {
    return (
      this.#llama.llama_adapter_lora_init(this.#model, path) ??
      fail('ENGINE', `${path}: llama.cpp cannot use this adapter with this base`)
    );
  }

  /** Tokens after which a text is over: end of text, end of turn. */
  #endTokens(): number[] {
    const all = Array.from({ length: this.#vocabularySize }, (_, token) => token);
    return all.filter((token) => this.#llama.llama_vocab_is_eog(this.#vocabulary, token));
  }

  [Symbol.dispose](): void {
    this.#tokens[Symbol.dispose]();
    this.#vectors?.[Symbol.dispose]();
    this.#pool?.[Symbol.dispose]();
    this.#llama.llama_free(this.#context);
    this.#llama.llama_model_free(this.#model);
  }
}

function loadModel(llama: Llama, { base, device }: EngineOptions): ModelPointer {
  const params = llama.llama_model_default_params();
  params.n_gpu_layers = device === 'cpu' ? 0 : ALL_LAYERS;
  params.load_mode = LOAD_MODE_MMAP;
  return (
    llama.llama_model_load_from_file(base, params) ?? fail('ENGINE', `${base}: llama.cpp cannot load it`)
  );
}

function createContext(
  llama: Llama,
  model: ModelPointer,
  { base, contextTokens, parallel, threads }: EngineOptions,
  rows: number,
): ContextPointer {
  const trained = llama.llama_model_n_ctx_train(model);
  if (contextTokens > trained) {
    fail('CONFIG', `contextTokens: expected at most the ${trained} of ${base}, got ${contextTokens}`);
  }
  const params = llama.llama_context_default_params();
  // Each sequence owns contextTokens cells. Cells shared by all (kv_unified) would make every token of one sequence walk
  // over the cells of the others.
  params.n_ctx = contextTokens * parallel;
  params.n_seq_max = parallel;
  params.n_batch = BATCH_TOKENS;
  params.n_ubatch = BATCH_TOKENS;
  params.n_outputs_max = rows;
  params.n_threads = threads;
  params.n_threads_batch = threads;
  return (
    llama.llama_init_from_model(model, params) ??
    fail('ENGINE', `${base}: llama.cpp cannot hold ${parallel} sequences of ${contextTokens} tokens`)
  );
}

function describe(llama: Llama, model: ModelPointer): string {
  const text = new Uint8Array(256);
  const length = Math.min(llama.llama_model_desc(model, text, text.length), text.length - 1);
  return Buffer.from(text.buffer, 0, Math.max(0, length)).toString('utf8');
}
