/**
 * NF4, the 4-bit format of QLoRA (Dettmers et al. 2023, section 3 and appendix E), as bitsandbytes stores it in
 * safetensors: a code book of 16 normal quantiles, one largest magnitude for a block of 64 weights, and these
 * magnitudes themselves in 8 bits for blocks of 256 (double quantization).
 */
import { fail } from '@llama-xr/core';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './float16.ts';
import type { Safetensors } from './safetensors.ts';
import { elementCount, type Tensor, tensor, toFloat32 } from './tensor.ts';

/** The 16 values, from the paper's appendix E. */
export const NF4_CODE: readonly number[] = [
  -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
  -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
  0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
];

const STATE = '.quant_state.bitsandbytes__nf4';
const { fround } = Math;

/** What bitsandbytes writes beside the packed weight, as JSON. */
interface QuantState {
  readonly blockSize: number;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'float16' | 'bfloat16';
  /** Present where the magnitudes are themselves in 8 bits. */
  readonly nested?: { readonly blockSize: number; readonly offset: number };
}

/** Whether a tensor of the file is an NF4 matrix. */
export function isNf4(file: Safetensors, name: string): boolean {
  return file.tensors.has(name + STATE);
}

/** The shape of an NF4 matrix before it was packed. */
export function nf4Shape(file: Safetensors, name: string): readonly number[] {
  return readState(`${file.path}: ${name}`, file.read(name + STATE)).shape;
}

/**
 * Decodes an NF4 matrix, rounded to the type it was quantized from, as bitsandbytes' dequantize_4bit does.
 * @returns a float32 tensor of the original shape
 * @throws LlamaXrError FILE_FORMAT when the parts do not fit each other.
 */
export function decodeNf4(file: Safetensors, name: string): Tensor {
  const where = `${file.path}: ${name}`;
  const state = readState(where, file.read(name + STATE));
  const count = elementCount(state.shape) ?? fail('FILE_HOSTILE', `${where}: impossible shape`);
  const packed = file.read(name).data;
  const code = toFloat32(file.read(`${name}.quant_map`));
  const magnitudes = readMagnitudes(file, name, state);
  if (!(packed instanceof Uint8Array) || packed.length !== Math.ceil(count / 2)) {
    fail('FILE_FORMAT', `${where}: expected ${Math.ceil(count / 2)} bytes for [${state.shape.join(', ')}]`);
  }
  if (code.length !== 16 || magnitudes.length !== Math.ceil(count / state.blockSize)) {
    fail('FILE_FORMAT', `${where}: expected 16 codes and a magnitude for each ${state.blockSize} weights`);
  }
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    // The first weight of a pair is in the high nibble.
    const nibble = ((packed[i >> 1] as number) >> (i & 1 ? 0 : 4)) & 15;
    values[i] = (code[nibble] as number) * (magnitudes[Math.floor(i / state.blockSize)] as number);
  }
  return tensor('float32', state.shape, roundTo(state.dtype, values));
}

/** One magnitude a block; in 8 bits: code[byte] * nested magnitude + offset, each step rounded to float32. */
function readMagnitudes(file: Safetensors, name: string, { nested }: QuantState): Float32Array {
  const stored = file.read(`${name}.absmax`);
  if (nested === undefined) return toFloat32(stored);
  const code = toFloat32(file.read(`${name}.nested_quant_map`));
  const magnitudes = toFloat32(file.read(`${name}.nested_absmax`));
  const blocks = Math.ceil(stored.data.length / nested.blockSize);
  if (!(stored.data instanceof Uint8Array) || code.length !== 256 || magnitudes.length !== blocks) {
    fail(
      'FILE_FORMAT',
      `${file.path}: ${name}: expected 8-bit magnitudes, 256 codes and ${blocks} nested magnitudes`,
    );
  }
  return Float32Array.from(stored.data, (byte, i) => {
    const magnitude = magnitudes[Math.floor(i / nested.blockSize)] as number;
    return fround((code[byte] as number) * magnitude) + fround(nested.offset);
  });
}

function roundTo(dtype: QuantState['dtype'], values: Float32Array): Float32Array {
  if (dtype === 'float16') return float16ToFloat32(float32ToFloat16(values));
  if (dtype === 'bfloat16') return bfloat16ToFloat32(float32ToBfloat16(values));
  return values;
}

function readState(where: string, { data }: Tensor): QuantState {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(Buffer.from(data as Uint8Array).toString('utf8'));
  } catch (error) {
    fail('FILE_FORMAT', `${where}${STATE}: expected JSON: ${(error as Error).message}`, { cause: error });
  }
  const { blocksize, shape, dtype, nested_blocksize: nestedBlockSize, nested_offset: offset } = json ?? {};
  const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 1;
  if (!isSize(blocksize) || !Array.isArray(shape) || elementCount(shape) === undefined) {
    fail(
      'FILE_FORMAT',
      `${where}${STATE}: expected blocksize and shape, got ${JSON.stringify(json).slice(0, 120)}`,
    );
  }
  if (dtype !== 'float32' && dtype !== 'float16' && dtype !== 'bfloat16') {
    fail(
      'FILE_FORMAT',
      `${where}${STATE}: dtype: expected float32, float16 or bfloat16, got ${JSON.stringify(dtype)}`,
    );
  }
  const nested =
    isSize(nestedBlockSize) && typeof offset === 'number'
      ? { blockSize: nestedBlockSize, offset }
      : undefined;
  return { blockSize: blocksize, shape, dtype, ...(nested === undefined ? {} : { nested }) };
}
