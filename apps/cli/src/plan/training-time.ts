/**
 * How long a step takes: the products it computes over the speed of this machine, measured in a second. A product of
 * [m, k] and [k, n] counts 2 m k n operations.
 */

import { holdingFor, projectionShape, type StepMode } from '@llama-xr/llama';
import { f32, input, linear, open } from '@llama-xr/onnx';
import type { TrainingShape } from './training-memory.ts';

/** What a step computes on. */
export interface StepTokens {
  /** Tokens that go through the layers, padding included. */
  readonly tokens: number;
  /** Those of them in the loss: the head is computed on these. */
  readonly learned: number;
  /** Batches of the step: weights are dequantized and merged once for each. */
  readonly batches: number;
}

export interface StepOperations {
  readonly layers: number;
  readonly head: number;
  readonly attention: number;
  readonly adapter: number;
  /** Of weights, as operations of products that take its time. */
  readonly dequantizing: number;
}

/**
 * Passes over the frozen weights: forward and the gradient of the input. Layered computes each layer once more, but for its
 * last product, a quarter of it, unless it has kept what it needs; what is kept has to be copied.
 */
const PASSES: Readonly<Record<StepMode, number>> = { whole: 2, layered: 2.75 };
const SPARED = 0.6;

/**
 * What a step takes beyond its products - norms, activations, copies - and, as so many operations a weight and pass, to
 * dequantize and to merge weights; to read them anew as much again. Measured on SmolLM2: docs/experiments/memory.md.
 */
const OVERHEAD: Readonly<Record<StepMode, number>> = { whole: 1.15, layered: 1.18 };
const DEQUANTIZING = 270;
/** Queries are cut into two blocks, so that three quarters of attention are computed. */
const CAUSAL = 0.75;

/** @param kept share of the layers that keep something for the backward pass, see `keptWithin` */
export function stepOperations(
  shape: TrainingShape,
  step: StepTokens,
  mode: StepMode,
  kept = 0,
): StepOperations {
  const { config, recipe, sequence } = shape;
  const { layers, heads, headSize, vocabulary, width } = config;
  const passes = PASSES[mode] - (mode === 'layered' ? SPARED * kept : 0);
  const weights = shape.weights.packed + shape.weights.eight + shape.weights.plain;
  const merges = passes - (mode === 'whole' ? kept : 0);
  const visits = merges + (holdingFor(config, mode).layers === 'read' ? 2 : 0);
  const factors = recipe.targets.reduce((sum, target) => {
    const [out, columns] = projectionShape(config, target);
    return sum + layers * recipe.rank * (out + columns);
  }, 0);
  const merged = recipe.targets.reduce((sum, target) => {
    const [out, columns] = projectionShape(config, target);
    return sum + 2 * layers * recipe.rank * out * columns;
  }, 0);
  return {
    layers: passes * 2 * weights * step.tokens,
    // Forward, and the gradient of the hidden state.
    head: 2 * 2 * vocabulary * width * step.learned,
    // Q K^T and P V, and four such products backward, P anew among them.
    attention: CAUSAL * (passes + 3) * 2 * 2 * layers * heads * headSize * sequence * step.tokens,
    // u, v and the two gradients; each batch merges anew, in every pass where that is not kept.
    adapter: 2 * 2 * factors * step.tokens + merges * merged * step.batches,
    dequantizing: DEQUANTIZING * visits * weights * step.batches,
  };
}

export function stepSeconds(operations: StepOperations, mode: StepMode, operationsPerSecond: number): number {
  const { layers, head, attention, adapter, dequantizing } = operations;
  return (OVERHEAD[mode] * (layers + head + attention + adapter + dequantizing)) / operationsPerSecond;
}

/** Operations a second of float32 products of the size of a layer's, by the engine that trains. */
export async function measureSpeed(threads?: number, seconds = 1): Promise<number> {
  const [tokens, columns, rows] = [512, 1024, 1024];
  const y = linear(input('x', f32, [tokens, columns]), input('w', f32, [rows, columns]));
  await using session = await open({ y }, { ...(threads !== undefined && { threads }), name: 'calibration' });
  const feeds = {
    x: new Float32Array(tokens * columns).fill(0.5),
    w: new Float32Array(rows * columns).fill(0.25),
  };
  await session.run(feeds);
  let best = Number.POSITIVE_INFINITY;
  for (const began = performance.now(); performance.now() - began < seconds * 1000; ) {
    const start = performance.now();
    await session.run(feeds);
    // The quickest of many: what the machine can do when nothing else runs on it.
    best = Math.min(best, performance.now() - start);
  }
  return (2 * tokens * columns * rows) / (best / 1000);
}
