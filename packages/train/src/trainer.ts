/**
 * The training loop: plan a pass, run its batches, clip, step, validate, save. An async generator of events; it
 * knows no model: an engine gives a loss and its gradients (see `Trainable`), examples are tokens.
 */

import { fail } from '@llama-xr/core';
import type { TrainingEngine } from '@llama-xr/llama';
import { AdamW, clipFactor, globalNorm } from './adamw.ts';
import { passRandom, planPass, slices } from './batches.ts';
import { restoreBest, restoreCheckpoint, saveBest, saveCheckpoint } from './checkpoint.ts';
import { type Example, lossWeight } from './example.ts';
import { collateRows, type Row, rowLength } from './packing.ts';
import type { Recipe } from './recipe.ts';
import { learningRate } from './schedule.ts';
import { Validation, type ValidationEvent } from './validation.ts';
import { Watch } from './watch.ts';

/** What the loop asks of an engine: flat parameters, flat gradients of the same layout, a loss. */
export type Trainable = Pick<TrainingEngine, 'parameters' | 'gradients' | 'forwardBackward' | 'loss'>;

export type TrainEvent =
  | { type: 'resume'; step: number }
  | ValidationEvent
  | {
      type: 'step';
      step: number;
      of: number;
      pass: number;
      loss: number;
      rate: number;
      gradientNorm: number;
      /** Tokens of the examples; `positions` counts what was computed for them, padding included. */
      tokens: number;
      positions: number;
      tokensPerSecond: number;
      seconds: number;
    }
  | { type: 'checkpoint'; step: number; path: string }
  /** Training ended before its last step: no look has been better for as long as the recipe has patience. */
  | { type: 'stop'; step: number; of: number; best: number };

export interface TrainOptions {
  /** Where the checkpoint stands; an earlier one of the same identity is resumed. */
  readonly checkpoint: string;
  /** Where the parameters of the best look stand, for recipes that keep them. */
  readonly best?: string;
  readonly identity: string;
  /** Seconds between checkpoints. */
  readonly checkpointSeconds?: number;
}

export interface TrainingData {
  /** The examples of each pass: prompts may differ from pass to pass, and so may the choice of studies. */
  readonly passes: readonly (readonly Example[])[];
  readonly val: readonly Example[];
}

/** One optimizer step to come. */
export interface PlannedStep {
  readonly batches: readonly Row[][];
  readonly pass: number;
  readonly endsPass: boolean;
}

/** The optimizer steps of a run. A pass's last step may be smaller than the others. */
export function planRun({ passes }: TrainingData, recipe: Recipe): PlannedStep[] {
  return passes.flatMap((examples, i) => {
    const steps = slices(planPass(examples, recipe, passRandom(recipe.seed, i + 1)), recipe.accumulation);
    return steps.map((batches, j) => ({ batches, pass: i + 1, endsPass: j === steps.length - 1 }));
  });
}

/** Steps of a whole run. */
export const totalSteps = (data: TrainingData, recipe: Recipe): number => planRun(data, recipe).length;

/**
 * Trains until the recipe's passes are done, or its patience is at its end.
 * Yields a validation loss before the first step, at each look that the recipe asks for, and on all of `val` at the end;
 * an event a step, and one a checkpoint. What a look finds stands in the next checkpoint, so that a run that is killed
 * anywhere goes on from its last one with the same losses, the same best look and the same end.
 */
export async function* train(
  engine: Trainable,
  data: TrainingData,
  recipe: Recipe,
  options: TrainOptions,
): AsyncGenerator<TrainEvent> {
  const optimizer = new AdamW(engine.parameters.length, recipe);
  const watch = new Watch(recipe);
  const validation = new Validation(engine, data.val, recipe);
  const { checkpoint, identity, checkpointSeconds = 60 } = options;
  const plan = planRun(data, recipe);
  const of = plan.length;
  let step = restoreCheckpoint(checkpoint, engine.parameters, optimizer, identity, watch);
  if (step > 0) yield { type: 'resume', step };
  else if (data.val.length > 0) yield await validation.look(0);

  let saved = performance.now();
  for (const { batches, pass, endsPass } of plan.slice(step)) {
    if (watch.stopped) break;
    step++;
    yield await runStep(engine, optimizer, batches, recipe, { step, of, pass });
    if (validation.due(step, endsPass) && (step < of || watch.active)) {
      const look = await validation.look(step);
      const best = watch.active && watch.take(step, look);
      if (best && recipe.keep === 'best') saveBest(bestPath(options), engine.parameters, { identity, step });
      yield watch.active ? { ...look, best } : look;
    }
    const late = step < of && performance.now() - saved > checkpointSeconds * 1000;
    if (!endsPass && !late && !watch.stopped) continue;
    saveCheckpoint(checkpoint, engine.parameters, optimizer, { identity, step, watch: watch.state });
    saved = performance.now();
    yield { type: 'checkpoint', step, path: checkpoint };
  }
  const best = watch.state.best?.step ?? step;
  const kept = recipe.keep === 'best' ? best : step;
  if (watch.stopped && step < of) yield { type: 'stop', step, of, best };
  if (kept !== step) restoreBest(bestPath(options), engine.parameters, { identity, step: kept });
  if (data.val.length > 0) yield await validation.lastLook(step, kept);
}

const bestPath = ({ best }: TrainOptions): string =>
  best ?? fail('CONFIG', 'keep: expected a path for the parameters of the best look, got none');

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
    const stepOptions = { accumulate: i > 0, dropoutSeed: `${recipe.seed}:step ${at.step}:${i}` };
    loss += (await engine.forwardBackward(collateRows(rows, total), stepOptions)).loss;
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
  const positions = batches.reduce((sum, rows) => sum + rows.length * Math.max(...rows.map(rowLength)), 0);
  return {
    type: 'step',
    ...at,
    loss,
    rate,
    gradientNorm,
    tokens,
    positions,
    tokensPerSecond: tokens / seconds,
    seconds,
  };
}
