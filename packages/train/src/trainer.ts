/**
 * The training loop: plan a pass, run its batches, clip, step, validate, save. An async generator of events; it
 * knows no model: an engine gives a loss and its gradients (see `Engine`), examples are tokens.
 */

import { AdamW, clipFactor, globalNorm } from './adamw.ts';
import type { Batch, Example } from './batches.ts';
import { collate, lossWeight, passRandom, planPass } from './batches.ts';
import { restoreCheckpoint, saveCheckpoint } from './checkpoint.ts';
import type { Recipe } from './recipe.ts';
import { learningRate } from './schedule.ts';

/** What can be trained: flat parameters, flat gradients of the same layout, a loss. */
export interface Engine {
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  /** The weighted loss of a batch; its gradients replace `gradients`, or add to them with `accumulate`. */
  forwardBackward(batch: Batch, options?: { accumulate?: boolean }): { loss: number };
  /** The weighted loss of a batch alone. */
  loss(batch: Batch): number;
}

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
  /** Called after each step with the live parameters (tests, early looks). */
  readonly validateOn?: number;
}

export interface TrainingData {
  readonly train: readonly Example[];
  readonly val: readonly Example[];
}

/** Steps of a whole run. A last, smaller group of batches makes a step of its own. */
export function totalSteps(examples: number, recipe: Recipe): number {
  const perPass = Math.ceil(Math.ceil(examples / recipe.batchSize) / recipe.accumulation);
  return Math.max(1, Math.round(perPass * recipe.passes));
}

/**
 * Trains until the recipe's passes are done.
 * Yields a validation loss before the first step and after each pass (on `validateOn` examples, default 64, and on
 * all of `val` at the end), an event a step, and one a checkpoint.
 */
export async function* train(
  engine: Engine,
  data: TrainingData,
  recipe: Recipe,
  options: TrainOptions,
): AsyncGenerator<TrainEvent> {
  const optimizer = new AdamW(engine.parameters.length, recipe);
  const of = totalSteps(data.train.length, recipe);
  let step = restoreCheckpoint(options.checkpoint, engine.parameters, optimizer, options.identity);
  const sample = data.val.slice(0, options.validateOn ?? 64);
  if (step > 0) yield { type: 'resume', step };
  else if (sample.length > 0) yield validation(engine, sample, recipe.batchSize, 0);

  const save = (): TrainEvent => {
    saveCheckpoint(options.checkpoint, engine.parameters, optimizer, { identity: options.identity, step });
    saved = performance.now();
    return { type: 'checkpoint', step, path: options.checkpoint };
  };
  let saved = performance.now();
  while (step < of) {
    const { groups, pass, start } = stepsOfPass(data.train, recipe, step);
    for (const group of groups.slice(step - start)) {
      step++;
      yield runStep(engine, optimizer, group, recipe, { step, of, pass });
      if (step === of) break;
      if (performance.now() - saved > (options.checkpointSeconds ?? 60) * 1000) yield save();
    }
    yield save();
    if (step < of && sample.length > 0) yield validation(engine, sample, recipe.batchSize, step);
  }
  if (data.val.length > 0) yield validation(engine, data.val, recipe.batchSize, step);
}

/** The optimizer steps of the pass in which step `done + 1` falls; each a list of batches. */
function stepsOfPass(examples: readonly Example[], recipe: Recipe, done: number) {
  const perPass = Math.ceil(Math.ceil(examples.length / recipe.batchSize) / recipe.accumulation);
  const pass = Math.floor(done / perPass) + 1;
  const batches = planPass(examples, recipe.batchSize, passRandom(recipe.seed, pass)).map((batch) =>
    batch.map((i) => examples[i]!),
  );
  const groups: Example[][][] = [];
  for (let i = 0; i < batches.length; i += recipe.accumulation)
    groups.push(batches.slice(i, i + recipe.accumulation));
  return { groups, pass, start: (pass - 1) * perPass };
}

function runStep(
  engine: Engine,
  optimizer: AdamW,
  group: Example[][],
  recipe: Recipe,
  at: { step: number; of: number; pass: number },
): TrainEvent {
  const began = performance.now();
  const total = lossWeight(group.flat());
  let loss = 0;
  group.forEach((examples, i) => {
    loss += engine.forwardBackward(collate(examples, total), { accumulate: i > 0 }).loss;
  });
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

function validation(
  engine: Engine,
  examples: readonly Example[],
  batchSize: number,
  step: number,
): TrainEvent {
  const began = performance.now();
  const total = lossWeight(examples);
  const order = [...examples].sort((a, b) => a.tokens.length - b.tokens.length);
  let loss = 0;
  for (let i = 0; i < order.length; i += batchSize)
    loss += engine.loss(collate(order.slice(i, i + batchSize), total));
  return {
    type: 'validation',
    step,
    loss,
    examples: examples.length,
    seconds: (performance.now() - began) / 1000,
  };
}
