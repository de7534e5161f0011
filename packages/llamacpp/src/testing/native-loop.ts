/**
 * llama.cpp's own loop, as its programs have it: llama_decode, threads that stay between two calls, and the library's greedy sampler.
 * What tests compare our texts with and benchmarks our speed. A program: one JSON argument in, one JSON line out.
 */

import { Batch } from '../batch.ts';
import { bind, type ContextPointer, LOAD_MODE_MMAP, type LoadedLibrary, loadLlama } from '../binding.ts';
import { ThreadPool } from '../thread-pool.ts';

export interface NativeLoopTask {
  readonly base: string;
  /** One sequence each. */
  readonly prompts: readonly (readonly number[])[];
  readonly maxTokens: number;
  readonly contextTokens: number;
  readonly threads: number;
}

export interface NativeLoopResult {
  /** The greedy text of each prompt: maxTokens tokens, end tokens included. */
  readonly tokens: readonly (readonly number[])[];
  readonly seconds: number;
  readonly cpuSeconds: number;
}

interface Samplers {
  llama_sampler_chain_init(params: { no_perf: boolean }): bigint;
  llama_sampler_chain_add(chain: bigint, sampler: bigint): void;
  llama_sampler_init_greedy(): bigint;
  llama_sampler_sample(chain: bigint, context: ContextPointer, index: number): number;
}

function bindSamplers({ handle, koffi }: LoadedLibrary): Samplers {
  koffi.struct('llama_sampler_chain_params', { no_perf: 'bool' });
  return bind<Samplers>(handle, {
    llama_sampler_chain_init: 'void *llama_sampler_chain_init(llama_sampler_chain_params params)',
    llama_sampler_chain_add: 'void llama_sampler_chain_add(void *chain, void *smpl)',
    llama_sampler_init_greedy: 'void *llama_sampler_init_greedy()',
    llama_sampler_sample: 'int32_t llama_sampler_sample(void *smpl, void *ctx, int32_t idx)',
  });
}

function openContext({ llama }: LoadedLibrary, task: NativeLoopTask): ContextPointer {
  const modelParams = { ...llama.llama_model_default_params(), n_gpu_layers: 0, load_mode: LOAD_MODE_MMAP };
  const model = llama.llama_model_load_from_file(task.base, modelParams);
  if (model === null) throw new Error(`${task.base}: not loaded`);
  const context = llama.llama_init_from_model(model, {
    ...llama.llama_context_default_params(),
    n_ctx: task.contextTokens * task.prompts.length,
    n_batch: 512,
    n_ubatch: 512,
    n_seq_max: task.prompts.length,
    n_outputs_max: 64,
    n_threads: task.threads,
    n_threads_batch: task.threads,
  });
  if (context === null) throw new Error(`${task.base}: no context`);
  return context;
}

function run(task: NativeLoopTask): NativeLoopResult {
  const library = loadLlama('cpu');
  const { llama } = library;
  const context = openContext(library, task);
  using _pool = task.threads > 1 ? new ThreadPool(library, context, task.threads) : undefined;
  const sampler = bindSamplers(library);
  const chain = sampler.llama_sampler_chain_init({ no_perf: true });
  sampler.llama_sampler_chain_add(chain, sampler.llama_sampler_init_greedy());
  using batch = new Batch(llama, 512);
  const decode = () => {
    const code = llama.llama_decode(context, batch.struct);
    if (code !== 0) throw new Error(`llama_decode: ${code}`);
    batch.clear();
  };
  const begin = (prompt: readonly number[], sequence: number) => {
    for (const [i, token] of prompt.entries()) batch.add(sequence, token, i, i === prompt.length - 1);
    decode();
    return [sampler.llama_sampler_sample(chain, context, prompt.length - 1)];
  };
  // Once untimed, so that the file's pages are there.
  begin(task.prompts[0] ?? [], 0);
  llama.llama_memory_clear(llama.llama_get_memory(context), true);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const tokens = task.prompts.map(begin);
  for (let step = 1; step < task.maxTokens; step++) {
    for (const [sequence, text] of tokens.entries()) {
      const position = (task.prompts[sequence]?.length ?? 0) + text.length - 1;
      batch.add(sequence, text.at(-1) as number, position, true);
    }
    decode();
    for (const [row, text] of tokens.entries()) text.push(sampler.llama_sampler_sample(chain, context, row));
  }
  const { user, system } = process.cpuUsage(cpu);
  return { tokens, seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 };
}

if (process.argv[1] === import.meta.filename) {
  console.log(JSON.stringify(run(JSON.parse(process.argv[2] as string) as NativeLoopTask)));
}
