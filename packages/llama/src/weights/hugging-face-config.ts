/** `config.json` of a Llama as transformers writes it (versions 4 and 5 spell rotary scaling differently). */
import { readFileSync } from 'node:fs';
import { fail, fileError, Mistakes } from '@llama-xr/core';
import type { Llama3RopeScaling, LlamaConfig } from '../model/weights-type.ts';
import { checkConfig } from './check-config.ts';

type Json = Record<string, unknown>;

/** @throws LlamaXrError MODEL for another kind of model, or fields that are missing or impossible. */
export function llamaConfigOfHuggingFace(path: string): LlamaConfig {
  const json = readJsonFile(path);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    fail('FILE_FORMAT', `${path}: expected a JSON object`);
  }
  const config = json as Json;
  if (config.model_type !== 'llama') {
    fail('MODEL', `${path}: model_type: expected "llama", got ${JSON.stringify(config.model_type)}`);
  }
  const mistakes = new Mistakes();
  const number = (key: string, otherwise?: number): number => {
    const value = config[key] ?? otherwise;
    if (typeof value === 'number') return value;
    mistakes.add(`${key}: expected a number, got ${JSON.stringify(value) ?? 'nothing'}`);
    return 0;
  };
  for (const key of ['attention_bias', 'mlp_bias']) {
    if (config[key] === true) mistakes.add(`${key}: expected false, got true`);
  }
  const act = config.hidden_act ?? 'silu';
  if (act !== 'silu') mistakes.add(`hidden_act: expected "silu", got ${JSON.stringify(act)}`);
  const heads = number('num_attention_heads');
  const width = number('hidden_size');
  const rope = { ...asObject(config.rope_scaling), ...asObject(config.rope_parameters) };
  const scaling = ropeScaling(rope, mistakes);
  const result: LlamaConfig = {
    layers: number('num_hidden_layers'),
    width,
    feedForward: number('intermediate_size'),
    heads,
    kvHeads: number('num_key_value_heads', heads),
    headSize: number('head_dim', width / heads),
    vocabulary: number('vocab_size'),
    ropeBase: typeof rope.rope_theta === 'number' ? rope.rope_theta : number('rope_theta', 10_000),
    ...(scaling === undefined ? {} : { ropeScaling: scaling }),
    rmsEps: number('rms_norm_eps', 1e-6),
    contextLength: number('max_position_embeddings', 2048),
    tiedEmbedding: config.tie_word_embeddings === true,
  };
  mistakes.throwIfAny('MODEL', path);
  return checkConfig(path, result);
}

function ropeScaling(rope: Json, mistakes: Mistakes): Llama3RopeScaling | undefined {
  const type = rope.rope_type ?? rope.type ?? 'default';
  if (type === 'default') return undefined;
  if (type !== 'llama3') {
    mistakes.add(`rope_scaling.rope_type: expected "default" or "llama3", got ${JSON.stringify(type)}`);
    return undefined;
  }
  const number = (key: string): number => {
    const value = rope[key];
    if (typeof value === 'number' && value > 0) return value;
    mistakes.add(`rope_scaling.${key}: expected a number over 0, got ${JSON.stringify(value) ?? 'nothing'}`);
    return 1;
  };
  return {
    factor: number('factor'),
    lowFrequencyFactor: number('low_freq_factor'),
    highFrequencyFactor: number('high_freq_factor'),
    originalContextLength: number('original_max_position_embeddings'),
  };
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

/** @throws LlamaXrError FILE_MISSING, FILE_FORMAT. */
export function readJsonFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw fileError(error, path);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    fail('FILE_FORMAT', `${path}: expected JSON: ${(error as Error).message}`, { cause: error });
  }
}
