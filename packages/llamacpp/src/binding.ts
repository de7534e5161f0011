/**
 * llama.cpp's public C interface (llama.h), typed: only the functions that are used here. The prototypes are those of
 * the header. No behaviour of our own; engine.ts calls these.
 *
 * Structs are passed by value, so their layout must be the library's: its version is checked before anything is called,
 * and the default parameters are then read back field by field.
 */
import { fail } from '@llama-xr/core';
import koffi, { type LibraryHandle } from 'koffi';
import { type Device, findLibrary, type NativeLibrary } from './library.ts';

/** An address in native memory; 0n is NULL. */
type Address<Of extends string> = bigint & { readonly of?: Of };
export type ModelPointer = Address<'llama_model'>;
export type ContextPointer = Address<'llama_context'>;
export type VocabularyPointer = Address<'llama_vocab'>;
export type MemoryPointer = Address<'llama_memory_i'>;
export type AdapterPointer = Address<'llama_adapter_lora'>;

const address = 'void *';

/** struct llama_model_params */
const MODEL_PARAMS = {
  devices: address,
  tensor_buft_overrides: address,
  n_gpu_layers: 'int32_t',
  split_mode: 'int',
  load_mode: 'int',
  lazy_mode: 'int',
  main_gpu: 'int32_t',
  tensor_split: address,
  progress_callback: address,
  progress_callback_user_data: address,
  kv_overrides: address,
  vocab_only: 'bool',
  check_tensors: 'bool',
  use_extra_bufts: 'bool',
  no_host: 'bool',
  no_alloc: 'bool',
  load_mtp: 'bool',
} as const;

/** struct llama_context_params */
const CONTEXT_PARAMS = {
  n_ctx: 'uint32_t',
  n_batch: 'uint32_t',
  n_ubatch: 'uint32_t',
  n_seq_max: 'uint32_t',
  n_rs_seq: 'uint32_t',
  n_outputs_max: 'uint32_t',
  n_outputs_max_per_seq: 'uint32_t',
  n_threads: 'int32_t',
  n_threads_batch: 'int32_t',
  ctx_type: 'int',
  rope_scaling_type: 'int',
  pooling_type: 'int',
  attention_type: 'int',
  flash_attn_type: 'int',
  rope_freq_base: 'float',
  rope_freq_scale: 'float',
  yarn_ext_factor: 'float',
  yarn_attn_factor: 'float',
  yarn_beta_fast: 'float',
  yarn_beta_slow: 'float',
  yarn_orig_ctx: 'uint32_t',
  defrag_thold: 'float',
  cb_eval: address,
  cb_eval_user_data: address,
  type_k: 'int',
  type_v: 'int',
  abort_callback: address,
  abort_callback_data: address,
  embeddings: 'bool',
  offload_kqv: 'bool',
  no_perf: 'bool',
  op_offload: 'bool',
  swa_full: 'bool',
  kv_unified: 'bool',
  samplers: address,
  n_samplers: 'size_t',
  ctx_other: address,
} as const;

/** struct llama_batch */
const BATCH = {
  n_tokens: 'int32_t',
  token: address,
  embd: address,
  pos: address,
  n_seq_id: address,
  seq_id: address,
  logits: address,
} as const;

type Members<Definition> = {
  -readonly [Name in keyof Definition]: Definition[Name] extends typeof address
    ? bigint | null
    : Definition[Name] extends 'bool'
      ? boolean
      : number;
};
export type ModelParams = Members<typeof MODEL_PARAMS>;
export type ContextParams = Members<typeof CONTEXT_PARAMS>;
export type BatchStruct = Members<typeof BATCH>;

/** enum llama_load_mode */
export const LOAD_MODE_MMAP = 1;

