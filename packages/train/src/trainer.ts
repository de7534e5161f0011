/**
 * The training loop: plan a pass, run its batches, clip, step, validate, save. An async generator of events; it
 * knows no model: an engine gives a loss and its gradients (see `Trainable`), examples are tokens.
 */
import { fail } from '@llama-xr/core';
import { passRandom, planPass, slices } from './batches.ts';
import { restoreBest, restoreCheckpoint, saveBest, saveCheckpoint } from './checkpoint.ts';
import type { Example } from './example.ts';
import { OptimizerStep, type PlannedStep, type StepEvent, type Trainable } from './optimizer-step.ts';
import { pairsOf } from './pair-objective.ts';
import type { Recipe } from './recipe.ts';
import { referenceOf } from './reference.ts';
import { withRivals } from './rivals.ts';
import { Validation, type ValidationEvent } from './validation.ts';
import { Watch } from './watch.ts';

export type TrainEvent =
  | { type: 'resume'; step: number }
  | ValidationEvent
  | StepEvent
  /** What preference is measured from is known. */
  | { type: 'reference'; step: 0; pairs: number; seconds: number }
  | { type: 'checkpoint'; step: number; path: string }
  /** Training ended before its last step: no look has been better for as long as the recipe has patience. */
  | { type: 'stop'; step: number; of: number; best: number };

export interface TrainOptions {
  /** Where the checkpoint stands; an earlier one of the same identity is resumed. */
  readonly checkpoint: string;
  /** Where the parameters of the best look stand, for recipes that keep them. */
  readonly best?: string;
  /** Where stands what preference is measured from, for recipes that have one. */
  readonly reference?: string;
  readonly identity: string;
  /** Seconds between checkpoints. */
  readonly checkpointSeconds?: number;
}

export interface TrainingData {
  /** The examples of each pass: prompts may differ from pass to pass, and so may the choice of studies. */
  readonly passes: readonly (readonly Example[])[];
  readonly val: readonly Example[];
}

/** The optimizer steps of a run. A pass's last step may be smaller than the others. */
export function planRun({ passes }: TrainingData, recipe: Recipe): PlannedStep[] {
  return passes.flatMap((pass, i) => {
    const random = passRandom(recipe.seed, i + 1);
    const examples = withRivals(pass, recipe, random.fork('rivals'));
    const steps = slices(planPass(examples, recipe, random), recipe.accumulation);
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
  const run = new Run(engine, data, recipe, options);
  yield* run.begin();
  yield* run.steps();
  yield* run.end();
}

class Run {
  readonly #engine: Trainable;
  readonly #recipe: Recipe;
  readonly #options: TrainOptions;
  readonly #watch: Watch;
  readonly #validation: Validation;
  readonly #plan: readonly PlannedStep[];
  readonly #step: OptimizerStep;
  /** Steps taken. */
  #taken = 0;
  #savedAt = performance.now();

  constructor(engine: Trainable, data: TrainingData, recipe: Recipe, options: TrainOptions) {
    this.#engine = engine;
    this.#recipe = recipe;
    this.#options = options;
    this.#watch = new Watch(recipe);
    this.#validation = new Validation(engine, data.val, recipe);
    this.#plan = planRun(data, recipe);
    this.#step = new OptimizerStep(engine, recipe);
  }

  /** Goes on from a checkpoint, or looks at val for the first time. */
  async *begin(): AsyncGenerator<TrainEvent> {
    const { checkpoint, identity } = this.#options;
    const { optimizer } = this.#step;
    this.#taken = restoreCheckpoint(checkpoint, this.#engine.parameters, optimizer, identity, this.#watch);
    if (this.#taken > 0) yield { type: 'resume', step: this.#taken };
    if (this.#recipe.preference !== null) yield await this.#measureReference();
    if (this.#taken === 0 && this.#validation.possible) yield await this.#validation.look(0);
    this.#savedAt = performance.now();
  }

  async *steps(): AsyncGenerator<TrainEvent> {
    const of = this.#plan.length;
    for (const planned of this.#plan.slice(this.#taken)) {
      if (this.#watch.stopped) return;
      const step = ++this.#taken;
      yield await this.#step.run(planned, { step, of, pass: planned.pass });
      const wanted = step < of || this.#watch.active;
      if (wanted && this.#validation.due(step, planned.endsPass)) yield await this.#look(step);
      if (this.#saveIsDue(planned)) yield this.#save(step);
    }
  }

  /** Puts the parameters back that are kept, and looks at all of val. */
  async *end(): AsyncGenerator<TrainEvent> {
    const [step, of] = [this.#taken, this.#plan.length];
    const best = this.#watch.state.best?.step ?? step;
    const kept = this.#recipe.keep === 'best' ? best : step;
    if (this.#watch.stopped && step < of) yield { type: 'stop', step, of, best };
    if (kept !== step) {
      const { identity } = this.#options;
      restoreBest(this.#bestPath, this.#engine.parameters, { identity, step: kept });
    }
    if (this.#validation.possible) yield await this.#validation.lastLook(step, kept);
  }

  async #measureReference(): Promise<TrainEvent> {
    const began = performance.now();
    const batches = this.#plan.flatMap(({ batches }) =>
      batches.map((rows) => pairsOf(rows.flatMap(({ examples }) => examples))),
    );
    const { identity } = this.#options;
    const path = this.#options.reference ?? missingPath('preference', 'what it is measured from');
    const reference = await referenceOf(this.#engine, batches, { path, identity, begun: this.#taken > 0 });
    this.#step.reference = reference;
    const seconds = (performance.now() - began) / 1000;
    return { type: 'reference', step: 0, pairs: reference.size, seconds };
  }

  async #look(step: number): Promise<ValidationEvent> {
    const look = await this.#validation.look(step);
    if (!this.#watch.active) return look;
    const best = this.#watch.take(step, look);
    if (best && this.#recipe.keep === 'best') {
      const { identity } = this.#options;
      saveBest(this.#bestPath, this.#engine.parameters, { identity, step });
    }
    return { ...look, best };
  }

  /** After each pass, when training stops, and every so many seconds. */
  #saveIsDue({ endsPass }: PlannedStep): boolean {
    const { checkpointSeconds = 60 } = this.#options;
    const late = performance.now() - this.#savedAt > checkpointSeconds * 1000;
    return endsPass || this.#watch.stopped || (late && this.#taken < this.#plan.length);
  }

  #save(step: number): TrainEvent {
    const { checkpoint: path, identity } = this.#options;
    const { state } = this.#watch;
    saveCheckpoint(path, this.#engine.parameters, this.#step.optimizer, { identity, step, watch: state });
    this.#savedAt = performance.now();
    return { type: 'checkpoint', step, path };
  }

  get #bestPath(): string {
    return this.#options.best ?? missingPath('keep', 'the parameters of the best look');
  }
}

const missingPath = (field: string, what: string): never =>
  fail('CONFIG', `${field}: expected a path for ${what}, got none`);
