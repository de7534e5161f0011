/**
 * Writes a base as a folder in Hugging Face's layout whose layers are in NF4 with double quantization (QLoRA, Dettmers et
 * al. 2023), as transformers and bitsandbytes save it and load it. Embedding, norms and head stay in float32, as there. A
 * shard for each layer, so that one layer at a time is in memory.
 */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type ReportProgress, silent, writeJson } from '@llama-xr/core';
import { encodeNf4, type Tensor, tensor, writeSafetensors } from '@llama-xr/tensor';
import { valuesOf } from '../model/row-table.ts';
import {
  type Llama3RopeScaling,
  type LlamaWeights,
  PROJECTIONS,
  projectionShape,
} from '../model/weights-type.ts';
import { type BaseWeights, openBaseWeights } from './base-weights.ts';
import { floatMatrix } from './float-matrix.ts';
import { HUGGING_FACE_NAMES } from './hugging-face-weights.ts';
import { isFolder } from './is-folder.ts';
import { llama3RopeFactors } from './rope-scaling.ts';
import { separateRotaryRows } from './rotary-rows.ts';

/** Beside the weights of a folder, where the source has them. */
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'];

export interface Nf4Folder {
  /** All tensors. */
  readonly bytes: number;
  readonly matrices: number;
  /** False for a GGUF, whose tokenizer is not put in Hugging Face's form. */
  readonly tokenizer: boolean;
}

/**
 * @param source see {@link openBaseWeights}
 * @param out folder to make; its `config.json` is written last, so that one that has it is whole
 * @throws LlamaXrError INPUT where a row is no whole number of blocks of 64; FILE_* as opening and writing do.
 */
export function writeNf4Folder(source: string, out: string, progress: ReportProgress = silent): Nf4Folder {
  using base = openBaseWeights(source);
  const { layers } = base.config;
  mkdirSync(out, { recursive: true });
  const shards = new Map<string, string>();
  let bytes = 0;
  const write = (number: number, tensors: ReadonlyMap<string, Tensor>) => {
    const of = `${layers + 1}`.padStart(5, '0');
    const file = `model-${`${number + 1}`.padStart(5, '0')}-of-${of}.safetensors`;
    writeSafetensors(join(out, file), tensors, { format: 'pt' });
    for (const [name, { data }] of tensors) {
      shards.set(name, file);
      bytes += data.byteLength;
    }
    progress({ stage: 'quantize', done: number + 1, total: layers + 1 });
  };
  write(0, outerTensors(base));
  for (let layer = 0; layer < layers; layer++) write(layer + 1, layerTensors(base, layer));
  const index = { metadata: { total_size: bytes }, weight_map: Object.fromEntries(shards) };
  writeJson(join(out, 'model.safetensors.index.json'), index);
  const tokenizer = isFolder(source) && copyTokenizer(source, out);
  writeJson(join(out, 'config.json'), huggingFaceConfig(base));
  return { bytes, matrices: layers * PROJECTIONS.length, tokenizer };
}

function outerTensors(base: LlamaWeights): Map<string, Tensor> {
  const { width, vocabulary } = base.config;
  const tensors = new Map([
    [
      HUGGING_FACE_NAMES.embedding,
      tensor('float32', [vocabulary, width], valuesOf(base.embedding, vocabulary)),
    ],
    [HUGGING_FACE_NAMES.outputNorm, tensor('float32', [width], base.outputNorm)],
  ]);
  if (base.output !== undefined) {
    const head = tensor('float32', [vocabulary, width], valuesOf(base.output, vocabulary));
    tensors.set(HUGGING_FACE_NAMES.output, head);
  }
  return tensors;
}

function layerTensors(base: LlamaWeights, layer: number): Map<string, Tensor> {
  const { config } = base;
  const { width, heads, kvHeads, headSize } = config;
  const { attention, feedForward } = base.norms(layer);
  const tensors = new Map([
    [HUGGING_FACE_NAMES.layer(layer, 'attentionNorm'), tensor('float32', [width], attention)],
    [HUGGING_FACE_NAMES.layer(layer, 'feedForwardNorm'), tensor('float32', [width], feedForward)],
  ]);
  for (const projection of PROJECTIONS) {
    const values = floatMatrix(base.matrix(layer, projection));
    const rotated = projection === 'q' ? heads : projection === 'k' ? kvHeads : 0;
    const rows = rotated === 0 ? values : separateRotaryRows(values, rotated, headSize);
    const name = HUGGING_FACE_NAMES.layer(layer, projection);
    for (const [part, data] of encodeNf4(name, projectionShape(config, projection), rows))
      tensors.set(part, data);
  }
  return tensors;
}

function copyTokenizer(source: string, out: string): boolean {
  const files = TOKENIZER_FILES.filter((file) => existsSync(join(source, file)));
  for (const file of files) copyFileSync(join(source, file), join(out, file));
  return files.includes('tokenizer.json');
}

/** As transformers 4 and 5 both read it. */
function huggingFaceConfig(base: BaseWeights): object {
  const { config } = base;
  const scaling = ropeScalingOf(base);
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    dtype: 'float32',
    torch_dtype: 'float32',
    hidden_act: 'silu',
    hidden_size: config.width,
    intermediate_size: config.feedForward,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headSize,
    vocab_size: config.vocabulary,
    max_position_embeddings: config.contextLength,
    rms_norm_eps: config.rmsEps,
    rope_theta: config.ropeBase,
    ...(scaling && {
      rope_scaling: {
        rope_type: 'llama3',
        factor: scaling.factor,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalContextLength,
      },
    }),
    tie_word_embeddings: config.tiedEmbedding,
    quantization_config: {
      quant_method: 'bitsandbytes',
      load_in_4bit: true,
      load_in_8bit: false,
      bnb_4bit_quant_type: 'nf4',
      bnb_4bit_use_double_quant: true,
      bnb_4bit_compute_dtype: 'float32',
      bnb_4bit_quant_storage: 'uint8',
    },
  };
}

/** A GGUF has the factors alone; those of Llama 3.1 and 3.2 follow from the largest. */
function ropeScalingOf({ path, config, ropeFactors }: BaseWeights): Llama3RopeScaling | undefined {
  if (config.ropeScaling !== undefined || ropeFactors === undefined) return config.ropeScaling;
  const scaling = {
    factor: Math.max(...ropeFactors),
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalContextLength: 8192,
  };
  const same = llama3RopeFactors(config.headSize, config.ropeBase, scaling).every(
    (factor, i) => Math.abs(factor / (ropeFactors[i] as number) - 1) < 1e-4,
  );
  return same ? scaling : fail('MODEL', `${path}: expected Llama 3's rotary factors, got others`);
}
