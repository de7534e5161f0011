/**
 * Examples to batches: examples of like length share a batch, so that little is padding; the order of the
 * batches is drawn anew for each pass, from the seed and the pass alone, so that a resumed run needs no more
 * than its step number to go on exactly.
 */
import { Random } from '@llama-xr/core';
import type { Batch } from '@llama-xr/llama';

/** One tokenized study. The tokens from `lossFrom` on are the ones to be learned. */
export interface Example {
  readonly id: string;
  readonly tokens: Int32Array;
  readonly lossFrom: number;
  /** Weight of each learned token (tokens.length - lossFrom of them); 1 when absent. */
  readonly tokenWeights?: Float32Array;
}

/** The batches of one pass, as lists of example indices. */
export function planPass(examples: readonly Example[], batchSize: number, random: Random): number[][] {
  const order = random
    .shuffle(examples.map((_, i) => i))
    .sort((a, b) => examples[a]!.tokens.length - examples[b]!.tokens.length);
  const batches: number[][] = [];
  for (let i = 0; i < order.length; i += batchSize) batches.push(order.slice(i, i + batchSize));
  return random.shuffle(batches);
}

/** The random source of a pass: decided by seed and pass, by nothing that happened before. */
export const passRandom = (seed: number, pass: number): Random => new Random(`${seed}:pass ${pass}`);

/** Sum of the loss weights of examples: what one optimizer step divides by. */
export function lossWeight(examples: readonly Example[]): number {
  let sum = 0;
  for (const { tokens, lossFrom, tokenWeights } of examples) {
    if (tokenWeights) for (const w of tokenWeights) sum += w;
    else sum += tokens.length - Math.max(1, lossFrom);
  }
  return sum;
}

/**
 * Collates examples. Position i predicts token i + 1, so an example of n tokens takes n - 1 positions.
 * @param total what the weights are divided by: {@link lossWeight} of all examples of the optimizer step.
 */
export function collate(examples: readonly Example[], total: number): Batch {
  const sequence = Math.max(...examples.map((e) => e.tokens.length)) - 1;
  const size = examples.length * sequence;
  const ids = new Int32Array(size);
  const labels = new Int32Array(size);
  const weights = new Float32Array(size);
  examples.forEach(({ tokens, lossFrom, tokenWeights }, row) => {
    const start = row * sequence;
    ids.set(tokens.subarray(0, -1), start);
    labels.set(tokens.subarray(1), start);
    for (let i = Math.max(1, lossFrom); i < tokens.length; i++) {
      weights[start + i - 1] = (tokenWeights?.[i - lossFrom] ?? 1) / total;
    }
  });
  return { ids, labels, weights, batch: examples.length, sequence };
}
