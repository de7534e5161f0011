/** Examples: tokenized studies, and which of their tokens are to be learned. */

/** One tokenized study. The tokens from `lossFrom` on are the ones to be learned. */
export interface Example {
  readonly id: string;
  readonly tokens: Int32Array;
  readonly lossFrom: number;
  /** Where the report begins, behind the prompt; `lossFrom` where absent. */
  readonly responseFrom?: number;
  /** Weight of each learned token (tokens.length - lossFrom of them); 1 when absent. */
  readonly tokenWeights?: Float32Array;
}

/** Sum of the loss weights of examples: what one optimizer step divides by. */
export function lossWeight(examples: readonly Example[]): number {
  let sum = 0;
  for (const { tokens, lossFrom, tokenWeights } of examples) {
    if (tokenWeights) for (const w of tokenWeights) sum += w;
    else sum += tokens.length - Math.max(1, lossFrom);
  }
  return sum;
}
