/**
 * Writing NF4 as bitsandbytes' quantize_4bit does (QLoRA: Dettmers et al. 2023, section 3), with or without double
 * quantization: the same bytes in the same tensors. See nf4.ts for the layout and for reading it.
 *
 * Double quantization is that of bitsandbytes' compiled CPU library (0.50.2), which finds a magnitude's code by a table of
 * 65,536 steps and so may miss the nearest by one; its CUDA kernel does not. Decoding knows no such difference.
 */
import { fail } from '@llama-xr/core';
import { cascadeSum } from './cascade-sum.ts';
import { largestOfBlocks, nearestCode, SIGNED_MAP, scaled } from './dynamic-map.ts';
import { NF4_CODE } from './nf4.ts';
import { type Tensor, tensor } from './tensor.ts';

const BLOCK = 64;
/** Magnitudes that share one of their own. */
const NESTED_BLOCK = 256;
/** Of bitsandbytes' table over [-1, 1]. */
const TABLE_STEPS = 65_536;
const { fround } = Math;

const CODE = Float32Array.from(NF4_CODE);
const BOUNDS = Float32Array.from({ length: 15 }, (_, i) =>
  fround(fround((CODE[i] as number) + (CODE[i + 1] as number)) / 2),
);

export interface Nf4Options {
  /** The type that the matrix had: decoders round to it. */
  readonly dtype?: 'float32' | 'float16' | 'bfloat16';
  /** Magnitudes in 8 bits: 4.127 bits a weight instead of 4.5. On where absent. */
  readonly doubleQuantization?: boolean;
}

/**
 * The tensors of an NF4 matrix under their names in a safetensors file.
 * @param values of the matrix, in blocks of 64 along its rows
 * @throws LlamaXrError INPUT for part of a block.
 */
export function encodeNf4(
  name: string,
  shape: readonly [number, number],
  values: Float32Array,
  { dtype = 'float32', doubleQuantization = true }: Nf4Options = {},
): Map<string, Tensor> {
  if (values.length !== shape[0] * shape[1] || shape[1] % BLOCK !== 0)
    fail('INPUT', `${name}: expected [${shape.join(', ')}] in rows of whole blocks of ${BLOCK}`);
  const magnitudes = largestOfBlocks(values, BLOCK);
  const packed = new Uint8Array(values.length / 2);
  const nibble = (i: number) =>
    nearestCode(BOUNDS, scaled(values[i] as number, magnitudes[Math.floor(i / BLOCK)] as number));
  for (let i = 0; i < packed.length; i++) packed[i] = (nibble(2 * i) << 4) | nibble(2 * i + 1);
  const tensors = new Map<string, Tensor>([
    [name, tensor('uint8', [packed.length, 1], packed)],
    [`${name}.quant_map`, tensor('float32', [16], CODE)],
  ]);
  const nested = doubleQuantization ? nestMagnitudes(name, magnitudes, tensors) : {};
  if (!doubleQuantization) tensors.set(`${name}.absmax`, tensor('float32', [magnitudes.length], magnitudes));
  const state = { quant_type: 'nf4', blocksize: BLOCK, dtype, shape, ...nested };
  const json = Buffer.from(pythonJson(state));
  tensors.set(`${name}.quant_state.bitsandbytes__nf4`, tensor('uint8', [json.length], Uint8Array.from(json)));
  return tensors;
}

/** Magnitudes less their mean, in 8 bits: the state's fields for them. */
function nestMagnitudes(name: string, magnitudes: Float32Array, tensors: Map<string, Tensor>) {
  const offset = fround(cascadeSum(magnitudes) / magnitudes.length);
  const centred = magnitudes.map((magnitude) => magnitude - offset);
  const nested = largestOfBlocks(centred, NESTED_BLOCK);
  const codes = Uint8Array.from(centred, (value, i) => {
    const largest = nested[Math.floor(i / NESTED_BLOCK)] as number;
    return largest === 0 ? 0 : codeByTable(fround(value / largest));
  });
  tensors.set(`${name}.absmax`, tensor('uint8', [codes.length], codes));
  tensors.set(`${name}.nested_absmax`, tensor('float32', [nested.length], nested));
  tensors.set(`${name}.nested_quant_map`, tensor('float32', [256], SIGNED_MAP.code));
  return { nested_blocksize: NESTED_BLOCK, nested_dtype: 'float32', nested_offset: offset };
}

/** The code nearest to the middle of the step that x in [-1, 1] falls into. */
function codeByTable(x: number): number {
  const share = fround(fround(x + 1) * 0.5);
  const step = Math.trunc(fround(fround(share * (TABLE_STEPS - 1)) + 0.5));
  return nearestCode(SIGNED_MAP.bounds, (2 * step) / (TABLE_STEPS - 1) - 1);
}

/** As Python's json.dumps writes it: a space after each comma and colon. */
function pythonJson(fields: Record<string, unknown>): string {
  const written = (value: unknown): string =>
    Array.isArray(value) ? `[${value.map(written).join(', ')}]` : JSON.stringify(value);
  return `{${Object.entries(fields)
    .map(([key, value]) => `${JSON.stringify(key)}: ${written(value)}`)
    .join(', ')}}`;
}
