/**
 * Writing NF4 as bitsandbytes' quantize_4bit does (QLoRA: Dettmers et al. 2023, section 3), with or without double
 * quantization: the same bytes in the same tensors. See nf4.ts for the layout and for reading it.
 *
 * Magnitudes get their nearest code, as from bitsandbytes' CUDA kernel and PyTorch code; its compiled CPU library (0.50.2)
 * looks float32 up in a coarse table and may miss it by one. Decoding knows no such difference.
 */
import { fail } from '@llama-xr/core';
import { largestOfBlocks, nearestCode, quantizeBlockwise, SIGNED_MAP, scaled } from './dynamic-map.ts';
import { NF4_CODE } from './nf4.ts';
import { type Tensor, tensor } from './tensor.ts';

const BLOCK = 64;
/** Magnitudes that share one of their own. */
const NESTED_BLOCK = 256;
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
  /**
   * What is taken from magnitudes before they are put in 8 bits: their mean, summed in float64 and rounded once, where
   * absent. PyTorch sums float32 in an order that depends on processor and threads, so that bitsandbytes' mean may be a
   * float beside it: to match a file of another machine, give its `nested_offset`.
   */
  readonly offset?: number;
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
  { dtype = 'float32', doubleQuantization = true, offset }: Nf4Options = {},
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
  const nested = doubleQuantization ? nestMagnitudes(name, magnitudes, tensors, offset) : {};
  if (!doubleQuantization) tensors.set(`${name}.absmax`, tensor('float32', [magnitudes.length], magnitudes));
  const state = { quant_type: 'nf4', blocksize: BLOCK, dtype, shape, ...nested };
  const json = Buffer.from(pythonJson(state));
  tensors.set(`${name}.quant_state.bitsandbytes__nf4`, tensor('uint8', [json.length], Uint8Array.from(json)));
  return tensors;
}

/** Magnitudes less their mean, in 8 bits: the state's fields for them. */
function nestMagnitudes(
  name: string,
  magnitudes: Float32Array,
  tensors: Map<string, Tensor>,
  offset = meanOf(magnitudes),
) {
  const centred = magnitudes.map((magnitude) => fround(magnitude - offset));
  const { codes, magnitudes: nested } = quantizeBlockwise(centred, SIGNED_MAP, NESTED_BLOCK);
  tensors.set(`${name}.absmax`, tensor('uint8', [codes.length], codes));
  tensors.set(`${name}.nested_absmax`, tensor('float32', [nested.length], nested));
  tensors.set(`${name}.nested_quant_map`, tensor('float32', [256], SIGNED_MAP.code));
  return { nested_blocksize: NESTED_BLOCK, nested_dtype: 'float32', nested_offset: offset };
}

function meanOf(values: Float32Array): number {
  return fround(values.reduce((sum, value) => sum + value, 0) / values.length);
}

/** As Python's json.dumps writes it: a space after each comma and colon. */
function pythonJson(fields: Record<string, unknown>): string {
  const written = (value: unknown): string =>
    Array.isArray(value) ? `[${value.map(written).join(', ')}]` : JSON.stringify(value);
  return `{${Object.entries(fields)
    .map(([key, value]) => `${JSON.stringify(key)}: ${written(value)}`)
    .join(', ')}}`;
}
