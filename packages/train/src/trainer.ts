/**
 * The training loop: plan a pass, run its batches, clip, step, validate, save. An async generator of events; it
 * knows no model: an engine gives a loss and its gradients (see `Trainable`), examples are tokens.
 */

import type { TrainingEngine } from '@llama-xr/llama';
import { AdamW, clipFactor, globalNorm } from './adamw.ts';
import type { Example } from './batches.ts';
import { collate, lossWeight, passRandom, planPass } from './batches.ts';
import { restoreCheckpoint, saveCheckpoint } from './checkpoint.ts';
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

/** Steps of a pass. A last, smaller group of batches makes a step of its own. */
const stepsOf = (examples: readonly Example[], { batchSize, accumulation }: Recipe): number =>
  Math.ceil(Math.ceil(examples.length / batchSize) / accumulation);

/** Steps of a whole run. */
export const totalSteps = ({ passes }: TrainingData, recipe: Recipe): number =>
  passes.reduce((sum, examples) => sum + stepsOf(examples, recipe), 0);

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
  const of = totalSteps(data, recipe);
  let step = restoreCheckpoint(options.checkpoint, engine.parameters, optimizer, options.identity);
  const sample = data.val.slice(0, options.validateOn ?? 64);
  if (step > 0) yield { type: 'resume', step };
  else if (sample.length > 0) yield await validation(engine, sample, recipe.batchSize, 0);

  const save = (): TrainEvent => {
    saveCheckpoint(options.checkpoint, engine.parameters, optimizer, { identity: options.identity, step });
    saved = performance.now();
    return { type: 'checkpoint', step, path: options.checkpoint };
  };
  let saved = performance.now();
  let start = 0;
  for (const [i, examples] of data.passes.entries()) {
    const pass = i + 1;
    for (const group of planSteps(examples, recipe, pass).slice(Math.max(0, step - start))) {
      step++;
      yield await runStep(engine, optimizer, group, recipe, { step, of, pass });
      if (step < of && performance.now() - saved > (options.checkpointSeconds ?? 60) * 1000) yield save();
    }
    start += stepsOf(examples, recipe);
    if (step !== start || examples.length === 0) continue;
    yield save();
    if (step < of && sample.length > 0) yield await validation(engine, sample, recipe.batchSize, step);
  }
  if (data.val.length > 0) yield await validation(engine, data.val, recipe.batchSize, step);
}

/** The optimizer steps of a pass, each a list of batches. */
function planSteps(examples: readonly Example[], recipe: Recipe, pass: number): Example[][][] {
  const batches = planPass(examples, recipe.batchSize, passRandom(recipe.seed, pass)).map((batch) =>
    batch.map((i) => examples[i]!),
  );
  const steps: Example[][][] = [];
  for (let i = 0; i < batches.length; i += recipe.accumulation)
    steps.push(batches.slice(i, i + recipe.accumulation));
  return steps;
}

async function runStep(
  engine: Trainable,
  optimizer: AdamW,
  group: Example[][],
  recipe: Recipe,
  at: { step: number; of: number; pass: number },
): Promise<TrainEvent> {
  const began = performance.now();
  const total = lossWeight(group.flat());
  let loss = 0;
  for (const [i, examples] of group.entries()) {
    loss += (await engine.forwardBackward(collate(examples, total), { accumulate: i > 0 })).loss;
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
  const tokens = group.flat().reduce((sum, e) => sum + e.tokens.length, 0);
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
  batchSize: number,
  step: number,
): Promise<TrainEvent> {
  const began = performance.now();
  const total = lossWeight(examples);
  const order = [...examples].sort((a, b) => a.tokens.length - b.tokens.length);
  let loss = 0;
  for (let i = 0; i < order.length; i += batchSize)
    loss += await engine.loss(collate(order.slice(i, i + batchSize), total));
  return {
    type: 'validation',
    step,
    loss,
    examples: examples.length,
    seconds: (performance.now() - began) / 1000,
  };
}
