/**
 * A Llama in GGUF, as llama.cpp's converter writes it: configuration from the metadata, weights by name. 4-bit
 * and 8-bit matrices stay as they are (Q4_0, Q4_1, Q4_K, Q6_K, Q8_0); others are dequantized.
 */
import { fail, Mistakes } from '@llama-xr/core';
import {
  dequantize,
  GGML_TYPES,
  type GgmlType,
  type Gguf,
  type GgufTensor,
  isAffineQ4,
  openGguf,
  unpackQ4,
  unpackQ8,
} from '@llama-xr/tensor';
import type { LlamaConfig, MatrixForm, MatrixWeights, Projection, RowTable } from '../model/weights-type.ts';
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
  readonly embedding: RowTable;
  readonly output?: RowTable;

  constructor(gguf: Gguf) {
    this.path = gguf.path;
    this.#gguf = gguf;
    this.config = llamaConfigOfGguf(gguf);
    checkTensors(gguf.path, this.config, GGUF_NAMES, (name) => gguf.tensors.get(name)?.shape);
    refuseBiases(gguf);
    const factors = ropeFactors(gguf, this.config);
    if (factors !== undefined) this.ropeFactors = factors;
    this.embedding = ggufTable(gguf, GGUF_NAMES.embedding);
    if (!this.config.tiedEmbedding) this.output = ggufTable(gguf, GGUF_NAMES.output);
  }

  matrix(layer: number, projection: Projection): MatrixWeights {
    const name = GGUF_NAMES.layer(layer, projection);
    return unpacked(this.#gguf.tensor(name), this.#gguf.read(name));
  }

  form(layer: number, projection: Projection): MatrixForm {
    return formOfType(this.#gguf.tensor(GGUF_NAMES.layer(layer, projection)).type);
  }

  norms(layer: number) {
    return {
      attention: this.#gguf.dequantize(GGUF_NAMES.layer(layer, 'attentionNorm')),
      feedForward: this.#gguf.dequantize(GGUF_NAMES.layer(layer, 'feedForwardNorm')),
    };
  }

  get outputNorm(): Float32Array {
    return this.#gguf.dequantize(GGUF_NAMES.outputNorm);
  }

  [Symbol.dispose](): void {
    this.#gguf[Symbol.dispose]();
  }
}

/** The form in which a graph is fed with a matrix of a type. */
function formOfType(type: GgmlType): MatrixForm {
  if (isAffineQ4(type)) return 'q4';
  return type === 'Q8_0' ? 'q8x32' : type === 'Q6_K' ? 'q8x16' : 'float32';
}

function unpacked({ type }: Pick<GgufTensor, 'type'>, bytes: Uint8Array): MatrixWeights {
  if (isAffineQ4(type)) return unpackQ4(type, bytes);
  if (type === 'Q8_0' || type === 'Q6_K') return unpackQ8(type, bytes);
  const { block, bytes: size } = GGML_TYPES[type];
  return dequantize(type, bytes, (bytes.byteLength / size) * block);
}

function ggufTable(gguf: Gguf, name: string): RowTable {
  const { type, shape } = gguf.tensor(name);
  const width = shape[1] as number;
  return {
    form: formOfType(type),
    take(rows) {
      const values = new Float32Array(rows.length * width);
      rows.forEach((row, i) => {
        values.set(dequantize(type, gguf.readRows(name, row, 1), width), i * width);
      });
      return values;
    },
    part: (first, count) => unpacked({ type }, gguf.readRows(name, first, count)),
  };
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
