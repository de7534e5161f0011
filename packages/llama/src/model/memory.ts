/** How much memory a whole step takes, and which way of running a step fits. */
import { freemem } from 'node:os';
import { type LlamaConfig, PROJECTIONS, projectionShape } from './weights-type.ts';

export type StepMode = 'whole' | 'layered';

export interface MemoryBudget {
  readonly mode?: StepMode | 'auto';
  readonly memoryBytes?: number;
  readonly largestBatch?: { readonly batch: number; readonly sequence: number };
  readonly headChunks?: number;
}

/** The mode asked for; `auto` is whole where its step fits into the budget. */
export function chooseMode(config: LlamaConfig, budget: MemoryBudget): StepMode {
  const { mode = 'auto', memoryBytes = freemem() * 0.75, largestBatch, headChunks = 4 } = budget;
  if (mode !== 'auto') return mode;
  const { batch, sequence } = largestBatch ?? { batch: 8, sequence: 512 };
  return wholeStepBytes(config, batch, sequence, headChunks) <= memoryBytes ? 'whole' : 'layered';
}

/** What the arena and short-lived tensors add: measured 1.1 to 1.22 on SmolLM2's shape. */
const SLACK = 1.25;

/**
 * About how much a whole step takes beyond the 4-bit base: merged weights in float32, what each layer keeps for its
 * backward pass, and the parts of the head.
 */
export function wholeStepBytes(
  config: LlamaConfig,
  batch: number,
  sequence: number,
  headChunks: number,
): number {
  const { layers, width, feedForward, heads, kvHeads, headSize, vocabulary } = config;
  const tokens = batch * sequence;
  const merged = PROJECTIONS.reduce((count, projection) => {
    const [out, columns] = projectionShape(config, projection);
    return count + out * columns;
  }, 0);
  const kept =
    tokens * (2 * width + 2 * heads * headSize + 2 * kvHeads * headSize + 2 * feedForward) +
    batch * heads * sequence * sequence;
  const head = 3 * Math.ceil(tokens / headChunks) * vocabulary + vocabulary * width;
  return SLACK * 4 * (layers * (merged + kept) + head);
}
