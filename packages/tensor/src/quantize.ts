/**
 * float32 to ggml's plain block formats, rounded as quantize_row_*_ref in ggml-quants.c: the same bytes as
 * ggml_quantize_chunk without an importance matrix. The K formats, whose rounding is a search, are not written here.
 */
import { fail } from '@llama-xr/core';
import { float32ToBfloat16, float32ToFloat16 } from './float16.ts';
import { GGML_TYPES, type GgmlType } from './ggml-types.ts';
import { bytesOf } from './tensor.ts';

const BLOCK = 32;
const { fround } = Math;

/** Encodes the 32 values from `from` on as the block at byte `at`. */
type BlockEncoder = (values: Float32Array, from: number, out: DataView, at: number) => void;

const ENCODERS: Partial<Record<GgmlType, BlockEncoder>> = {
  Q4_0: encodeQ4_0,
  Q4_1: encodeQ4_1,
  Q8_0: encodeQ8_0,
};

/**
 * @param values a whole number of blocks, all finite
 * @throws LlamaXrError INPUT for a type that is not written, part of a block, NaN or infinity.
 */
export function quantize(type: GgmlType, values: Float32Array): Uint8Array {
  if (type === 'F32') return bytesOf(values).slice();
  if (type === 'F16') return bytesOf(float32ToFloat16(values));
  if (type === 'BF16') return bytesOf(float32ToBfloat16(values));
  const encode =
    ENCODERS[type] ?? fail('INPUT', `quantize: expected F32, F16, BF16, Q4_0, Q4_1 or Q8_0, got ${type}`);
  if (values.length % BLOCK !== 0) {
    fail('INPUT', `quantize ${type}: expected whole blocks of ${BLOCK} values, got ${values.length}`);
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) fail('INPUT', `quantize ${type}: expected finite values, got ${values[bad]} at ${bad}`);
  const { bytes } = GGML_TYPES[type];
  const out = new DataView(new ArrayBuffer((values.length / BLOCK) * bytes));
  for (let from = 0, at = 0; from < values.length; from += BLOCK, at += bytes) encode(values, from, out, at);
  return new Uint8Array(out.buffer);
}

/** The value of largest magnitude becomes -8 steps: d = max / -8. */
function encodeQ4_0(values: Float32Array, from: number, out: DataView, at: number): void {
  let max = 0;
  for (let j = 0; j < BLOCK; j++) {
    const value = values[from + j] as number;
    if (Math.abs(value) > Math.abs(max)) max = value;
  }
  const d = fround(max / -8);
  const inverse = d === 0 ? 0 : fround(1 / d);
  const quant = (j: number) => {
    const scaled = fround((values[from + j] as number) * inverse);
    return Math.min(15, Math.trunc(fround(scaled + 8.5)));
  };
  out.setFloat16(at, d, true);
  writeNibbles(quant, out, at + 2);
}

/** The range [min, max] in 15 steps: d = (max - min) / 15, m = min. */
function encodeQ4_1(values: Float32Array, from: number, out: DataView, at: number): void {
  const block = values.subarray(from, from + BLOCK);
  const min = Math.min(...block);
  const d = fround(fround(Math.max(...block) - min) / 15);
  const inverse = d === 0 ? 0 : fround(1 / d);
  const quant = (j: number) => {
    const scaled = fround(fround((block[j] as number) - min) * inverse);
    return Math.min(15, Math.trunc(fround(scaled + 0.5)));
  };
  out.setFloat16(at, d, true);
  out.setFloat16(at + 2, min, true);
  writeNibbles(quant, out, at + 4);
}

/** 127 steps either way; halves round away from zero (roundf). */
function encodeQ8_0(values: Float32Array, from: number, out: DataView, at: number): void {
  let max = 0;
  for (let j = 0; j < BLOCK; j++) max = Math.max(max, Math.abs(values[from + j] as number));
  const d = fround(max / 127);
  const inverse = d === 0 ? 0 : fround(1 / d);
  out.setFloat16(at, d, true);
  for (let j = 0; j < BLOCK; j++) {
    const scaled = fround((values[from + j] as number) * inverse);
    out.setInt8(at + 2 + j, Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5));
  }
}

/** Low nibbles hold the first half of a block, high nibbles the second. */
function writeNibbles(quant: (j: number) => number, out: DataView, at: number): void {
  for (let j = 0; j < BLOCK / 2; j++) out.setUint8(at + j, quant(j) | (quant(j + BLOCK / 2) << 4));
}
