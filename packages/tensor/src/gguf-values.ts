/**
 * The metadata values of GGUF (ggml/docs/gguf.md), typed, so that what was read can be written again unchanged.
 * Arrays of arrays, which llama.cpp refuses too, are not read.
 */

/** The numbers of the types in a file. */
export const GGUF_VALUE_TYPES = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const;

/** Bytes of the types whose size is fixed. */
export const GGUF_VALUE_BYTES = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  bool: 1,
  uint64: 8,
  int64: 8,
  float64: 8,
} as const;

export type GgufNumberType = Exclude<keyof typeof GGUF_VALUE_BYTES, 'bool'>;

export type GgufValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  /** 64-bit integers beyond 2^53 lose their last bits: no key of a model is that large. */
  | { readonly type: GgufNumberType; readonly value: number }
  | { readonly type: 'array'; readonly of: 'string'; readonly value: readonly string[] }
  | { readonly type: 'array'; readonly of: 'bool'; readonly value: readonly boolean[] }
  | { readonly type: 'array'; readonly of: GgufNumberType; readonly value: readonly number[] };

/** Short makers for writing metadata: `gguf.uint32(30)`. */
export const gguf = {
  string: (value: string): GgufValue => ({ type: 'string', value }),
  bool: (value: boolean): GgufValue => ({ type: 'bool', value }),
  uint32: (value: number): GgufValue => ({ type: 'uint32', value }),
  float32: (value: number): GgufValue => ({ type: 'float32', value }),
  strings: (value: readonly string[]): GgufValue => ({ type: 'array', of: 'string', value }),
  float32s: (value: readonly number[]): GgufValue => ({ type: 'array', of: 'float32', value }),
  int32s: (value: readonly number[]): GgufValue => ({ type: 'array', of: 'int32', value }),
} as const;
