/** The weights in what `readPytorch` gives: a state dict, one inside a checkpoint, or a whole pickled module. */
import { fail } from '@llama-xr/core';
import { PickledObject } from './pytorch-globals.ts';
import type { Tensor } from './tensor.ts';

/** Where training scripts keep the state dict in a checkpoint. */
const NESTED = ['state_dict', 'model_state_dict', 'model'];
/** Bounds what a file can describe by naming one part again and again. */
const MAX_MODULES = 100_000;
const MAX_DEPTH = 64;

/**
 * @param tree what `readPytorch` returned
 * @returns tensors by name, `features.conv0.weight`, as a module's state_dict() lists them
 * @throws LlamaXrError FILE_FORMAT when there are no weights in it.
 */
export function stateDict(tree: unknown): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const inside = unwrap(tree);
  if (inside instanceof PickledObject) new ModuleWalk(tensors).visit(inside, '', 0);
  else if (inside instanceof Map) {
    for (const [name, value] of inside)
      if (typeof name === 'string' && isTensor(value)) tensors.set(name, value);
  }
  if (tensors.size === 0) fail('FILE_FORMAT', 'expected a state dict or a module with weights, got none');
  return tensors;
}

/** What a checkpoint keeps under one of the usual names, where it has no tensors itself. */
function unwrap(tree: unknown, depth = 0): unknown {
  if (!(tree instanceof Map) || depth > NESTED.length || [...tree.values()].some(isTensor)) return tree;
  const inner = NESTED.map((name) => tree.get(name)).find((value) => value !== undefined);
  return inner === undefined ? tree : unwrap(inner, depth + 1);
}

export function isTensor(value: unknown): value is Tensor {
  return (
    typeof value === 'object' && value !== null && 'dtype' in value && 'shape' in value && 'data' in value
  );
}

/** As torch.nn.Module.state_dict: parameters, then buffers, then the modules inside. */
class ModuleWalk {
  readonly #tensors: Map<string, Tensor>;
  #modules = 0;

  constructor(tensors: Map<string, Tensor>) {
    this.#tensors = tensors;
  }

  visit({ state }: PickledObject, prefix: string, depth: number): void {
    if (depth > MAX_DEPTH || ++this.#modules > MAX_MODULES) {
      fail('FILE_HOSTILE', `a module of more than ${MAX_DEPTH} levels or ${MAX_MODULES} parts`);
    }
    const transient = state.get('_non_persistent_buffers_set');
    for (const kind of ['_parameters', '_buffers']) {
      for (const [name, value] of entriesOf(state.get(kind))) {
        const isTransient = kind === '_buffers' && transient instanceof Set && transient.has(name);
        if (isTensor(value) && !isTransient) this.#tensors.set(`${prefix}${name}`, value);
      }
    }
    for (const [name, value] of entriesOf(state.get('_modules'))) {
      if (value instanceof PickledObject) this.visit(value, `${prefix}${name}.`, depth + 1);
    }
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return value instanceof Map ? [...value].filter(([name]) => typeof name === 'string') : [];
}