export interface Llama {
  llama_version(): string;
  llama_backend_init(): void;
  llama_supports_gpu_offload(): boolean;
  llama_model_default_params(): ModelParams;
  llama_context_default_params(): ContextParams;
  llama_model_load_from_file(path: string, params: ModelParams): ModelPointer | null;
  llama_model_free(model: ModelPointer): void;
  llama_model_desc(model: ModelPointer, text: Uint8Array, size: number): number;
  llama_model_n_ctx_train(model: ModelPointer): number;
  llama_model_n_embd(model: ModelPointer): number;
  llama_model_get_vocab(model: ModelPointer): VocabularyPointer;
  llama_init_from_model(model: ModelPointer, params: ContextParams): ContextPointer | null;
  llama_free(context: ContextPointer): void;
  llama_get_memory(context: ContextPointer): MemoryPointer;
  llama_memory_clear(memory: MemoryPointer, data: boolean): void;
  llama_memory_seq_rm(memory: MemoryPointer, sequence: number, from: number, to: number): boolean;
  llama_memory_seq_cp(memory: MemoryPointer, from: number, to: number, p0: number, p1: number): void;
  llama_batch_init(tokens: number, embeddingWidth: number, sequences: number): BatchStruct;
  llama_batch_free(batch: BatchStruct): void;
  llama_decode(context: ContextPointer, batch: BatchStruct): number;
  llama_get_logits(context: ContextPointer): bigint | null;
  llama_adapter_lora_init(model: ModelPointer, path: string): AdapterPointer | null;
  llama_adapter_lora_free(adapter: AdapterPointer): void;
  llama_set_adapters_lora(
    context: ContextPointer,
    adapters: BigUint64Array,
    count: number,
    scales: Float32Array,
  ): number;
  llama_vocab_n_tokens(vocabulary: VocabularyPointer): number;
  llama_vocab_is_eog(vocabulary: VocabularyPointer, token: number): boolean;
  llama_tokenize(
    vocabulary: VocabularyPointer,
    text: Uint8Array,
    bytes: number,
    tokens: Int32Array,
    capacity: number,
    addSpecial: boolean,
    parseSpecial: boolean,
  ): number;
  llama_detokenize(
    vocabulary: VocabularyPointer,
    tokens: Int32Array,
    count: number,
    text: Uint8Array,
    capacity: number,
    removeSpecial: boolean,
    unparseSpecial: boolean,
  ): number;
}

const PROTOTYPES: Record<keyof Llama, string> = {
  llama_version: 'const char *llama_version()',
  llama_backend_init: 'void llama_backend_init()',
  llama_supports_gpu_offload: 'bool llama_supports_gpu_offload()',
  llama_model_default_params: 'llama_model_params llama_model_default_params()',
  llama_context_default_params: 'llama_context_params llama_context_default_params()',
  llama_model_load_from_file: 'void *llama_model_load_from_file(const char *path, llama_model_params params)',
  llama_model_free: 'void llama_model_free(void *model)',
  llama_model_desc: 'int32_t llama_model_desc(void *model, uint8_t *buf, size_t buf_size)',
  llama_model_n_ctx_train: 'int32_t llama_model_n_ctx_train(void *model)',
  llama_model_n_embd: 'int32_t llama_model_n_embd(void *model)',
  llama_model_get_vocab: 'void *llama_model_get_vocab(void *model)',
  llama_init_from_model: 'void *llama_init_from_model(void *model, llama_context_params params)',
  llama_free: 'void llama_free(void *ctx)',
  llama_get_memory: 'void *llama_get_memory(void *ctx)',
  llama_memory_clear: 'void llama_memory_clear(void *mem, bool data)',
  llama_memory_seq_rm: 'bool llama_memory_seq_rm(void *mem, int32_t seq_id, int32_t p0, int32_t p1)',
  llama_memory_seq_cp:
    'void llama_memory_seq_cp(void *mem, int32_t src, int32_t dst, int32_t p0, int32_t p1)',
  llama_batch_init: 'llama_batch llama_batch_init(int32_t n_tokens, int32_t embd, int32_t n_seq_max)',
  llama_batch_free: 'void llama_batch_free(llama_batch batch)',
  llama_decode: 'int32_t llama_decode(void *ctx, llama_batch batch)',
  llama_get_logits: 'void *llama_get_logits(void *ctx)',
  llama_adapter_lora_init: 'void *llama_adapter_lora_init(void *model, const char *path_lora)',
  llama_adapter_lora_free: 'void llama_adapter_lora_free(void *adapter)',
  llama_set_adapters_lora:
    'int32_t llama_set_adapters_lora(void *ctx, uint64_t *adapters, size_t n, float *scales)',
  llama_vocab_n_tokens: 'int32_t llama_vocab_n_tokens(void *vocab)',
  llama_vocab_is_eog: 'bool llama_vocab_is_eog(void *vocab, int32_t token)',
  llama_tokenize:
    'int32_t llama_tokenize(void *vocab, uint8_t *text, int32_t text_len, int32_t *tokens, int32_t n_tokens_max, bool add_special, bool parse_special)',
  llama_detokenize:
    'int32_t llama_detokenize(void *vocab, int32_t *tokens, int32_t n_tokens, uint8_t *text, int32_t text_len_max, bool remove_special, bool unparse_special)',
};

