/** Looks at val: the loss of its reports, and the grounding gap where the recipe asks for it. */
import { fail } from '@llama-xr/core';
import type { TrainingEngine } from '@llama-xr/llama';
import { type BatchRules, inBatches } from './batches.ts';
import { type Example, lossWeight } from './example.ts';
import { type PromptSwap, swapPrompts } from './grounding.ts';
import { collateRows } from './packing.ts';
import type { Recipe } from './recipe.ts';
import type { Look } from './watch.ts';

export interface ValidationEvent extends Look {
  readonly type: 'validation';
  readonly step: number;
  readonly examples: number;
  readonly seconds: number;
  /** True for the best look so far, where the recipe watches them. */
  readonly best?: boolean;
  /** In the last look, on all of val: the step whose parameters it saw, those of the adapter's files. */
  readonly kept?: number;
}

type LossEngine = Pick<TrainingEngine, 'loss'>;

export class Validation {
  readonly #engine: LossEngine;
  readonly #recipe: Recipe;
  readonly #val: readonly Example[];
  readonly #swap: PromptSwap | undefined;

  constructor(engine: LossEngine, val: readonly Example[], recipe: Recipe) {
    const { grounding } = recipe.validation;
    this.#engine = engine;
    this.#recipe = recipe;
    this.#val = val;
    this.#swap = grounding === 0 ? undefined : swapPrompts(val.slice(0, grounding), recipe);
    if (val.length === 0 && (recipe.keep === 'best' || recipe.patience > 0))
      fail('CONFIG', 'keep, patience: expected "last" and 0, since there are no studies of val to look at');
    if (recipe.watch === 'grounding' && this.#swap?.own.length === 0)
      fail(
        'CONFIG',
        'watch: expected "loss": no two studies of val have different prompts to measure grounding by',
      );
  }

  /** Whether there is anything to look at. */
  get possible(): boolean {
    return this.#val.length > 0;
  }

  /** Whether a look is due after a step. */
  due(step: number, endsPass: boolean): boolean {
    const { everySteps } = this.#recipe.validation;
    return this.possible && (endsPass || (everySteps > 0 && step % everySteps === 0));
  }

  /** A look at the first `studies` of val. */
  look(step: number): Promise<ValidationEvent> {
    return this.#look(step, this.#val.slice(0, this.#recipe.validation.studies));
  }

  /** The last look, at all of val. */
  async lastLook(step: number, kept: number): Promise<ValidationEvent> {
    return { ...(await this.#look(step, this.#val)), kept };
  }

  async #look(step: number, examples: readonly Example[]): Promise<ValidationEvent> {
    const began = performance.now();
    const loss = await meanLoss(this.#engine, examples, this.#recipe);
    const groundingGap = await this.#groundingGap();
    return {
      type: 'validation',
      step,
      loss,
      ...(groundingGap !== undefined && { groundingGap }),
      examples: examples.length,
      seconds: (performance.now() - began) / 1000,
    };
  }

  /** Mean over studies; undefined where it is not asked for, or where all prompts are one. */
  async #groundingGap(): Promise<number | undefined> {
    if (this.#swap === undefined || this.#swap.own.length === 0) return undefined;
    const own = await meanLoss(this.#engine, this.#swap.own, this.#recipe);
    return (await meanLoss(this.#engine, this.#swap.swapped, this.#recipe)) - own;
  }
}

/** The loss of examples, weighted as they weigh their tokens. */
export async function meanLoss(
  engine: LossEngine,
  examples: readonly Example[],
  rules: BatchRules,
): Promise<number> {
  const total = lossWeight(examples);
  let loss = 0;
  for (const rows of inBatches(examples, rules)) loss += await engine.loss(collateRows(rows, total));
  return loss;
}
