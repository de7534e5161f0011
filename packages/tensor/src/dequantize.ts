/**
 * ggml's block formats as float32 (dequantize_row_* in ggml-quants.c; the Python `gguf` package gives the same bits).
 * Every product and sum below is exact in float64 - scales have 11 bits, sub-scales 6 or 8, quants at most 6 - so a
 * value is rounded once, when it is stored, whatever the order of the operations.
 */
import { fail } from '@llama-xr/core';
import { bfloat16ToFloat32, FLOAT16_VALUES, float16ToFloat32 } from './float16.ts';
import { GGML_TYPES, type GgmlType, ggmlByteLength } from './ggml-types.ts';
import { viewAs } from './tensor.ts';

/** Decodes the block at byte `at` into `out` from element `to` on. */
type BlockDecoder = (bytes: Uint8Array, at: number, out: Float32Array, to: number) => void;

const DECODERS: Partial<Record<GgmlType, BlockDecoder>> = {
  Q4_0: decodeQ4_0,
  Q4_1: decodeQ4_1,
  Q5_0: decodeQ5_0,
  Q5_1: decodeQ5_1,
  Q8_0: decodeQ8_0,
  Q4_K: decodeQ4_K,
  Q5_K: decodeQ5_K,
  Q6_K: decodeQ6_K,
};

/** The types that {@link dequantize} knows. */
export const DEQUANTIZABLE: readonly GgmlType[] = [
  'F32',
  'F16',
  'BF16',
  ...(Object.keys(DECODERS) as GgmlType[]),
];

/**
 * @param count elements wanted, a whole number of blocks
 * @throws LlamaXrError FILE_UNSUPPORTED for a type not in {@link DEQUANTIZABLE}; INPUT when the bytes do not fit.
 */
export function dequantize(type: GgmlType, bytes: Uint8Array, count: number): Float32Array {
  const expected = ggmlByteLength(type, count);
  if (expected !== bytes.byteLength) {
    fail(
      'INPUT',
      `${type}: expected ${expected ?? 'whole blocks of'} bytes for ${count} elements, got ${bytes.byteLength}`,
    );
  }
  if (type === 'F32') return viewAs('float32', bytes).slice() as Float32Array;
  if (type === 'F16') return float16ToFloat32(viewAs('float16', bytes) as Uint16Array);
  if (type === 'BF16') return bfloat16ToFloat32(viewAs('bfloat16', bytes) as Uint16Array);
  const decode =
    DECODERS[type] ??
    fail('FILE_UNSUPPORTED', `${type}: expected one of ${DEQUANTIZABLE.join(', ')} where values are needed`);
  const out = new Float32Array(count);
  const layout = GGML_TYPES[type];
  for (let at = 0, to = 0; to < count; at += layout.bytes, to += layout.block) decode(bytes, at, out, to);
  return out;
}

/** The binary16 at a byte that need not be aligned. */
export function float16At(bytes: Uint8Array, at: number): number {
  return FLOAT16_VALUES[byte(bytes, at) | (byte(bytes, at + 1) << 8)] as number;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

function int8(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 24) >> 24;
}

/** d (f16), 32 x 4 bits. */
function decodeQ4_0(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = float16At(bytes, at);
  for (let j = 0; j < 16; j++) {
    const q = byte(bytes, at + 2 + j);
    out[to + j] = d * ((q & 15) - 8);
    out[to + j + 16] = d * ((q >> 4) - 8);
  }
}

/** d, m (f16), 32 x 4 bits. */
function decodeQ4_1(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = float16At(bytes, at);
  const m = float16At(bytes, at + 2);
  for (let j = 0; j < 16; j++) {
    const q = byte(bytes, at + 4 + j);
    out[to + j] = d * (q & 15) + m;
    out[to + j + 16] = d * (q >> 4) + m;
  }
}

/** d (f16), 32 fifth bits, 32 x 4 bits. */
function decodeQ5_0(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = float16At(bytes, at);
  for (let j = 0; j < 16; j++) {
    const q = byte(bytes, at + 6 + j);
    out[to + j] = d * ((q & 15) + fifthBit(bytes, at + 2, j) - 16);
    out[to + j + 16] = d * ((q >> 4) + fifthBit(bytes, at + 2, j + 16) - 16);
  }
}

