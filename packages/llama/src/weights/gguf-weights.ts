/**
 * A Llama in GGUF, as llama.cpp's converter writes it: configuration from the metadata, weights by name. 4-bit
 * matrices stay in 4 bits (Q4_0, Q4_1, Q4_K); others are dequantized.
 */
import { fail, Mistakes } from '@llama-xr/core';
import { type Gguf, isAffineQ4, openGguf, unpackQ4 } from '@llama-xr/tensor';
import type { LlamaConfig, MatrixWeights, Projection } from '../model/weights-type.ts';
import type { BaseWeights } from './base-weights.ts';
import { checkConfig } from './check-config.ts';
import { checkTensors, type TensorNames } from './check-tensors.ts';

const PARTS = {
  attentionNorm: 'attn_norm',
  feedForwardNorm: 'ffn_norm',
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  o: 'attn_output',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
} as const;

export const GGUF_NAMES = {
  embedding: 'token_embd.weight',
  outputNorm: 'output_norm.weight',
  output: 'output.weight',
  ropeFactors: 'rope_freqs.weight',
  layer: (layer: number, part: keyof typeof PARTS) => `blk.${layer}.${PARTS[part]}.weight`,
} satisfies TensorNames & { ropeFactors: string };

export function openGgufWeights(path: string): BaseWeights {
  const gguf = openGguf(path);
  try {
    return new GgufWeights(gguf);
  } catch (error) {
    gguf[Symbol.dispose]();
    throw error;
  }
}

class GgufWeights implements BaseWeights {
  readonly path: string;
  readonly config: LlamaConfig;
  readonly ropeFactors?: Float32Array;
  readonly #gguf: Gguf;
  #embedding: Float32Array | undefined;
  #output: Float32Array | undefined;

  constructor(gguf: Gguf) {
    this.path = gguf.path;
    this.#gguf = gguf;
    this.config = llamaConfigOfGguf(gguf);
    checkTensors(gguf.path, this.config, GGUF_NAMES, (name) => gguf.tensors.get(name)?.shape);
    refuseBiases(gguf);
    const factors = ropeFactors(gguf, this.config);
    if (factors !== undefined) this.ropeFactors = factors;
  }

  matrix(layer: number, projection: Projection): MatrixWeights {
    const name = GGUF_NAMES.layer(layer, projection);
    const { type } = this.#gguf.tensor(name);
    return isAffineQ4(type) ? unpackQ4(type, this.#gguf.read(name)) : this.#gguf.dequantize(name);
  }

  norms(layer: number) {
    return {
      attention: this.#gguf.dequantize(GGUF_NAMES.layer(layer, 'attentionNorm')),
      feedForward: this.#gguf.dequantize(GGUF_NAMES.layer(layer, 'feedForwardNorm')),
    };
  }

  get embedding(): Float32Array {
    this.#embedding ??= this.#gguf.dequantize(GGUF_NAMES.embedding);
    return this.#embedding;
  }

  get outputNorm(): Float32Array {
    return this.#gguf.dequantize(GGUF_NAMES.outputNorm);
  }

  get output(): Float32Array | undefined {
    if (this.config.tiedEmbedding) return undefined;
    this.#output ??= this.#gguf.dequantize(GGUF_NAMES.output);
    return this.#output;
  }

  [Symbol.dispose](): void {
    this.#gguf[Symbol.dispose]();
  }
}

/** @throws LlamaXrError MODEL when the file holds another kind of model, or keys are missing or impossible. */
export function llamaConfigOfGguf(gguf: Gguf): LlamaConfig {
  checkArchitecture(gguf);
  const missing = new Mistakes();
  const number = (key: string, otherwise?: number): number => {
    const value = gguf.number(`llama.${key}`) ?? otherwise;
    if (value === undefined) missing.add(`metadata: llama.${key} is missing`);
    return value ?? 0;
  };
  const heads = number('attention.head_count');
  const width = number('embedding_length');
  const headSize = number('attention.key_length', width / heads);
  const config = {
    layers: number('block_count'),
    width,
    feedForward: number('feed_forward_length'),
    heads,
    kvHeads: number('attention.head_count_kv', heads),
    headSize,
    vocabulary: gguf.tensors.get(GGUF_NAMES.embedding)?.shape[0] ?? number('vocab_size'),
    ropeBase: number('rope.freq_base', 10_000),
    rmsEps: number('attention.layer_norm_rms_epsilon'),
    contextLength: number('context_length'),
    tiedEmbedding: !gguf.tensors.has(GGUF_NAMES.output),
  };
  missing.throwIfAny('MODEL', gguf.path);
  checkConfig(gguf.path, config);
  for (const key of ['attention.value_length', 'rope.dimension_count']) {
    const value = number(key, headSize);
    if (value !== headSize) {
      fail('MODEL', `${gguf.path}: llama.${key}: expected the head size ${headSize}, got ${value}`);
    }
  }
  return config;
}

function checkArchitecture(gguf: Gguf): void {
  const type = gguf.string('general.type') ?? 'model';
  if (type !== 'model')
    fail('MODEL', `${gguf.path}: expected a model, got a GGUF of type ${JSON.stringify(type)}`);
  const architecture = gguf.string('general.architecture');
  if (architecture !== 'llama') {
    fail(
      'MODEL',
      `${gguf.path}: expected a model of architecture "llama", got ${JSON.stringify(architecture)}`,
    );
  }
  const experts = gguf.number('llama.expert_count') ?? 0;
  if (experts > 0) fail('MODEL', `${gguf.path}: expected a dense Llama, got a mixture of ${experts} experts`);
}

function refuseBiases(gguf: Gguf): void {
  const bias = [...gguf.tensors.keys()].find((name) => name.endsWith('.bias'));
  if (bias !== undefined)
    fail('MODEL', `${gguf.path}: expected a Llama, which has no biases, got tensor ${bias}`);
}

/** The table of the file (Llama 3.1), or a constant (linear scaling). */
function ropeFactors(gguf: Gguf, config: LlamaConfig): Float32Array | undefined {
  const length = config.headSize / 2;
  const type = gguf.string('llama.rope.scaling.type') ?? 'none';
  if (type !== 'none' && type !== 'linear') {
    fail(
      'MODEL',
      `${gguf.path}: llama.rope.scaling.type: expected none or linear, got ${JSON.stringify(type)}`,
    );
  }
  const linear = type === 'linear' ? (gguf.number('llama.rope.scaling.factor') ?? 1) : 1;
  if (!gguf.tensors.has(GGUF_NAMES.ropeFactors)) {
    return linear === 1 ? undefined : new Float32Array(length).fill(linear);
  }
  const factors = gguf.dequantize(GGUF_NAMES.ropeFactors);
  if (factors.length !== length || !factors.every((factor) => factor > 0)) {
    fail(
      'MODEL',
      `${gguf.path}: rope_freqs.weight: expected ${length} factors over 0, got ${factors.length} values`,
    );
  }
  return factors.map((factor) => factor * linear);
}
