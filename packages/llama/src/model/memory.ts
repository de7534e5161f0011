/** How much memory a whole step takes, and which way of running a step fits. */
import { freemem } from 'node:os';
import type { Holding } from './frozen-base.ts';
import { type LlamaConfig, PROJECTIONS, projectionShape } from './weights-type.ts';

export type StepMode = 'whole' | 'layered';

export interface MemoryBudget {
  readonly mode?: StepMode | 'auto';
  readonly memoryBytes?: number;
  readonly largestBatch?: { readonly batch: number; readonly sequence: number };
  /** These: see `TrainingOptions`. */
  readonly headChunks?: number;
  readonly keptBytes?: number;
  readonly dropout?: number;
}

/** The mode asked for; `auto` is whole where its step fits into the budget. */
export function chooseMode(config: LlamaConfig, budget: MemoryBudget): StepMode {
  const { mode = 'auto', memoryBytes = freemem() * 0.75, largestBatch } = budget;
  if (mode !== 'auto') return mode;
  const { batch, sequence } = largestBatch ?? { batch: 8, sequence: 512 };
  return wholeStepBytes(config, batch, sequence, budget) <= memoryBytes ? 'whole' : 'layered';
}

/** Up to so many weights a base is small beside what a step takes, and is held in the form that is fastest. */
const SMALL_BASE = 2 ** 30;

/**
 * What of a base stays in memory. A small one stays with a byte a weight: read anew, its layers would take a
 * fifteenth of a step of a thousand tokens. Of a large one a layered step reads each layer when it comes to it.
 */
export function holdingFor(config: LlamaConfig, mode: StepMode): Holding {
  const weights = config.layers * matrixSizes(config).reduce((sum, size) => sum + size, 0);
  const large = mode === 'whole' ? 'held' : 'read';
  return { head: mode === 'whole', layers: weights <= SMALL_BASE ? 'held in bytes' : large };
}

function matrixSizes(config: LlamaConfig): number[] {
  return PROJECTIONS.map((projection) => {
    const [out, columns] = projectionShape(config, projection);
    return out * columns;
  });
}

/** Bytes of a layer's merged weights, in float32. */
export const mergedBytes = (config: LlamaConfig): number =>
  4 * matrixSizes(config).reduce((sum, size) => sum + size, 0);

/** How many layers' merged weights a whole step keeps for its backward pass. */
export const layersMergedOnce = (config: LlamaConfig, keptBytes: number): number =>
  Math.min(config.layers, Math.floor(keptBytes / mergedBytes(config)));

/** What the arena and short-lived tensors add: measured 1.05 to 1.2 on SmolLM2's shape. */
const SLACK = 1.25;

/**
 * About how much a whole step takes beyond the 4-bit base: what each layer keeps for its backward pass, one layer's
 * attention, one part of the head, and merged weights in float32 where they are kept.
 */
export function wholeStepBytes(
  config: LlamaConfig,
  batch: number,
  sequence: number,
  { headChunks = 4, keptBytes = 0, dropout = 0 }: Omit<MemoryBudget, 'mode' | 'memoryBytes'> = {},
): number {
  const { layers, width, feedForward, heads, kvHeads, headSize, vocabulary } = config;
  const tokens = batch * sequence;
  // With dropout: a byte an element of the masks, and four more where they are multiplied with.
  const masked = dropout === 0 ? 0 : 1.25 * tokens * (2 * width + heads * headSize + feedForward);
  const kept =
    masked + tokens * (2 * width + 2 * heads * headSize + 2 * kvHeads * headSize + 2 * feedForward);
  const attention = 3 * batch * heads * sequence * sequence;
  const head = 2 * Math.ceil(tokens / headChunks) * vocabulary + vocabulary * width;
  const step = 4 * (layers * kept + attention + head + Math.max(...matrixSizes(config)));
  return SLACK * step + layersMergedOnce(config, keptBytes) * mergedBytes(config);
}
