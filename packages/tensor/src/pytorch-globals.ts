/**
 * What a PyTorch pickle may name, and what naming it gives: plain data, nothing that runs. Everything else - `os
 * system`, `builtins eval` - refuses the file by name.
 */
import { fail } from '@llama-xr/core';
import type { DType } from './tensor.ts';

/** An object of a class that is known only by name: inert, its attributes as the file states them. */
export class PickledObject {
  /** `torch.nn.modules.conv.Conv2d` */
  readonly className: string;
  readonly args: readonly unknown[];
  /** Attributes by name. */
  readonly state = new Map<unknown, unknown>();

  constructor(className: string, args: readonly unknown[]) {
    this.className = className;
    this.args = args;
  }
}

export type Global =
  | { readonly kind: 'class'; readonly name: string }
  | { readonly kind: 'dict' | 'set' | 'tuple' }
  | { readonly kind: 'storage'; readonly dtype: DType }
  | { readonly kind: 'rebuildTensor' | 'rebuildParameter' }
  /** A value by name, such as `torch.float32`: kept as text. */
  | { readonly kind: 'constant'; readonly name: string };

const STORAGES: Readonly<Record<string, DType>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};

const EXACT: ReadonlyMap<string, Global> = new Map<string, Global>([
  ['collections OrderedDict', { kind: 'dict' }],
  ['builtins dict', { kind: 'dict' }],
  ['builtins set', { kind: 'set' }],
  ['builtins frozenset', { kind: 'set' }],
  ['torch Size', { kind: 'tuple' }],
  ['torch._utils _rebuild_tensor_v2', { kind: 'rebuildTensor' }],
  ['torch._utils _rebuild_parameter', { kind: 'rebuildParameter' }],
  ...Object.entries(STORAGES).map(([name, dtype]): [string, Global] => [
    `torch ${name}`,
    { kind: 'storage', dtype },
  ]),
]);

/** Packages whose classes are kept as inert objects: a whole module is pickled so. */
const INERT = /^(torch\.nn|torchvision|torchxrayvision)(\.|$)/;
const TORCH_DTYPE = /^(bfloat16|float(16|32|64)|u?int(8|16|32|64)|bool|float|double|half|long|int|short)$/;

/** @throws LlamaXrError FILE_HOSTILE naming the global. */
export function globalOf(path: string, module: string, name: string): Global {
  // Python 2's name, which protocol 2 writes.
  const known = EXACT.get(`${module === '__builtin__' ? 'builtins' : module} ${name}`);
  if (known !== undefined) return known;
  if (INERT.test(module)) return { kind: 'class', name: `${module}.${name}` };
  if (module === 'torch' && TORCH_DTYPE.test(name)) return { kind: 'constant', name: `torch.${name}` };
  const wanted = JSON.stringify(`${module}.${name}`.slice(0, 120));
  fail('FILE_HOSTILE', `${path}: the pickle asks for ${wanted}, which weights do not need`);
}
