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
export interface Nf4State {
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

/** What an NF4 matrix was before it was packed. */
export function nf4Layout(file: Safetensors, name: string): Nf4State {
  return readState(`${file.path}: ${name}`, file.read(name + STATE));
}

/** An NF4 matrix as it is stored, its magnitudes in float32. */
interface Nf4Parts extends Nf4State {
  readonly count: number;
  /** Two weights a byte, the first in the high nibble. */
  readonly packed: Uint8Array;
  readonly code: Float32Array;
  readonly magnitudes: Float32Array;
}

function readParts(file: Safetensors, name: string): Nf4Parts {
  const where = `${file.path}: ${name}`;
  const state = nf4Layout(file, name);
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
  return { ...state, count, packed, code, magnitudes };
}

/**
 * Decodes an NF4 matrix, rounded to the type it was quantized from, as bitsandbytes' dequantize_4bit does.
 * @returns a float32 tensor of the original shape
 * @throws LlamaXrError FILE_FORMAT when the parts do not fit each other.
 */
export function decodeNf4(file: Safetensors, name: string): Tensor {
  const { count, packed, code, magnitudes, blockSize, shape, dtype } = readParts(file, name);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const nibble = ((packed[i >> 1] as number) >> (i & 1 ? 0 : 4)) & 15;
    values[i] = (code[nibble] as number) * (magnitudes[Math.floor(i / blockSize)] as number);
  }
  return tensor('float32', shape, roundTo(dtype, values));
}

/** An NF4 matrix in blocks of 32 weights, as graphs take them: `w = code[nibble] * scale`, rounded to a type. */
export interface Nf4Blocks {
  /** [blocks, 16]: low nibbles are the first 16 weights of a block, high nibbles the last 16. */
  readonly nibbles: Uint8Array;
  /** [blocks] */
  readonly scale: Float32Array;
  /** [16] */
  readonly code: Float32Array;
  readonly rounded: Nf4State['dtype'];
}

/** @throws LlamaXrError as {@link decodeNf4}; FILE_UNSUPPORTED where a block is no whole number of 32 weights. */
export function readNf4Blocks(file: Safetensors, name: string): Nf4Blocks {
  const { count, packed, code, magnitudes, blockSize, dtype } = readParts(file, name);
  if (blockSize % 32 !== 0 || count % 32 !== 0)
    fail(
      'FILE_UNSUPPORTED',
      `${file.path}: ${name}: expected blocks of a multiple of 32 weights, got ${blockSize}`,
    );
  const nibbles = new Uint8Array(count / 2);
  for (let at = 0; at < nibbles.length; at += 16) {
    for (let pair = 0; pair < 8; pair++) {
      const first = packed[at + pair] as number;
      const last = packed[at + 8 + pair] as number;
      nibbles[at + 2 * pair] = (first >> 4) | (last & 0xf0);
      nibbles[at + 2 * pair + 1] = (first & 15) | ((last & 15) << 4);
    }
  }
  const scale = Float32Array.from(
    { length: count / 32 },
    (_, i) => magnitudes[Math.floor((i * 32) / blockSize)] as number,
  );
  return { nibbles, scale, code, rounded: dtype };
}

/** One magnitude a block; in 8 bits: code[byte] * nested magnitude + offset, each step rounded to float32. */
function readMagnitudes(file: Safetensors, name: string, { nested }: Nf4State): Float32Array {
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

function roundTo(dtype: Nf4State['dtype'], values: Float32Array): Float32Array {
  if (dtype === 'float16') return float16ToFloat32(float32ToFloat16(values));
  if (dtype === 'bfloat16') return bfloat16ToFloat32(float32ToBfloat16(values));
  return values;
}

function readState(where: string, { data }: Tensor): Nf4State {
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
