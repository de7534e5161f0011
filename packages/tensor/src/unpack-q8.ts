/**
 * ggml's formats whose weights are an integer times a scale - Q8_0 and Q6_K - taken apart without dequantizing: what the
 * training graph keeps in memory. Exact: Q6_K's scale d * sc has 19 bits and a quant 6, so `quant * scale` in float32
 * rounds once, as dequantize does.
 */
import { fail } from '@llama-xr/core';
import { float16At } from './dequantize.ts';
import { GGML_TYPES } from './ggml-types.ts';

export interface UnpackedQ8 {
  /** [blocks, size]: 32 weights a block for Q8_0, 16 for Q6_K. */
  readonly quants: Int8Array;
  /** [blocks] */
  readonly scale: Float32Array;
}

/** @throws LlamaXrError INPUT for part of a block. */
export function unpackQ8(type: 'Q8_0' | 'Q6_K', bytes: Uint8Array): UnpackedQ8 {
  const layout = GGML_TYPES[type];
  if (bytes.byteLength % layout.bytes !== 0) {
    fail('INPUT', `${type}: expected whole blocks of ${layout.bytes} bytes, got ${bytes.byteLength}`);
  }
  const count = (bytes.byteLength / layout.bytes) * layout.block;
  const unpacked = {
    quants: new Int8Array(count),
    scale: new Float32Array(count / (type === 'Q8_0' ? 32 : 16)),
  };
  if (type === 'Q8_0') unpackQ8_0(bytes, unpacked);
  else unpackQ6_K(bytes, unpacked);
  return unpacked;
}

function unpackQ8_0(bytes: Uint8Array, { quants, scale }: UnpackedQ8): void {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0, at = 0; i < scale.length; i++, at += 34) {
    scale[i] = float16At(bytes, at);
    quants.set(signed.subarray(at + 2, at + 34), i * 32);
  }
}

/** 256 low nibbles in 128 bytes, 256 x 2 high bits in 64, 16 int8 scales, d (f16); runs of 32 as in decodeQ6_K. */
function unpackQ6_K(bytes: Uint8Array, { quants, scale }: UnpackedQ8): void {
  const { bytes: size } = GGML_TYPES.Q6_K;
  for (let at = 0, to = 0; at < bytes.byteLength; at += size, to += 256) {
    const d = float16At(bytes, at + 208);
    for (let i = 0; i < 16; i++) scale[to / 16 + i] = d * (((bytes[at + 192 + i] as number) << 24) >> 24);
    for (let half = 0; half < 2; half++) {
      for (let j = 0; j < 32; j++) {
        const first = bytes[at + half * 64 + j] as number;
        const second = bytes[at + half * 64 + 32 + j] as number;
        const top = bytes[at + 128 + half * 32 + j] as number;
        const out = to + half * 128 + j;
        quants[out] = ((first & 15) | ((top & 3) << 4)) - 32;
        quants[out + 32] = ((second & 15) | ((top & 12) << 2)) - 32;
        quants[out + 64] = ((first >> 4) | (top & 48)) - 32;
        quants[out + 96] = ((second >> 4) | ((top & 192) >> 2)) - 32;
      }
    }
  }
}
