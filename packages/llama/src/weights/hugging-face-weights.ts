/**
 * A Llama as Hugging Face stores it: `config.json` and `model.safetensors`, whole or in shards. The rows of q and k
 * are put in GGUF's order, so that every base looks the same to the graphs. NF4 matrices
 * (bitsandbytes) stay in 4 bits.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail } from '@llama-xr/core';
import {
  decodeNf4,
  isNf4,
  nf4Layout,
  openSafetensors,
  readNf4Blocks,
  type Safetensors,
  toFloat32,
} from '@llama-xr/tensor';
import { floatTable } from '../model/row-table.ts';
import type { LlamaConfig, MatrixForm, MatrixWeights, Projection, RowTable } from '../model/weights-type.ts';
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
  readonly embedding: RowTable;
  readonly output?: RowTable;

  constructor(folder: string, config: LlamaConfig, files: readonly Safetensors[]) {
    this.path = folder;
    this.config = config;
    this.#files = files;
    checkTensors(folder, config, HUGGING_FACE_NAMES, (name) => this.#shapeOf(name));
    if (config.ropeScaling !== undefined) {
      this.ropeFactors = llama3RopeFactors(config.headSize, config.ropeBase, config.ropeScaling);
    }
    this.embedding = this.#table(HUGGING_FACE_NAMES.embedding);
    if (!config.tiedEmbedding) this.output = this.#table(HUGGING_FACE_NAMES.output);
  }

  matrix(layer: number, projection: Projection): MatrixWeights {
    const name = HUGGING_FACE_NAMES.layer(layer, projection);
    const { heads, kvHeads, headSize } = this.config;
    const count = projection === 'q' ? heads : projection === 'k' ? kvHeads : 0;
    const ordered = <A extends Float32Array | Uint8Array>(rows: A): A =>
      count === 0 ? rows : interleaveRotaryRows(rows, count, headSize);
    if (this.form(layer, projection) === 'float32') return ordered(this.#read(name));
    const blocks = readNf4Blocks(this.#fileOf(name), name);
    return { ...blocks, nibbles: ordered(blocks.nibbles), scale: ordered(blocks.scale) };
  }

  /** NF4 stays in 4 bits where its blocks do not reach over the end of a row. */
  form(layer: number, projection: Projection): MatrixForm {
    const name = HUGGING_FACE_NAMES.layer(layer, projection);
    const file = this.#fileOf(name);
    if (!isNf4(file, name)) return 'float32';
    const { blockSize, shape, dtype } = nf4Layout(file, name);
    return (shape[1] as number) % blockSize === 0 && blockSize % 32 === 0 ? `code4 ${dtype}` : 'float32';
  }

  norms(layer: number) {
    return {
      attention: this.#read(HUGGING_FACE_NAMES.layer(layer, 'attentionNorm')),
      feedForward: this.#read(HUGGING_FACE_NAMES.layer(layer, 'feedForwardNorm')),
    };
  }

  get outputNorm(): Float32Array {
    return this.#read(HUGGING_FACE_NAMES.outputNorm);
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
    return isNf4(file, name) ? nf4Layout(file, name).shape : file.tensors.get(name)?.shape;
  }

  #read(name: string): Float32Array {
    const file = this.#fileOf(name);
    return toFloat32(isNf4(file, name) ? decodeNf4(file, name) : file.read(name));
  }

  #fileOf(name: string): Safetensors {
    return this.#file(name) ?? fail('MODEL', `${this.path}: tensor ${name} is missing`);
  }

  /** Rows are read as they are asked for. */
  #table(name: string): RowTable {
    const { width } = this.config;
    const file = this.#fileOf(name);
    if (isNf4(file, name)) return floatTable(this.#read(name), width);
    const part = (first: number, count: number) => toFloat32(file.readRows(name, first, count));
    return {
      form: 'float32',
      part,
      take(rows) {
        const values = new Float32Array(rows.length * width);
        rows.forEach((row, i) => {
          values.set(part(row, 1), i * width);
        });
        return values;
      },
    };
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
