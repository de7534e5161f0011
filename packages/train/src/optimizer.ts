/** What the loop and its checkpoints ask of an optimizer. */
import { AdamW, type AdamWSettings, type RateRange } from './adamw.ts';
import { AdamW8 } from './adamw8.ts';

export interface Optimizer {
  /** Steps taken so far. */
  steps: number;
  /** All that it remembers, by its name in a checkpoint: restored in place. */
  readonly state: Readonly<Record<string, Float32Array | Uint8Array>>;
  /** One step in place. `gradientScale` multiplies each gradient first (clipping, accumulation). */
  step(parameters: Float32Array, gradients: Float32Array, rate: number, gradientScale?: number): void;
}

/** The optimizer that a recipe asks for. */
export function openOptimizer(
  size: number,
  recipe: AdamWSettings & { readonly optimizerBits: 32 | 8 },
  ranges?: readonly RateRange[],
): Optimizer {
  return recipe.optimizerBits === 8 ? new AdamW8(size, recipe, ranges) : new AdamW(size, recipe, ranges);
}
