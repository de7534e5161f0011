/**
 * QLoRA training of a Llama (Dettmers et al. 2023, arXiv 2305.14314): loss and gradients of the adapters over a
 * frozen base. What an optimizer makes of the gradients is not its affair.
 */
import { fail, Random } from '@llama-xr/core';
import type { Device, SessionOptions } from '@llama-xr/onnx';
import { type AdapterScaling, type AdapterShape, orderedTargets, updateFactor } from './adapter-shape.ts';
import { ForwardPass } from './forward-pass.ts';
import { FrozenBase } from './frozen-base.ts';
import { LayeredStep } from './layered-step.ts';
import { chooseMode, type StepMode } from './memory.ts';
import { adapterLayout, initializeAdapter } from './parameters.ts';
import { LocalEngine, type TrainingEngine } from './training-engine.ts';
import { type LlamaWeights, PROJECTIONS, type Projection } from './weights-type.ts';
import { WholeStep } from './whole-step.ts';

export interface TrainingOptions {
  /** 0: the bare base, to score and not to train. */
  readonly rank: number;
  /** The adapter's factor is alpha / rank, or what `scaling` makes of it; 2 * rank where absent. */
  readonly alpha?: number;
  /** `alpha/r` where absent. */
  readonly scaling?: AdapterScaling;
  /** Which projections are adapted, all seven where absent; the others stay bare. */
  readonly targets?: readonly Projection[];
  /** Share of what the adapter reads that training leaves out, in [0, 1); scoring leaves out nothing. 0 where absent. */
  readonly dropout?: number;
  /** Seed of the adapter's start. */
  readonly seed?: number | string;
  /** `whole` is fastest, `layered` needs least memory, `auto` takes whole where it fits. */
  readonly mode?: StepMode | 'auto';
  /** What `auto` may use, three quarters of the free memory where absent. */
  readonly memoryBytes?: number;
  /** The largest batch that `auto` must fit, 8 rows of 512 tokens where absent. */
  readonly largestBatch?: { readonly batch: number; readonly sequence: number };
  readonly device?: Device;
  readonly threads?: number;
  /** Rows of the head at a time in layered mode and in scoring, 256 where absent. */
  readonly headChunk?: number;
  /** Parts of the head in whole mode, 4 where absent. */
  readonly headChunks?: number;
  /**
   * Whole mode: dequantizes and merges weights again in the backward pass instead of keeping them: a twentieth more
   * time for 4 bytes a weight less. On where absent.
   */
  readonly mergeAgain?: boolean;
}

/** An engine for adapters, which has a way of running a step. */
export interface AdapterEngine extends TrainingEngine {
  readonly mode: StepMode;
  readonly rank: number;
  readonly alpha: number;
  readonly scaling: AdapterScaling;
  readonly targets: readonly Projection[];
}

/** What an engine tells of its adapter. */
export function describeAdapter(options: TrainingOptions) {
  const { rank, alpha = 2 * rank, scaling = 'alpha/r' } = options;
  return { rank, alpha, scaling, targets: orderedTargets(options.targets ?? PROJECTIONS) };
}

/**
 * Opens an engine in this thread: a step holds the thread until it is done (see `openTrainingWorker`).
 * @throws LlamaXrError CONFIG, DEVICE, ENGINE.
 */
export async function openTrainingEngine(
  weights: LlamaWeights,
  options: TrainingOptions,
): Promise<AdapterEngine> {
  const { seed = 0, dropout = 0, headChunk = 256, headChunks = 4, mergeAgain = true } = options;
  const description = describeAdapter(options);
  const { rank, alpha, targets } = description;
  if (!Number.isInteger(rank) || rank < 0)
    fail('CONFIG', `rank: expected a whole number from 0, got ${rank}`);
  if (!Number.isFinite(alpha)) fail('CONFIG', `alpha: expected a number, got ${alpha}`);
  if (!(dropout >= 0 && dropout < 1)) fail('CONFIG', `dropout: expected a number in [0, 1), got ${dropout}`);
  const base = new FrozenBase(weights);
  const layout = adapterLayout(base.config, rank, targets);
  const adapter: AdapterShape = { rank, factor: updateFactor(description), targets, dropout, layout };
  const session: SessionOptions = {
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  };
  const mode = chooseMode(base.config, options);
  const forward = await ForwardPass.open(base, { ...adapter, dropout: 0 }, headChunk, session);
  const step =
    rank === 0
      ? undefined
      : mode === 'whole'
        ? await WholeStep.open(base, adapter, { headChunks, mergeAgain }, session)
        : await LayeredStep.open(base, adapter, forward, headChunk, session);
  const engine = new LocalEngine(base.config, layout, forward, step);
  initializeAdapter(layout, engine.parameters, new Random(seed));
  return Object.assign(engine, { mode, ...description });
}
