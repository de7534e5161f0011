/**
 * A training run for the PyTorch stack: examples, settings and a launch line for TRL's SFTTrainer with PEFT under torchrun
 * (FSDP), where one machine's engine is outgrown. recipes/trl/train.py reads them.
 *
 * Examples are the same tokens as here, with their text beside them. What SFTTrainer has no word for is refused; packing
 * and shared prefixes, which change no loss, are left out.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail, Mistakes, Random, writeFileAtomic, writeJson, writeJsonLines } from '@llama-xr/core';
import { hasSoftTokens, type Tokenizer } from '@llama-xr/llama';
import type { Example, Recipe } from '@llama-xr/train';
import { ownFile } from '../demo/own-recipe.ts';
import type { TrainingPlan } from './training-run.ts';

export interface TrlOptions {
  readonly out: string;
  /** How many torchrun starts; a batch is shared among them. */
  readonly processes: number;
  /** Of the base. */
  readonly tokenizer: Pick<Tokenizer, 'decode'>;
  /** What the script loads: a folder or hub name of Hugging Face's, or the GGUF. */
  readonly torchBase: string;
}

export interface TrlExport {
  readonly train: number;
  readonly val: number;
  readonly tokens: number;
  /** Run it in `out`. */
  readonly launch: string;
}

/** PEFT's names of the seven projections. */
const MODULES = {
  q: 'q_proj',
  k: 'k_proj',
  v: 'v_proj',
  o: 'o_proj',
  gate: 'gate_proj',
  up: 'up_proj',
  down: 'down_proj',
} as const;

/** @throws LlamaXrError CONFIG with everything of the recipe that does not carry over. */
export function exportToTrl({ description, data }: TrainingPlan, options: TrlOptions): TrlExport {
  const { recipe } = description;
  const { out, processes, tokenizer, torchBase } = options;
  const examples = data.passes.flat();
  checkRecipe(recipe, processes, examples);
  if (examples.length === 0) fail('INPUT', 'export: the data set has no training studies');
  mkdirSync(out, { recursive: true });
  const train = data.passes.flatMap((examples, i) =>
    new Random(`${recipe.seed}:export pass ${i + 1}`)
      .shuffle([...examples])
      .map((example) => ({ pass: i + 1, ...row(example, tokenizer) })),
  );
  writeJsonLines(join(out, 'train.jsonl'), train);
  writeJsonLines(
    join(out, 'val.jsonl'),
    data.val.map((example) => row(example, tokenizer)),
  );
  writeJson(join(out, 'settings.json'), settings(recipe, options));
  writeJson(join(out, 'recipe.json'), recipe);
  copyFileSync(ownFile('trl/train.py'), join(out, 'train.py'));
  const launch = `torchrun --nproc-per-node ${processes} train.py`;
  writeFileAtomic(
    join(out, 'launch.sh'),
    `#!/bin/sh\n# Base: ${torchBase}\nset -e\ncd "$(dirname "$0")"\nexec ${launch}\n`,
  );
  const tokens = train.reduce((sum, { input_ids }) => sum + input_ids.length, 0);
  return { train: train.length, val: data.val.length, tokens, launch };
}

function row(
  { id, tokens, lossFrom, responseFrom = lossFrom }: Example,
  tokenizer: Pick<Tokenizer, 'decode'>,
) {
  const text = (ids: Int32Array) => tokenizer.decode(ids, { special: true });
  return {
    id,
    prompt: text(tokens.subarray(0, responseFrom)),
    completion: text(tokens.subarray(responseFrom)),
    input_ids: [...tokens],
    completion_mask: Array.from(tokens, (_, i) => (i >= lossFrom ? 1 : 0)),
  };
}

/** @throws LlamaXrError CONFIG with everything of the recipe, and of the examples made by it, that does not carry over. */
export function checkRecipe(recipe: Recipe, processes: number, examples: readonly Example[] = []): void {
  const { batchSize, floor, schedule, fusion, contrast, preference, rates } = recipe;
  const mistakes = new Mistakes();
  if (batchSize % processes !== 0)
    mistakes.add(`batchSize: expected a multiple of --processes, ${processes}, got ${batchSize}`);
  if (floor > 0 && schedule === 'linear')
    mistakes.add(`floor: expected 0 with a linear schedule, for which transformers has none, got ${floor}`);
  if (examples.some(({ tokenWeights }) => tokenWeights !== undefined))
    mistakes.add('weights on tokens: expected none, which SFTTrainer does not know');
  if (hasSoftTokens(fusion))
    mistakes.add(
      `fusion: expected findings in words, SFTTrainer has no soft tokens of images, got ${fusion}`,
    );
  if (contrast.share > 0)
    mistakes.add(`contrast.share: expected 0, SFTTrainer has no rivals, got ${contrast.share}`);
  if (preference !== null) mistakes.add('preference: expected null, SFTTrainer learns reports alone');
  if (rates.b !== 1)
    mistakes.add(`rates.b: expected 1, the rate of all that SFTTrainer adapts, got ${rates.b}`);
  mistakes.throwIfAny('CONFIG', recipe.name);
}

/** The recipe in the words of transformers and PEFT. */
function settings(recipe: Recipe, { processes, torchBase }: TrlOptions) {
  const { rank, alpha, scaling, targets, schedule, floor } = recipe;
  const cosine = floor > 0 ? 'cosine_with_min_lr' : 'cosine';
  return {
    base: torchBase,
    lora: {
      r: rank,
      lora_alpha: alpha,
      use_rslora: scaling === 'alpha/sqrt(r)',
      lora_dropout: recipe.dropout,
      target_modules: targets.map((target) => MODULES[target]),
    },
    arguments: {
      per_device_train_batch_size: recipe.batchSize / processes,
      per_device_eval_batch_size: recipe.batchSize / processes,
      gradient_accumulation_steps: recipe.accumulation,
      learning_rate: recipe.learningRate,
      lr_scheduler_type:
        schedule === 'cosine' ? cosine : schedule === 'constant' ? 'constant_with_warmup' : schedule,
      ...(schedule === 'cosine' && floor > 0 && { lr_scheduler_kwargs: { min_lr_rate: floor } }),
      warmup_steps: recipe.warmupSteps,
      ...(recipe.optimizerBits === 8 && { optim: 'adamw_8bit' }),
      weight_decay: recipe.weightDecay,
      adam_beta1: recipe.beta1,
      adam_beta2: recipe.beta2,
      adam_epsilon: recipe.epsilon,
      max_grad_norm: recipe.clipNorm,
      gradient_checkpointing: false,
      seed: recipe.seed,
    },
    fsdp: processes > 1,
    fsdp_config: {
      version: 2,
      transformer_layer_cls_to_wrap: ['LlamaDecoderLayer'],
      activation_checkpointing: true,
      state_dict_type: 'FULL_STATE_DICT',
    },
  };
}
