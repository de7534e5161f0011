/**
 * Early stopping (Prechelt, "Early Stopping - But When?", 1998): which look at val was the best so far, and how many went
 * by since. Its state is part of a checkpoint.
 */
import { fail } from '@llama-xr/core';
import { z } from 'zod';
import type { Recipe } from './recipe.ts';

/** What a look at val found. */
export interface Look {
  readonly loss: number;
  /** See `grounding.ts`; absent where it was not measured. */
  readonly groundingGap?: number;
}

const WatchState = z.object({
  best: z.object({ step: z.int(), value: z.number() }).nullable(),
  /** Looks since the best one. */
  since: z.int(),
});
export type WatchState = z.infer<typeof WatchState>;

export class Watch {
  #state: WatchState = { best: null, since: 0 };
  readonly #rules: Pick<Recipe, 'watch' | 'patience' | 'keep'>;

  constructor(rules: Pick<Recipe, 'watch' | 'patience' | 'keep'>) {
    this.#rules = rules;
  }

  /** Whether anything depends on what looks find. */
  get active(): boolean {
    return this.#rules.keep === 'best' || this.#rules.patience > 0;
  }

  /** True after `patience` looks that were no better than one before them. */
  get stopped(): boolean {
    return this.#rules.patience > 0 && this.#state.since >= this.#rules.patience;
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Goes on from a state as a checkpoint holds it. @throws LlamaXrError FILE_FORMAT naming the path. */
  restore(text: string | undefined, path: string): void {
    if (text === undefined) return;
    const parsed = WatchState.safeParse(parseJson(text));
    this.#state =
      parsed.data ??
      fail('FILE_FORMAT', `${path}: watch: expected the state of looks, got ${text.slice(0, 80)}`);
  }

  /** Takes a look into account. @returns whether it is the best so far. */
  take(step: number, look: Look): boolean {
    const byLoss = this.#rules.watch === 'loss';
    const value = byLoss ? look.loss : (look.groundingGap ?? Number.NaN);
    const { best, since } = this.#state;
    const beats = best === null || (byLoss ? value < best.value : value > best.value);
    const better = Number.isFinite(value) && beats;
    this.#state = better ? { best: { step, value }, since: 0 } : { best, since: since + 1 };
    return better;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
