/** What the pickles of PyTorch mean: the host of the pickle machine. It makes data; it calls nothing of the file's. */
import { fail } from '@llama-xr/core';
import type { PickleHost } from './pickle.ts';
import { type Global, globalOf, PickledObject } from './pytorch-globals.ts';
import type { Storage } from './pytorch-tensor.ts';
import type { DType } from './tensor.ts';

/** Finds a storage by the key, type and length (in elements) that a persistent id gives. */
export type FindStorage = (key: string, dtype: DType, length: number) => Storage;

export class TorchHost implements PickleHost {
  readonly #path: string;
  readonly #storage: FindStorage;
  readonly #rebuild: (args: readonly unknown[]) => unknown;

  constructor(path: string, storage: FindStorage, rebuild: (args: readonly unknown[]) => unknown) {
    this.#path = path;
    this.#storage = storage;
    this.#rebuild = rebuild;
  }

  global(module: string, name: string): Global {
    return globalOf(this.#path, module, name);
  }

  call(callable: unknown, args: readonly unknown[]): unknown {
    const global = this.#asGlobal(callable);
    switch (global.kind) {
      case 'class':
        return new PickledObject(global.name, args);
      case 'dict':
        return new Map(this.#pairs(args[0] ?? []));
      case 'set':
        return new Set(this.#list(args[0] ?? []));
      case 'tuple':
        return [...this.#list(args[0] ?? [])];
      case 'rebuildTensor':
        return this.#rebuild(args);
      case 'rebuildParameter':
        return args[0];
      default:
        return this.#refuse(`a call of a ${global.kind}`);
    }
  }

  instance(type: unknown, args: readonly unknown[]): unknown {
    const { kind } = this.#asGlobal(type);
    return kind === 'class' || kind === 'dict' || kind === 'set'
      ? this.call(type, args)
      : this.#refuse(`an instance of a ${kind}`);
  }

  build(instance: unknown, state: unknown): void {
    // An OrderedDict may carry attributes, such as a state dict's versions: of no use here.
    if (instance instanceof Map) return;
    if (!(instance instanceof PickledObject)) this.#refuse('a state for what is no object');
    // A class with slots has two states.
    for (const part of Array.isArray(state) ? state : [state]) {
      if (part instanceof Map) for (const [name, value] of part) instance.state.set(name, value);
      else if (part !== null) this.#refuse('a state that is no dict');
    }
  }

  /** `('storage', type, key, device, elements)`, or `('module', class, its source)` in the old format. */
  persistent(id: unknown): unknown {
    const [kind, type, key, , length, view = null] = this.#list(id);
    if (kind === 'module') return this.#asGlobal(type);
    const global = this.#asGlobal(type);
    if (kind !== 'storage' || global.kind !== 'storage') this.#refuse('a persistent id that is no storage');
    if (view !== null) fail('FILE_UNSUPPORTED', `${this.#path}: expected whole storages, got a view of one`);
    if (!Number.isSafeInteger(length) || (length as number) < 0) this.#refuse('a storage without a length');
    if (typeof key !== 'string') this.#refuse('a storage without a key');
    return this.#storage(key, global.dtype, length as number);
  }

  #asGlobal(value: unknown): Global {
    if (typeof value === 'object' && value !== null && 'kind' in value) return value as Global;
    return this.#refuse('a call of what is no global');
  }

  #list(value: unknown): readonly unknown[] {
    return Array.isArray(value) ? value : this.#refuse('something else where a list should be');
  }

  #pairs(value: unknown): [unknown, unknown][] {
    return this.#list(value).map((pair) => {
      const [key, item] = this.#list(pair);
      return [key, item];
    });
  }

  #refuse(what: string): never {
    fail('FILE_FORMAT', `${this.#path}: pickle: expected data of PyTorch, got ${what}`);
  }
}