/** d, m (f16), 32 fifth bits, 32 x 4 bits. */
function decodeQ5_1(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = float16At(bytes, at);
  const m = float16At(bytes, at + 2);
  for (let j = 0; j < 16; j++) {
    const q = byte(bytes, at + 8 + j);
    out[to + j] = d * ((q & 15) + fifthBit(bytes, at + 4, j)) + m;
    out[to + j + 16] = d * ((q >> 4) + fifthBit(bytes, at + 4, j + 16)) + m;
  }
}

/** Bit j of a bit field, as the value 16 that it has in a 5-bit quant. */
function fifthBit(bytes: Uint8Array, field: number, j: number): number {
  return ((byte(bytes, field + (j >> 3)) >> (j & 7)) & 1) << 4;
}

/** d (f16), 32 x int8. */
function decodeQ8_0(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = float16At(bytes, at);
  for (let j = 0; j < 32; j++) out[to + j] = d * int8(bytes, at + 2 + j);
}

/** d, dmin (f16), 8 sub-blocks' 6-bit scales and minima in 12 bytes, 256 x 4 bits. */
function decodeQ4_K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = float16At(bytes, at);
  const dmin = float16At(bytes, at + 2);
  for (let sub = 0; sub < 8; sub++) {
    const scale = d * subScale(bytes, at + 4, sub);
    const min = dmin * subMin(bytes, at + 4, sub);
    const quants = at + 16 + (sub >> 1) * 32;
    const shift = (sub & 1) * 4;
    for (let j = 0; j < 32; j++) {
      out[to + sub * 32 + j] = scale * ((byte(bytes, quants + j) >> shift) & 15) - min;
    }
  }
}

/** As Q4_K, with 32 bytes of fifth bits (bit `sub` of byte j) before the nibbles. */
function decodeQ5_K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = float16At(bytes, at);
  const dmin = float16At(bytes, at + 2);
  for (let sub = 0; sub < 8; sub++) {
    const scale = d * subScale(bytes, at + 4, sub);
    const min = dmin * subMin(bytes, at + 4, sub);
    const quants = at + 48 + (sub >> 1) * 32;
    const shift = (sub & 1) * 4;
    for (let j = 0; j < 32; j++) {
      const high = ((byte(bytes, at + 16 + j) >> sub) & 1) << 4;
      out[to + sub * 32 + j] = scale * (((byte(bytes, quants + j) >> shift) & 15) + high) - min;
    }
  }
}

/** get_scale_min_k4: the first four sub-blocks hold 6 bits plainly, the others 4 here and 2 in the first ones' tops. */
export function subScale(bytes: Uint8Array, field: number, sub: number): number {
  if (sub < 4) return byte(bytes, field + sub) & 63;
  return (byte(bytes, field + sub + 4) & 15) | ((byte(bytes, field + sub - 4) >> 6) << 4);
}

export function subMin(bytes: Uint8Array, field: number, sub: number): number {
  if (sub < 4) return byte(bytes, field + sub + 4) & 63;
  return (byte(bytes, field + sub + 4) >> 4) | ((byte(bytes, field + sub) >> 6) << 4);
}

/** 256 low nibbles in 128 bytes, 256 x 2 high bits in 64, 16 int8 scales, d (f16). */
function decodeQ6_K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = float16At(bytes, at + 208);
  for (let sub = 0; sub < 8; sub++) {
    const half = sub >> 2; // 128 elements each
    const part = sub & 3; // four runs of 32 in a half
    const low = at + half * 64 + (part & 1) * 32;
    const high = at + 128 + half * 32;
    for (let j = 0; j < 32; j++) {
      const scale = d * int8(bytes, at + 192 + half * 8 + part * 2 + (j >> 4));
      const nibble = (byte(bytes, low + j) >> ((part >> 1) * 4)) & 15;
      const top = (byte(bytes, high + j) >> (part * 2)) & 3;
      out[to + sub * 32 + j] = scale * ((nibble | (top << 4)) - 32);
    }
  }
}
