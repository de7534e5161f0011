/** Tensors of PyTorch: a storage of numbers, and a view of it by offset, shape and strides. */
import { fail } from '@llama-xr/core';
import { bytesPerElement, type DType, elementCount, type Tensor, type TypedArray } from './tensor.ts';

/** Numbers of a file, read when a tensor first asks for them. */
export class Storage {
  readonly dtype: DType;
  /** In elements. */
  readonly length: number;
  readonly #read: () => TypedArray;
  #data: TypedArray | undefined;

  constructor(dtype: DType, length: number, read: () => TypedArray) {
    this.dtype = dtype;
    this.length = length;
    this.#read = read;
  }

  get data(): TypedArray {
    this.#data ??= this.#read();
    return this.#data;
  }
}

const MAX_AXES = 16;

/** Bytes that may still be copied: a small file can describe endless views of one storage. */
export class CopyBudget {
  readonly #path: string;
  #left: number;

  constructor(path: string, bytes: number) {
    this.#path = path;
    this.#left = bytes;
  }

  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0)
      fail('FILE_HOSTILE', `${this.#path}: the tensors take more memory than the file has bytes`);
  }
}

/**
 * The arguments of torch._utils._rebuild_tensor_v2: storage, offset, size, stride, and what is of no use here. A
 * contiguous view shares the storage's memory, any other is copied into row-major order.
 * @throws LlamaXrError FILE_FORMAT; FILE_HOSTILE for a view that leaves its storage.
 */
export function rebuildTensor(path: string, args: readonly unknown[], budget: CopyBudget): Tensor {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof Storage) || !isNatural(offset) || !isNaturals(shape) || !isNaturals(strides)) {
    fail('FILE_FORMAT', `${path}: expected a tensor's storage, offset, size and stride`);
  }
  if (shape.length !== strides.length || shape.length > MAX_AXES) {
    fail(
      'FILE_FORMAT',
      `${path}: tensor: expected up to ${MAX_AXES} axes with a stride each, got ${shape.length}`,
    );
  }
  const what = `${path}: tensor [${shape.join(', ')}] with strides [${strides.join(', ')}] at ${offset}`;
  const count = elementCount(shape) ?? fail('FILE_HOSTILE', `${what}: impossible shape`);
  const last = shape.reduce(
    (index, extent, axis) => index + (extent - 1) * (strides[axis] as number),
    offset,
  );
  if (count > 0 && !(last < storage.length)) {
    fail('FILE_HOSTILE', `${what}: leaves its storage of ${storage.length} elements`);
  }
  if (count > storage.length)
    fail('FILE_UNSUPPORTED', `${what}: repeats the ${storage.length} elements of its storage`);
  const view = { dtype: storage.dtype, shape };
  if (count === 0) return { ...view, data: storage.data.subarray(0, 0) };
  if (isContiguous(shape, strides)) return { ...view, data: storage.data.subarray(offset, offset + count) };
  budget.spend(count * bytesPerElement(storage.dtype));
  return { ...view, data: gather(storage.data, offset, shape, strides, count) };
}

/** Row-major without gaps; the stride of an axis of one element does not matter. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] as number;
    if (extent !== 1 && strides[axis] !== expected) return false;
    expected *= extent;
  }
  return true;
}

function gather(
  source: TypedArray,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
  count: number,
): TypedArray {
  const out = source.slice(0, count);
  const index = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < count; to++) {
    out[to] = source[from] as never;
    // Counts up like an odometer, the last axis fastest.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= (shape[axis] as number) * (strides[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isNatural);
}
