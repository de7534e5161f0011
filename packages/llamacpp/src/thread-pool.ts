/**
 * Threads that wait between two calls of llama_decode, as those of llama.cpp's own programs do: without them each call starts its
 * threads anew and ends them. The functions are asked of the CPU backend in use, since each variant of it has its own.
 */
import { fail } from '@llama-xr/core';
import koffi from 'koffi';
import { bind, type ContextPointer, type LoadedLibrary } from './binding.ts';

/** enum ggml_backend_dev_type */
const CPU = 0;
/** More than struct ggml_threadpool_params takes; it is filled and read by the library alone. */
const PARAMS_BYTES = 4096;

const NEW = koffi.proto('void *ggml_threadpool_new(uint8_t *params)');
const FREE = koffi.proto('void ggml_threadpool_free(void *pool)');

interface Devices {
  ggml_backend_dev_by_type(type: number): bigint | null;
}
interface Registry {
  ggml_backend_dev_backend_reg(device: bigint): bigint | null;
  ggml_backend_reg_get_proc_address(registry: bigint, name: string): bigint | null;
  ggml_threadpool_params_init(params: Uint8Array, threads: number): void;
}
interface Contexts {
  llama_attach_threadpool(context: ContextPointer, one: bigint, batch: bigint): void;
  llama_detach_threadpool(context: ContextPointer): void;
}

export class ThreadPool implements Disposable {
  readonly #detach: () => void;

  /** @param threads as many as the context computes with */
  constructor({ ggml, ggmlBase, handle }: LoadedLibrary, context: ContextPointer, threads: number) {
    const { ggml_backend_dev_by_type: deviceOf } = bind<Devices>(ggml, {
      ggml_backend_dev_by_type: 'void *ggml_backend_dev_by_type(int type)',
    });
    const registry = bind<Registry>(ggmlBase, {
      ggml_backend_dev_backend_reg: 'void *ggml_backend_dev_backend_reg(void *device)',
      ggml_backend_reg_get_proc_address:
        'void *ggml_backend_reg_get_proc_address(void *reg, const char *name)',
      ggml_threadpool_params_init: 'void ggml_threadpool_params_init(uint8_t *params, int n_threads)',
    });
    const contexts = bind<Contexts>(handle, {
      llama_attach_threadpool: 'void llama_attach_threadpool(void *ctx, void *one, void *batch)',
      llama_detach_threadpool: 'void llama_detach_threadpool(void *ctx)',
    });
    const device = deviceOf(CPU) ?? fail('DEVICE', 'llama.cpp: expected a CPU backend, got none');
    const backend = registry.ggml_backend_dev_backend_reg(device) ?? 0n;
    const ofBackend = (name: string) =>
      registry.ggml_backend_reg_get_proc_address(backend, name) ??
      fail('DEVICE', `llama.cpp: expected ${name} of the CPU backend, got none`);
    const [create, free] = [ofBackend('ggml_threadpool_new'), ofBackend('ggml_threadpool_free')];

    const params = new Uint8Array(PARAMS_BYTES);
    registry.ggml_threadpool_params_init(params, threads);
    const pool: bigint = koffi.call(create, NEW, params);
    contexts.llama_attach_threadpool(context, pool, pool);
    this.#detach = () => {
      contexts.llama_detach_threadpool(context);
      koffi.call(free, FREE, pool);
    };
  }

  [Symbol.dispose](): void {
    this.#detach();
  }
}
