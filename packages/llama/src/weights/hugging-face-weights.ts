/**
 * A Llama as Hugging Face stores it: `config.json` and `model.safetensors`, whole or in shards. The rows of q and k
 * are put in GGUF's order, so that every base looks the same to the graphs. NF4 matrices (bitsandbytes) are decoded.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, Mistakes } from '@llama-xr/core';
import {
  decodeNf4,
  isNf4,
  openSafetensors,
  type Safetensors,
  type Tensor,
  toFloat32,
} from '@llama-xr/tensor';
import { type LlamaConfig, PROJECTIONS, type Projection, projectionShape } from '../model/weights-type.ts';
import type { BaseWeights } from './base-weights.ts';
import { llamaConfigOfHuggingFace, readJsonFile } from './hugging-face-config.ts';
import { llama3RopeFactors } from './rope-scaling.ts';
import { interleaveRotaryRows } from './rotary-rows.ts';

/** Hugging Face's names of the projections, as in `model.layers.0.self_attn.q_proj.weight`. */
export const HUGGING_FACE_PROJECTIONS: Readonly<Record<Projection, string>> = {
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
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
    this.#checkTensors();
    if (config.ropeScaling !== undefined) {
      this.ropeFactors = llama3RopeFactors(config.headSize, config.ropeBase, config.ropeScaling);
    }
  }

  matrix(layer: number, projection: Projection): Float32Array {
    const name = `model.layers.${layer}.${HUGGING_FACE_PROJECTIONS[projection]}.weight`;
    const matrix = this.#read(name, projectionShape(this.config, projection));
    const { heads, kvHeads, headSize } = this.config;
    if (projection === 'q') return interleaveRotaryRows(matrix, heads, headSize);
    if (projection === 'k') return interleaveRotaryRows(matrix, kvHeads, headSize);
    return matrix;
  }

  norms(layer: number) {
    const { width } = this.config;
    return {
      attention: this.#read(`model.layers.${layer}.input_layernorm.weight`, [width]),
      feedForward: this.#read(`model.layers.${layer}.post_attention_layernorm.weight`, [width]),
    };
  }

  get embedding(): Float32Array {
    const { vocabulary, width } = this.config;
    this.#embedding ??= this.#read('model.embed_tokens.weight', [vocabulary, width]);
    return this.#embedding;
  }

  get outputNorm(): Float32Array {
    return this.#read('model.norm.weight', [this.config.width]);
  }

  get output(): Float32Array | undefined {
    if (this.config.tiedEmbedding) return undefined;
    const { vocabulary, width } = this.config;
    this.#output ??= this.#read('lm_head.weight', [vocabulary, width]);
    return this.#output;
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) file[Symbol.dispose]();
  }

  #file(name: string): Safetensors | undefined {
    return this.#files.find((file) => file.tensors.has(name));
  }

  #read(name: string, shape: readonly number[]): Float32Array {
    const file = this.#file(name) ?? fail('MODEL', `${this.path}: tensor ${name} is missing`);
    const tensor: Tensor = isNf4(file, name) ? decodeNf4(file, name) : file.read(name);
    if (tensor.shape.join() !== shape.join()) {
      fail(
        'MODEL',
        `${file.path}: ${name}: expected shape [${shape.join(', ')}], got [${tensor.shape.join(', ')}]`,
      );
    }
    return toFloat32(tensor);
  }

  #checkTensors(): void {
    const names = ['model.embed_tokens.weight', 'model.norm.weight'];
    if (!this.config.tiedEmbedding) names.push('lm_head.weight');
    for (let layer = 0; layer < this.config.layers; layer++) {
      const parts = [
        'input_layernorm',
        'post_attention_layernorm',
        ...PROJECTIONS.map((p) => HUGGING_FACE_PROJECTIONS[p]),
      ];
      names.push(...parts.map((part) => `model.layers.${layer}.${part}.weight`));
    }
    const missing = names.filter((name) => this.#file(name) === undefined);
    const mistakes = new Mistakes();
    for (const name of missing.slice(0, 12)) mistakes.add(`tensor ${name} is missing`);
    if (missing.length > 12) mistakes.add(`and ${missing.length - 12} more tensors are missing`);
    mistakes.throwIfAny('MODEL', this.path);
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