const GPU_HINTS: Record<Exclude<Device, 'cpu'>, string> = {
  cuda: 'See whether nvidia-smi lists a GPU, and a driver that is new enough.',
  vulkan:
    'See whether vulkaninfo lists a GPU. A processor in disguise (lavapipe) is taken with GGML_VK_VISIBLE_DEVICES=0 alone.',
  metal: 'See whether this session may use the GPU: virtual machines often may not.',
};

export interface LoadedLibrary {
  readonly llama: Llama;
  readonly koffi: typeof koffi;
  readonly handle: LibraryHandle;
  readonly ggml: LibraryHandle;
  readonly ggmlBase: LibraryHandle;
  readonly library: NativeLibrary;
}

/**
 * Loads the libraries and the CPU variant that fits this processor best. Once a process.
 * @throws LlamaXrError DEVICE, also where a build for GPUs finds none: llama.cpp would compute on the CPU without a word.
 */
export function loadLlama(device: Device): LoadedLibrary {
  const library = findLibrary(device);
  // In the order in which they need each other: Windows does not look beside a library for the ones it needs.
  const ggmlBase = load(library.ggmlBase);
  const ggml = load(library.ggml);
  const handle = load(library.llama);
  koffi.struct('llama_model_params', MODEL_PARAMS);
  koffi.struct('llama_context_params', CONTEXT_PARAMS);
  koffi.struct('llama_batch', BATCH);
  const llama = bind<Llama>(handle, PROTOTYPES);
  checkVersion(llama.llama_version(), library);
  checkLayout(llama.llama_model_default_params(), MODEL_DEFAULTS, 'llama_model_params');
  checkLayout(llama.llama_context_default_params(), CONTEXT_DEFAULTS, 'llama_context_params');
  ggml.func('void ggml_backend_load_all_from_path(const char *path)')(library.folder);
  llama.llama_backend_init();
  if (device !== 'cpu' && !llama.llama_supports_gpu_offload()) {
    fail('DEVICE', `${device}: llama.cpp (${library.packageName}) finds no GPU that it can use`, {
      hint: `${GPU_HINTS[device]} Or choose the device cpu.`,
    });
  }
  return { llama, koffi, handle, ggml, ggmlBase, library };
}

/** Functions of a library by their C prototypes. */
export function bind<Functions>(
  handle: LibraryHandle,
  prototypes: Record<keyof Functions & string, string>,
): Functions {
  const bound: Record<string, unknown> = {};
  for (const [name, prototype] of Object.entries<string>(prototypes)) {
    try {
      bound[name] = handle.func(prototype);
    } catch (error) {
      fail('DEVICE', `llama.cpp: ${name}: ${(error as Error).message}`, { cause: error });
    }
  }
  return bound as Functions;
}

function load(path: string): LibraryHandle {
  try {
    return koffi.load(path);
  } catch (error) {
    fail('DEVICE', `${path}: ${(error as Error).message}`, { cause: error });
  }
}

function checkVersion(version: string, { release, llama }: NativeLibrary): void {
  if (version.split('-')[0] !== release) {
    fail('DEVICE', `${llama}: expected llama.cpp ${release}, got ${version}`);
  }
}

/** What llama.cpp 0.4.0 and 0.5.0 set by default, from the first to the last field: one shifted byte shows. */
const MODEL_DEFAULTS = {
  n_gpu_layers: -1,
  split_mode: 1,
  load_mode: -1,
  lazy_mode: 1,
  main_gpu: 0,
  vocab_only: false,
  check_tensors: false,
  use_extra_bufts: true,
  no_host: false,
  no_alloc: false,
  load_mtp: false,
};
const CONTEXT_DEFAULTS = {
  n_ctx: 512,
  n_batch: 2048,
  n_ubatch: 512,
  n_seq_max: 1,
  n_outputs_max: 0,
  n_outputs_max_per_seq: 1,
  rope_scaling_type: -1,
  pooling_type: -1,
  attention_type: -1,
  flash_attn_type: -1,
  yarn_ext_factor: -1,
  yarn_beta_slow: -1,
  defrag_thold: -1,
  type_k: 1,
  type_v: 1,
  offload_kqv: true,
  no_perf: true,
  op_offload: true,
  swa_full: true,
  kv_unified: false,
  n_samplers: 0,
};

function checkLayout<Fields extends object>(
  actual: Fields,
  expected: Partial<Record<keyof Fields, number | boolean>>,
  struct: string,
): void {
  for (const [field, value] of Object.entries(expected)) {
    const got = actual[field as keyof Fields];
    if (got !== value) fail('DEVICE', `llama.cpp: ${struct}.${field}: expected ${value}, got ${got}`);
  }
}
