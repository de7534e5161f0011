/**
 * The training loop: plan a pass, run its batches, clip, step, validate, save. An async generator of events; it
 * knows no model: an engine gives a loss and its gradients (see `Trainable`), examples are tokens.
 */

import type { TrainingEngine } from '@llama-xr/llama';
import { AdamW, clipFactor, globalNorm } from './adamw.ts';
import { type BatchRules, inBatches, passRandom, planPass, slices } from './batches.ts';
import { restoreCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { type Example, lossWeight } from './example.ts';
import { collateRows, type Row } from './packing.ts';
import type { Recipe } from './recipe.ts';
import { learningRate } from './schedule.ts';

/** What the loop asks of an engine: flat parameters, flat gradients of the same layout, a loss. */
export type Trainable = Pick<TrainingEngine, 'parameters' | 'gradients' | 'forwardBackward' | 'loss'>;

export type TrainEvent =
  | { type: 'resume'; step: number }
  | { type: 'validation'; step: number; loss: number; examples: number; seconds: number }
  | {
      type: 'step';
      step: number;
      of: number;
      pass: number;
      loss: number;
      rate: number;
      gradientNorm: number;
      tokens: number;
      tokensPerSecond: number;
      seconds: number;
    }
  | { type: 'checkpoint'; step: number; path: string };

export interface TrainOptions {
  /** Where the checkpoint stands; an earlier one of the same identity is resumed. */
  readonly checkpoint: string;
  readonly identity: string;
  /** Seconds between checkpoints. */
  readonly checkpointSeconds?: number;
  /** Studies of `val` that the looks between passes are taken on. */
  readonly validateOn?: number;
}

export interface TrainingData {
  /** The examples of each pass: prompts may differ from pass to pass, and so may the choice of studies. */
  readonly passes: readonly (readonly Example[])[];
  readonly val: readonly Example[];
}

/** The optimizer steps of a run, pass after pass; each is a list of batches. A pass's last step may be smaller. */
export function planRun({ passes }: TrainingData, recipe: Recipe): Row[][][][] {
  return passes.map((examples, i) =>
    slices(planPass(examples, recipe, passRandom(recipe.seed, i + 1)), recipe.accumulation),
  );
}

/**
 * Trains until the recipe's passes are done.
 * Yields a validation loss before the first step and after each pass (on `validateOn` examples, default 64, and on
 * all of `val` at the end), an event a step, and one a checkpoint.
 */
export async function* train(
  engine: Trainable,
  data: TrainingData,
  recipe: Recipe,
  options: TrainOptions,
): AsyncGenerator<TrainEvent> {
  const optimizer = new AdamW(engine.parameters.length, recipe);
  const plan = planRun(data, recipe);
  const of = plan.reduce((sum, steps) => sum + steps.length, 0);
  let step = restoreCheckpoint(options.checkpoint, engine.parameters, optimizer, options.identity);
  const sample = data.val.slice(0, options.validateOn ?? 64);
  if (step > 0) yield { type: 'resume', step };
  else if (sample.length > 0) yield await validation(engine, sample, recipe, 0);

  const save = (): TrainEvent => {
    saveCheckpoint(options.checkpoint, engine.parameters, optimizer, { identity: options.identity, step });
    saved = performance.now();
    return { type: 'checkpoint', step, path: options.checkpoint };
  };
  let saved = performance.now();
  let start = 0;
  for (const [i, steps] of plan.entries()) {
    for (const batches of steps.slice(Math.max(0, step - start))) {
      step++;
      yield await runStep(engine, optimizer, batches, recipe, { step, of, pass: i + 1 });
      if (step < of && performance.now() - saved > (options.checkpointSeconds ?? 60) * 1000) yield save();
    }
    start += steps.length;
    if (step !== start || steps.length === 0) continue;
    yield save();
    if (step < of && sample.length > 0) yield await validation(engine, sample, recipe, step);
  }
  if (data.val.length > 0) yield await validation(engine, data.val, recipe, step);
}

async function runStep(
  engine: Trainable,
  optimizer: AdamW,
  batches: readonly Row[][],
  recipe: Recipe,
  at: { step: number; of: number; pass: number },
): Promise<TrainEvent> {
  const began = performance.now();
  const examples = batches.flat().flatMap((row) => row.examples);
  const total = lossWeight(examples);
  let loss = 0;
  for (const [i, rows] of batches.entries()) {
    loss += (await engine.forwardBackward(collateRows(rows, total), { accumulate: i > 0 })).loss;
  }
  const rate = learningRate(
    {
      kind: recipe.schedule,
      peak: recipe.learningRate,
      warmupSteps: recipe.warmupSteps,
      floor: recipe.floor,
      totalSteps: at.of,
    },
    at.step,
  );
  const gradientNorm = globalNorm(engine.gradients);
  optimizer.step(engine.parameters, engine.gradients, rate, clipFactor(gradientNorm, recipe.clipNorm));
  const seconds = (performance.now() - began) / 1000;
  const tokens = examples.reduce((sum, e) => sum + e.tokens.length, 0);
  return {
    type: 'step',
    ...at,
    loss,
    rate,
    gradientNorm,
    tokens,
    tokensPerSecond: tokens / seconds,
    seconds,
  };
}

async function validation(
  engine: Trainable,
  examples: readonly Example[],
  rules: BatchRules,
  step: number,
): Promise<TrainEvent> {
  const began = performance.now();
  const total = lossWeight(examples);
  let loss = 0;
  for (const rows of inBatches(examples, rules)) loss += await engine.loss(collateRows(rows, total));
  return {
    type: 'validation',
    step,
    loss,
    examples: examples.length,
    seconds: (performance.now() - began) / 1000,
  };
}
