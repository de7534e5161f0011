/**
 * Adapters as Hugging Face PEFT keeps them: `adapter_config.json` and `adapter_model.safetensors`. The rows of B for q
 * and k stand in Hugging Face's order there, and in GGUF's here.
 */
import { join } from 'node:path';
import { fail, Mistakes, writeJson } from '@llama-xr/core';
import { openSafetensors, type Tensor, tensor, toFloat32, writeSafetensors } from '@llama-xr/tensor';
import { type LlamaConfig, PROJECTIONS, type Projection, projectionShape } from '../model/weights-type.ts';
import { readJsonFile } from '../weights/hugging-face-config.ts';
import { HUGGING_FACE_NAMES } from '../weights/hugging-face-weights.ts';
import { interleaveRotaryRows, separateRotaryRows } from '../weights/rotary-rows.ts';
import type { Adapter } from './adapter.ts';
import { readFactorTable } from './factor-table.ts';

const CONFIG_FILE = 'adapter_config.json';
const WEIGHTS_FILE = 'adapter_model.safetensors';

/** `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight` */
function nameOf(layer: number, projection: Projection, factor: 'a' | 'b'): string {
  const module = HUGGING_FACE_NAMES.layer(layer, projection).replace(/\.weight$/, '');
  return `base_model.model.${module}.lora_${factor.toUpperCase()}.weight`;
}

/** Rows of q and k are reordered by `reorder`; others stay. */
function withRows(
  { heads, kvHeads, headSize }: LlamaConfig,
  projection: Projection,
  b: Float32Array,
  reorder: typeof interleaveRotaryRows,
): Float32Array {
  if (projection === 'q') return reorder(b, heads, headSize);
  if (projection === 'k') return reorder(b, kvHeads, headSize);
  return b;
}

/** The weights go first: a folder with a configuration has them. */
export function writePeftAdapter(folder: string, adapter: Adapter, base: string): void {
  const { config, rank } = adapter;
  const tensors = new Map<string, Tensor>();
  const adapted = new Set<Projection>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const factors = adapter.factors(layer, projection);
      if (factors === undefined) continue;
      adapted.add(projection);
      const [out, columns] = projectionShape(config, projection);
      const b = withRows(config, projection, factors.b, separateRotaryRows);
      tensors.set(nameOf(layer, projection, 'a'), tensor('float32', [rank, columns], factors.a));
      tensors.set(nameOf(layer, projection, 'b'), tensor('float32', [out, rank], b));
    }
  }
  writeSafetensors(join(folder, WEIGHTS_FILE), tensors, { format: 'pt' });
  writeJson(join(folder, CONFIG_FILE), peftConfig(adapter, [...adapted], base));
}

function peftConfig({ rank, alpha, scaling }: Adapter, adapted: readonly Projection[], base: string) {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: 0,
    target_modules: adapted.map((projection) => HUGGING_FACE_NAMES.layer(0, projection).split('.').at(-2)),
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    use_rslora: scaling === 'alpha/sqrt(r)',
    use_dora: false,
    modules_to_save: null,
  };
}

export function readPeftAdapter(folder: string, config: LlamaConfig): Adapter {
  const { rank, alpha } = readPeftConfig(join(folder, CONFIG_FILE));
  const path = join(folder, WEIGHTS_FILE);
  using file = openSafetensors(path);
  const table = readFactorTable(path, config, (layer, projection, factor) => {
    const name = nameOf(layer, projection, factor);
    const entry = file.tensors.get(name);
    if (entry === undefined) return undefined;
    const read = () => {
      const values = toFloat32(file.read(name));
      return factor === 'b' ? withRows(config, projection, values, interleaveRotaryRows) : values;
    };
    return { shape: entry.shape, read };
  });
  if (table.rank !== rank)
    fail('MODEL', `${path}: expected rank ${rank} of ${CONFIG_FILE}, got ${table.rank}`);
  return { config, alpha, ...table };
}

/** @throws LlamaXrError MODEL for variants of LoRA that a plain A and B do not describe. */
function readPeftConfig(path: string): { rank: number; alpha: number } {
  const json = readJsonFile(path);
  if (typeof json !== 'object' || json === null) fail('FILE_FORMAT', `${path}: expected a JSON object`);
  const { r, lora_alpha: alpha, ...rest } = json as Record<string, unknown>;
  const mistakes = new Mistakes();
  const refuse = (key: string, expected: string, value: unknown) =>
    mistakes.add(`${key}: expected ${expected}, got ${JSON.stringify(value)?.slice(0, 80) ?? 'nothing'}`);
  if (rest.peft_type !== 'LORA') refuse('peft_type', '"LORA"', rest.peft_type);
  if (!Number.isSafeInteger(r) || (r as number) < 1) refuse('r', 'an integer of at least 1', r);
  if (!Number.isFinite(alpha)) refuse('lora_alpha', 'a number', alpha);
  if ((rest.bias ?? 'none') !== 'none') refuse('bias', '"none"', rest.bias);
  for (const key of ['fan_in_fan_out', 'lora_bias', ...Object.keys(rest).filter(isVariant)]) {
    if (rest[key]) refuse(key, 'false', rest[key]);
  }
  for (const key of [
    'modules_to_save',
    'rank_pattern',
    'alpha_pattern',
    'layer_replication',
    'arrow_config',
  ]) {
    if (Object.keys(rest[key] ?? {}).length > 0) refuse(key, 'nothing', rest[key]);
  }
  // These starts change the base itself, so that A and B alone do not describe the model.
  const start = rest.init_lora_weights;
  if (typeof start === 'string' && /^(pissa|olora|corda)/i.test(start))
    refuse('init_lora_weights', 'true', start);
  mistakes.throwIfAny('MODEL', path);
  const rank = r as number;
  // Rank-stabilised LoRA scales by alpha / sqrt(rank).
  return { rank, alpha: (alpha as number) * (rest.use_rslora === true ? Math.sqrt(rank) : 1) };
}

/** `use_dora` and its like change the equation; rank-stabilised scaling is a number. */
function isVariant(key: string): boolean {
  return key.startsWith('use_') && key !== 'use_rslora';
}
