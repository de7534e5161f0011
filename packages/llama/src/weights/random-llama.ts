/**
 * A Llama of any shape with random weights in Q4_K: what a model of that size costs, without having one. Its super-blocks
 * are drawn directly (ggml-common.h, block_q4_K) - rounding billions of normal deviates would take an hour - so weights
 * are uniform over 16 steps about 0. It has learned nothing.
 */
import { fail, Random } from '@llama-xr/core';
import {
  bytesOf,
  elementCount,
  float32ToFloat16,
  GGML_TYPES,
  type GgufTensorToWrite,
  type GgufValue,
  ggmlByteLength,
  gguf,
  writeGguf,
} from '@llama-xr/tensor';
import { type LlamaConfig, PROJECTIONS, projectionShape } from '../model/weights-type.ts';
import { llamaMetadata } from './gguf-metadata.ts';
import { GGUF_NAMES } from './gguf-weights.ts';
import { llama3RopeFactors } from './rope-scaling.ts';

/** Llama 3.1 8B (Grattafiori et al. 2024, arXiv 2407.21783, table 3; its config.json). */
export const LLAMA_3_1_8B: LlamaConfig = {
  layers: 32,
  width: 4096,
  feedForward: 14336,
  heads: 32,
  kvHeads: 8,
  headSize: 128,
  vocabulary: 128_256,
  ropeBase: 500_000,
  ropeScaling: { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192 },
  rmsEps: 1e-5,
  contextLength: 131_072,
  tiedEmbedding: false,
};

/** Standard deviation of the weights, as Llamas are initialised. */
const DEVIATION = 0.02;

export interface RandomLlamaOptions {
  /** `tokenizer.ggml.*` of the vocabulary, as another file has them. */
  readonly vocabulary: Iterable<readonly [string, GgufValue]>;
  readonly seed: number;
}

/**
 * Streams the file: one tensor's bytes are in memory at a time.
 * @throws LlamaXrError INPUT when a row is no whole number of super-blocks of 256.
 */
export function writeRandomLlama(
  path: string,
  config: LlamaConfig,
  { vocabulary, seed }: RandomLlamaOptions,
): void {
  const { width, layers, tiedEmbedding } = config;
  const ones = () => bytesOf(new Float32Array(width).fill(1));
  const norm = (name: string): GgufTensorToWrite => ({ name, shape: [width], type: 'F32', data: ones });
  const matrix = (name: string, shape: readonly number[]): GgufTensorToWrite => {
    const data = () => randomQ4_K(elementCount(shape) ?? 0, new Random(`${seed}:${name}`));
    return { name, shape, type: 'Q4_K', data };
  };
  const tensors = [matrix(GGUF_NAMES.embedding, [config.vocabulary, width]), norm(GGUF_NAMES.outputNorm)];
  if (!tiedEmbedding) tensors.push(matrix(GGUF_NAMES.output, [config.vocabulary, width]));
  if (config.ropeScaling) {
    const factors = llama3RopeFactors(config.headSize, config.ropeBase, config.ropeScaling);
    tensors.push({
      name: GGUF_NAMES.ropeFactors,
      shape: [factors.length],
      type: 'F32',
      data: bytesOf(factors),
    });
  }
  for (let layer = 0; layer < layers; layer++) {
    for (const part of ['attentionNorm', 'feedForwardNorm'] as const) {
      tensors.push(norm(GGUF_NAMES.layer(layer, part)));
    }
    for (const part of PROJECTIONS) {
      tensors.push(matrix(GGUF_NAMES.layer(layer, part), projectionShape(config, part)));
    }
  }
  const metadata = [
    ...llamaMetadata(config, 'random weights'),
    ['general.file_type', gguf.uint32(14)] as const,
  ];
  writeGguf(path, { metadata: [...metadata, ...vocabulary], tensors });
}

/** d, dmin (f16), 12 bytes of 6-bit scales and minima, 128 bytes of nibbles: w = d sc q - dmin m. */
function randomQ4_K(count: number, random: Random): Uint8Array {
  const { block, bytes } = GGML_TYPES.Q4_K;
  const length =
    ggmlByteLength('Q4_K', count) ?? fail('INPUT', `Q4_K: expected whole blocks of ${block}, got ${count}`);
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i++) words[i] = random.uint32();
  const out = new Uint8Array(words.buffer);
  const head = superBlockHead();
  for (let at = 0; at < length; at += bytes) out.set(head, at);
  return out;
}

/**
 * The first 16 bytes of every super-block: all scales and minima are 32, so that w = 32 d (q - 7.5), and q uniform on
 * 0..15 has a deviation of sqrt((16^2 - 1) / 12).
 */
function superBlockHead(): Uint8Array {
  const level = 32;
  const d = DEVIATION / level / Math.sqrt(255 / 12);
  const halves = bytesOf(float32ToFloat16(Float32Array.of(d, 7.5 * d)));
  // Bytes 0-3 and 4-7: scales and minima of the first four sub-blocks, with the high bits of the last four above them;
  // bytes 8-11: the low bits of those.
  const first = level | ((level >> 4) << 6);
  const scales = Uint8Array.from({ length: 12 }, (_, i) =>
    i < 8 ? first : (level & 15) | ((level & 15) << 4),
  );
  return Uint8Array.of(...halves, ...scales);
}
