/** Examples: tokenized studies, and which of their tokens are to be learned. */
import type { SoftPrompt } from '@llama-xr/llama';

/** One tokenized study. The tokens from `lossFrom` on are the ones to be learned. */
export interface Example {
  readonly id: string;
  readonly tokens: Int32Array;
  readonly lossFrom: number;
  /** Where the report begins, behind the prompt; `lossFrom` where absent. */
  readonly responseFrom?: number;
  /** Weight of each learned token (tokens.length - lossFrom of them); 1 when absent. */
  readonly tokenWeights?: Float32Array;
  /** What stands for the placeholders in the prompt, where the fusion is by sight. */
  readonly soft?: SoftPrompt;
  /** The findings that the prompt tells, in one word: studies of which it tells the same are no rivals (`rivals.ts`). */
  readonly told?: string;
  /** The findings that the report states, likewise. */
  readonly stated?: string;
  /** A report that is known to be wrong for this prompt: what the model itself once wrote, say. */
  readonly rejected?: Int32Array;
  /** What the example is to be likelier than, see `pair-loss.ts`. */
  readonly rival?: Example;
}

/** Index of the first token of the report. */
export const responseStart = ({ responseFrom, lossFrom }: Example): number =>
  Math.max(1, responseFrom ?? lossFrom);

/** Sum of the loss weights of examples: what one optimizer step divides by. */
export function lossWeight(examples: readonly Example[]): number {
  let sum = 0;
  for (const { tokens, lossFrom, tokenWeights } of examples) {
    if (tokenWeights) for (const w of tokenWeights) sum += w;
    else sum += tokens.length - Math.max(1, lossFrom);
  }
  return sum;
}
