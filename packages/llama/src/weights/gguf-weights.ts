/**
 * A Llama in GGUF, as llama.cpp's converter writes it: configuration from the metadata, weights by name. 4-bit
 * matrices stay in 4 bits (Q4_0, Q4_1, Q4_K); others are dequantized.
 */
import { fail, Mistakes } from '@llama-xr/core';
import { type Gguf, isAffineQ4, openGguf, unpackQ4 } from '@llama-xr/tensor';
import {
  type LlamaConfig,
  type MatrixWeights,
  PROJECTIONS,
  type Projection,
  projectionShape,
} from '../model/weights-type.ts';
import type { BaseWeights } from './base-weights.ts';
import { checkConfig } from './check-config.ts';

/** GGUF's names of the projections, as in `blk.0.attn_q.weight`. */
export const GGUF_PROJECTIONS: Readonly<Record<Projection, string>> = {
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  o: 'attn_output',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
};

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
    checkTensors(gguf, this.config);
    const factors = ropeFactors(gguf, this.config);
    if (factors !== undefined) this.ropeFactors = factors;
  }

  matrix(layer: number, projection: Projection): MatrixWeights {
    const name = `blk.${layer}.${GGUF_PROJECTIONS[projection]}.weight`;
    const { type } = this.#gguf.tensor(name);
    return isAffineQ4(type) ? unpackQ4(type, this.#gguf.read(name)) : this.#gguf.dequantize(name);
  }

  norms(layer: number) {
    return {
      attention: this.#gguf.dequantize(`blk.${layer}.attn_norm.weight`),
      feedForward: this.#gguf.dequantize(`blk.${layer}.ffn_norm.weight`),
    };
  }

  get embedding(): Float32Array {
    this.#embedding ??= this.#gguf.dequantize('token_embd.weight');
    return this.#embedding;
  }

  get outputNorm(): Float32Array {
    return this.#gguf.dequantize('output_norm.weight');
  }

  get output(): Float32Array | undefined {
    if (this.config.tiedEmbedding) return undefined;
    this.#output ??= this.#gguf.dequantize('output.weight');
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
    vocabulary: gguf.tensors.get('token_embd.weight')?.shape[0] ?? number('vocab_size'),
    ropeBase: number('rope.freq_base', 10_000),
    rmsEps: number('attention.layer_norm_rms_epsilon'),
    contextLength: number('context_length'),
    tiedEmbedding: !gguf.tensors.has('output.weight'),
  };
  missing.throwIfAny('MODEL', gguf.path);
  for (const key of ['attention.value_length', 'rope.dimension_count']) {
    const value = number(key, headSize);
    if (value !== headSize) {
      fail('MODEL', `${gguf.path}: llama.${key}: expected the head size ${headSize}, got ${value}`);
    }
  }
  return checkConfig(gguf.path, config);
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

/** At most this many missing tensors are listed by name. */
const LISTED = 12;

function checkTensors(gguf: Gguf, config: LlamaConfig): void {
  const wanted = wantedTensors(config);
  const mistakes = new Mistakes();
  const missing = [...wanted.keys()].filter((name) => !gguf.tensors.has(name));
  for (const name of missing.slice(0, LISTED)) mistakes.add(`tensor ${name} is missing`);
  if (missing.length > LISTED) mistakes.add(`and ${missing.length - LISTED} more tensors are missing`);
  for (const [name, shape] of wanted) {
    const got = gguf.tensors.get(name)?.shape;
    if (got !== undefined && got.join() !== shape.join()) {
      mistakes.add(`tensor ${name}: expected shape [${shape.join(', ')}], got [${got.join(', ')}]`);
    }
  }
  for (const name of gguf.tensors.keys()) {
    if (name.endsWith('.bias')) mistakes.add(`tensor ${name}: expected a Llama, which has no biases`);
  }
  mistakes.throwIfAny('MODEL', gguf.path);
}

/** Every tensor that the graphs read, with its shape. */
function wantedTensors(config: LlamaConfig): Map<string, readonly number[]> {
  const { width, vocabulary } = config;
  const wanted = new Map<string, readonly number[]>([
    ['token_embd.weight', [vocabulary, width]],
    ['output_norm.weight', [width]],
  ]);
  if (!config.tiedEmbedding) wanted.set('output.weight', [vocabulary, width]);
  for (let layer = 0; layer < config.layers; layer++) {
    for (const norm of ['attn_norm', 'ffn_norm']) wanted.set(`blk.${layer}.${norm}.weight`, [width]);
    for (const projection of PROJECTIONS) {
      wanted.set(`blk.${layer}.${GGUF_PROJECTIONS[projection]}.weight`, projectionShape(config, projection));
    }
  }
  return wanted;
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
  if (!gguf.tensors.has('rope_freqs.weight')) {
    return linear === 1 ? undefined : new Float32Array(length).fill(linear);
  }
  const factors = gguf.dequantize('rope_freqs.weight');
  if (factors.length !== length || !factors.every((factor) => factor > 0)) {
    fail(
      'MODEL',
      `${gguf.path}: rope_freqs.weight: expected ${length} factors over 0, got ${factors.length} values`,
    );
  }
  return factors.map((factor) => factor * linear);
}
