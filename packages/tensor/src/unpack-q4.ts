/**
 * The 4-bit formats of ggml whose weights are affine in blocks of 32 - Q4_0, Q4_1 and Q4_K - taken apart without
 * dequantizing, into one form: what the training graph keeps in memory and decodes itself. Exact: the products have at
 * most 21 bits, so `nibble * scale + offset` in float32 rounds once, as dequantize does.
 */
import { fail } from '@llama-xr/core';
import { float16At, subMin, subScale } from './dequantize.ts';
import { GGML_TYPES, type GgmlType } from './ggml-types.ts';

export interface UnpackedQ4 {
  /** [blocks, 16]: low nibbles are the first 16 weights of a block, high nibbles the last 16. */
  readonly nibbles: Uint8Array;
  /** [blocks] */
  readonly scale: Float32Array;
  /** [blocks] */
  readonly offset: Float32Array;
}

export type AffineQ4 = 'Q4_0' | 'Q4_1' | 'Q4_K';

export function isAffineQ4(type: GgmlType): type is AffineQ4 {
  return type === 'Q4_0' || type === 'Q4_1' || type === 'Q4_K';
}

/** @throws LlamaXrError INPUT for part of a block. */
export function unpackQ4(type: AffineQ4, bytes: Uint8Array): UnpackedQ4 {
  const layout = GGML_TYPES[type];
  if (bytes.byteLength % layout.bytes !== 0) {
    fail('INPUT', `${type}: expected whole blocks of ${layout.bytes} bytes, got ${bytes.byteLength}`);
  }
  const blocks = (bytes.byteLength / layout.bytes) * (layout.block / 32);
  const unpacked = {
    nibbles: new Uint8Array(blocks * 16),
    scale: new Float32Array(blocks),
    offset: new Float32Array(blocks),
  };
  if (type === 'Q4_K') unpackQ4_K(bytes, unpacked);
  else unpackPlain(type, bytes, unpacked);
  return unpacked;
}

function unpackPlain(type: 'Q4_0' | 'Q4_1', bytes: Uint8Array, { nibbles, scale, offset }: UnpackedQ4): void {
  const size = GGML_TYPES[type].bytes;
  for (let i = 0, at = 0; i < scale.length; i++, at += size) {
    const d = float16At(bytes, at);
    scale[i] = d;
    offset[i] = type === 'Q4_1' ? float16At(bytes, at + 2) : -8 * d;
    nibbles.set(bytes.subarray(at + size - 16, at + size), i * 16);
  }
}

/**
 * A super-block's 32 bytes hold one sub-block in their low nibbles and the next in their high ones. Nibbles are regrouped
 * four bytes at a time: an 8B model has billions of them.
 */
function unpackQ4_K(bytes: Uint8Array, { nibbles, scale, offset }: UnpackedQ4): void {
  const size = GGML_TYPES.Q4_K.bytes;
  const source = wordsOf(bytes);
  const target = wordsOf(nibbles);
  for (let at = 0, i = 0; at < bytes.byteLength; at += size) {
    const d = float16At(bytes, at);
    const dmin = float16At(bytes, at + 2);
    for (let sub = 0; sub < 8; sub++, i++) {
      scale[i] = d * subScale(bytes, at + 4, sub);
      offset[i] = -dmin * subMin(bytes, at + 4, sub);
      const quants = (at + 16) / 4 + (sub >> 1) * 8;
      const shift = (sub & 1) * 4;
      for (let j = 0; j < 4; j++) {
        const first = ((source[quants + j] as number) >>> shift) & 0x0f0f0f0f;
        const last = ((source[quants + j + 4] as number) >>> shift) & 0x0f0f0f0f;
        target[i * 4 + j] = first | (last << 4);
      }
    }
  }
}

/** Whole words of bytes; only nibbles move within them, so their order on the machine does not matter. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
