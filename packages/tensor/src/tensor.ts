/**
 * A tensor as files hold it: a shape, row-major (the last axis is contiguous), and one typed array. No arithmetic:
 * that is what `onnx` is for. Little-endian machines only, as are all platforms that Node ships for.
 */
import { fail } from '@llama-xr/core';
import { bfloat16ToFloat32, float16ToFloat32 } from './float16.ts';

export type DType =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'uint8'
  | 'int8'
  | 'bool';

export type TypedArray =
  | Float32Array
  | Float64Array
  | Uint16Array
  | Int16Array
  | BigInt64Array
  | Int32Array
  | Uint8Array
  | Int8Array;

export interface Tensor {
  readonly dtype: DType;
  /** Outermost axis first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** float16 and bfloat16 as their bits in a Uint16Array, bool as 0 and 1 in a Uint8Array. */
  readonly data: TypedArray;
}

const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Uint8Array,
} as const;

export function bytesPerElement(dtype: DType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** Views bytes as elements; copies only when the bytes are not aligned for them. */
export function viewAs(dtype: DType, bytes: Uint8Array): TypedArray {
  const size = bytesPerElement(dtype);
  if (bytes.byteLength % size !== 0) {
    fail('INPUT', `${dtype} tensor: expected a multiple of ${size} bytes, got ${bytes.byteLength}`);
  }
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new ARRAYS[dtype](aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / size);
}

export function bytesOf(data: TypedArray): Uint8Array {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

/**
 * The number of elements of a shape.
 * @returns undefined when an extent is no natural number or the product is beyond 2^53: what a hostile header says.
 */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0) return undefined;
    count *= extent;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/** @throws LlamaXrError INPUT when the data do not fill the shape. */
export function tensor(dtype: DType, shape: readonly number[], data: TypedArray): Tensor {
  if (elementCount(shape) !== data.length) {
    fail('INPUT', `tensor: expected the elements of shape [${shape.join(', ')}], got ${data.length}`);
  }
  return { dtype, shape, data };
}

/** Values as float32: exact for float16, bfloat16 and small integers, rounded for float64 and int64. */
export function toFloat32({ dtype, data }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (dtype === 'float16') return float16ToFloat32(data as Uint16Array);
  if (dtype === 'bfloat16') return bfloat16ToFloat32(data as Uint16Array);
  if (data instanceof BigInt64Array) return Float32Array.from(data, Number);
  return Float32Array.from(data);
}
