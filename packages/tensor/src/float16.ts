/**
 * Half precision as bits: IEEE 754 binary16 and bfloat16 (the upper half of a binary32), to and from float32.
 * Rounding is to nearest, ties to even, as the hardware and ggml do.
 */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Every binary16 as a number; a look-up is faster than taking the fields apart. */
export const FLOAT16_VALUES: Float32Array = new Float32Array(
  new Float16Array(Uint16Array.from({ length: 0x10000 }, (_, i) => i).buffer),
);

export function float16ToFloat32(half: Uint16Array): Float32Array {
  const out = new Float32Array(half.length);
  for (let i = 0; i < half.length; i++) out[i] = FLOAT16_VALUES[half[i] as number] as number;
  return out;
}

export function float32ToFloat16(values: Float32Array): Uint16Array {
  return new Uint16Array(new Float16Array(values).buffer);
}

export function bfloat16ToFloat32(half: Uint16Array): Float32Array {
  const out = new Float32Array(half.length);
  const outBits = new Uint32Array(out.buffer);
  for (let i = 0; i < half.length; i++) outBits[i] = (half[i] as number) << 16;
  return out;
}

export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = bfloat16Bits(values[i] as number);
  return out;
}

/** ggml_compute_fp32_to_bf16: NaN stays a (quiet) NaN, everything else rounds to nearest even. */
function bfloat16Bits(value: number): number {
  float[0] = value;
  const b = bits[0] as number;
  if ((b & 0x7fffffff) > 0x7f800000) return (b >>> 16) | 0x40;
  return (b + 0x7fff + ((b >>> 16) & 1)) >>> 16;
}
