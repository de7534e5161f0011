/**
 * A Llama as Hugging Face stores it: `config.json` and `model.safetensors`, whole or in shards. The rows of q and k
 * are put in GGUF's order, so that every base looks the same to the graphs. NF4 matrices (bitsandbytes) are decoded.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail } from '@llama-xr/core';
import { decodeNf4, isNf4, nf4Shape, openSafetensors, type Safetensors, toFloat32 } from '@llama-xr/tensor';
import type { LlamaConfig, Projection } from '../model/weights-type.ts';
import type { BaseWeights } from './base-weights.ts';
import { checkTensors, type TensorNames } from './check-tensors.ts';
import { llamaConfigOfHuggingFace, readJsonFile } from './hugging-face-config.ts';
import { llama3RopeFactors } from './rope-scaling.ts';
import { interleaveRotaryRows } from './rotary-rows.ts';

const PARTS = {
  attentionNorm: 'input_layernorm',
  feedForwardNorm: 'post_attention_layernorm',
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
} as const;

export const HUGGING_FACE_NAMES: TensorNames = {
  embedding: 'model.embed_tokens.weight',
  outputNorm: 'model.norm.weight',
  output: 'lm_head.weight',
  layer: (layer, part) => `model.layers.${layer}.${PARTS[part]}.weight`,
};

export function openHuggingFaceWeights(folder: string): BaseWeights {
  const config = llamaConfigOfHuggingFace(join(folder, 'config.json'));
  const files = openShards(folder);
  try {
    return new HuggingFaceWeights(folder, config, files);
  } catch (error) {
    for (const file of files) file[Symbol.dispose]();
    throw error;
  }
}

class HuggingFaceWeights implements BaseWeights {
  readonly path: string;
  readonly config: LlamaConfig;
  readonly ropeFactors?: Float32Array;
  readonly #files: readonly Safetensors[];
  #embedding: Float32Array | undefined;
  #output: Float32Array | undefined;

  constructor(folder: string, config: LlamaConfig, files: readonly Safetensors[]) {
    this.path = folder;
    this.config = config;
    this.#files = files;
    checkTensors(folder, config, HUGGING_FACE_NAMES, (name) => this.#shapeOf(name));
    if (config.ropeScaling !== undefined) {
      this.ropeFactors = llama3RopeFactors(config.headSize, config.ropeBase, config.ropeScaling);
    }
  }

  matrix(layer: number, projection: Projection): Float32Array {
    const matrix = this.#read(HUGGING_FACE_NAMES.layer(layer, projection));
    const { heads, kvHeads, headSize } = this.config;
    if (projection === 'q') return interleaveRotaryRows(matrix, heads, headSize);
    if (projection === 'k') return interleaveRotaryRows(matrix, kvHeads, headSize);
    return matrix;
  }

  norms(layer: number) {
    return {
      attention: this.#read(HUGGING_FACE_NAMES.layer(layer, 'attentionNorm')),
      feedForward: this.#read(HUGGING_FACE_NAMES.layer(layer, 'feedForwardNorm')),
    };
  }

  get embedding(): Float32Array {
    this.#embedding ??= this.#read(HUGGING_FACE_NAMES.embedding);
    return this.#embedding;
  }

  get outputNorm(): Float32Array {
    return this.#read(HUGGING_FACE_NAMES.outputNorm);
  }

  get output(): Float32Array | undefined {
    if (this.config.tiedEmbedding) return undefined;
    this.#output ??= this.#read(HUGGING_FACE_NAMES.output);
    return this.#output;
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) file[Symbol.dispose]();
  }

  #file(name: string): Safetensors | undefined {
    return this.#files.find((file) => file.tensors.has(name));
  }

  #shapeOf(name: string): readonly number[] | undefined {
    const file = this.#file(name);
    if (file === undefined) return undefined;
    return isNf4(file, name) ? nf4Shape(file, name) : file.tensors.get(name)?.shape;
  }

  #read(name: string): Float32Array {
    const file = this.#file(name) ?? fail('MODEL', `${this.path}: tensor ${name} is missing`);
    return toFloat32(isNf4(file, name) ? decodeNf4(file, name) : file.read(name));
  }
}

/** `model.safetensors`, or the shards that its index names. */
function openShards(folder: string): Safetensors[] {
  const whole = join(folder, 'model.safetensors');
  const index = `${whole}.index.json`;
  if (existsSync(whole) || !existsSync(index)) return [openSafetensors(whole)];
  const map = (readJsonFile(index) as { weight_map?: unknown } | null)?.weight_map;
  const shards = new Set(Object.values(map ?? {}).map(String));
  const opened: Safetensors[] = [];
  try {
    for (const shard of shards) {
      if (shard !== basename(shard)) {
        fail('FILE_HOSTILE', `${index}: expected names of files beside it, got ${JSON.stringify(shard)}`);
      }
      opened.push(openSafetensors(join(folder, shard)));
    }
  } catch (error) {
    for (const file of opened) file[Symbol.dispose]();
    throw error;
  }
  return opened;
}
