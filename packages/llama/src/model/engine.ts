/**
 * QLoRA training of a Llama (Dettmers et al. 2023, arXiv 2305.14314): loss and gradients of the adapters over a
 * frozen base. What an optimizer makes of the gradients is not its affair.
 */
import { fail, Random } from '@llama-xr/core';
import type { Device, Precision, SessionOptions } from '@llama-xr/onnx';
import { initializeProjector, type ProjectorShape, projectorLayout } from '../fusion/projector.ts';
import { ProjectorPass } from '../fusion/projector-pass.ts';
import { type AdapterScaling, type AdapterShape, orderedTargets, updateFactor } from './adapter-shape.ts';
import { ForwardPass } from './forward-pass.ts';
import { FrozenBase } from './frozen-base.ts';
import { LayeredStep } from './layered-step.ts';
import { ScaledStep } from './loss-scaling.ts';
import { chooseMode, holdingFor, type StepMode } from './memory.ts';
import { adapterLayout, initializeAdapter, type ParameterLayout, parameterCount } from './parameters.ts';
import { type HeadChunks, StreamedHead } from './streamed-head.ts';
import { LocalEngine, type TrainingEngine } from './training-engine.ts';
import { type LlamaConfig, type LlamaWeights, PROJECTIONS, type Projection } from './weights-type.ts';
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
  /** Makes soft tokens of image features, and is trained with the adapter; none where absent. */
  readonly projector?: ProjectorShape;
  /** Seed of the adapter's start. */
  readonly seed?: number | string;
  /** `whole` is fastest, `layered` needs least memory, `auto` takes whole where it fits. */
  readonly mode?: StepMode | 'auto';
  /** What `auto` may use, three quarters of the free memory where absent. */
  readonly memoryBytes?: number;
  /** The largest batch that `auto` must fit, 8 rows of 512 tokens where absent. */
  readonly largestBatch?: { readonly batch: number; readonly sequence: number };
  readonly device?: Device;
  /**
   * Of matrix products, `float32` where absent. `float16` is for devices with half-precision units: sums stay in float32, the
   * loss is scaled (see loss-scaling.ts), base and adapter are computed apart. On a CPU it is slower and only measures the error.
   */
  readonly precision?: Precision;
  readonly threads?: number;
  /** How much of the head is computed at a time in layered mode and in scoring; see `headChunks`. */
  readonly headChunk?: Partial<HeadChunks>;
  /**
   * Memory for what the backward pass would else compute again, in whole layers; 0 where absent. Whole mode keeps merged
   * weights, 4 bytes each, and takes a twentieth less time with the same results. Layered mode keeps activations: of Llama 3.1
   * 8B 156 kB a token and layer, and with all of them a step takes a fifth less.
   */
  readonly keptBytes?: number;
  /** Parts of the head in whole mode, 4 where absent. */
  readonly headChunks?: number;
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

/** Where all that is trained lies: the adapter's tensors, then the projector's. */
export function trainableLayout(
  config: LlamaConfig,
  { rank, targets, projector }: Pick<TrainingOptions, 'rank' | 'targets' | 'projector'>,
): ParameterLayout {
  const adapter = adapterLayout(config, rank, targets);
  if (projector === undefined) return adapter;
  return [...adapter, ...projectorLayout(projector, config.width, parameterCount(adapter))];
}

/**
 * Opens an engine in this thread: a step holds the thread until it is done (see `openTrainingWorker`).
 * @throws LlamaXrError CONFIG, DEVICE, ENGINE.
 */
export async function openTrainingEngine(
  weights: LlamaWeights,
  options: TrainingOptions,
): Promise<AdapterEngine> {
  const { seed = 0, dropout = 0, headChunk, headChunks = 4, keptBytes = 0 } = options;
  const { precision = 'float32' } = options;
  const description = describeAdapter(options);
  const { rank, alpha, targets } = description;
  if (!Number.isInteger(rank) || rank < 0)
    fail('CONFIG', `rank: expected a whole number from 0, got ${rank}`);
  if (!Number.isFinite(alpha)) fail('CONFIG', `alpha: expected a number, got ${alpha}`);
  if (!(dropout >= 0 && dropout < 1)) fail('CONFIG', `dropout: expected a number in [0, 1), got ${dropout}`);
  const mode = chooseMode(weights.config, options);
  const base = new FrozenBase(weights, holdingFor(weights.config, mode));
  const layout = adapterLayout(base.config, rank, targets);
  const adapter: AdapterShape = {
    rank,
    factor: updateFactor(description),
    targets,
    dropout,
    apart: precision === 'float16',
    layout,
  };
  const session: SessionOptions = {
    precision,
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  };
  const head = new StreamedHead(base, session, headChunk);
  const all = trainableLayout(base.config, options);
  const projector =
    options.projector && (await ProjectorPass.open(options.projector, base.config.width, all, session));
  const forward = await ForwardPass.open(base, { ...adapter, dropout: 0 }, head, session, projector);
  const step =
    rank === 0
      ? undefined
      : mode === 'whole'
        ? await WholeStep.open(base, adapter, { headChunks, keptBytes }, session, projector)
        : await LayeredStep.open(base, adapter, forward, head, keptBytes, session, projector);
  const scaled = step && precision === 'float16' ? new ScaledStep(step) : step;
  const engine = new LocalEngine(base.config, all, forward, scaled, projector);
  initializeAdapter(layout, engine.parameters, new Random(seed));
  if (projector !== undefined)
    initializeProjector(all, engine.parameters, someEmbeddings(base), new Random(`${seed}:projector`));
  return Object.assign(engine, { mode, ...description });
}

/** Vectors of tokens from all over the vocabulary. */
function someEmbeddings(base: FrozenBase): Float32Array {
  const { vocabulary } = base.config;
  const count = Math.min(vocabulary, 1024);
  const ids = Int32Array.from({ length: count }, (_, i) => Math.floor((i * vocabulary) / count));
  return base.embed({ batch: 1, sequence: count, ids });
}
