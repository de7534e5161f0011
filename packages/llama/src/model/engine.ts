/**
 * QLoRA training of a Llama (Dettmers et al. 2023, arXiv 2305.14314): loss and gradients of the adapters over a
 * frozen base. It owns the numbers and runs steps; what an optimizer makes of the gradients is not its affair.
 */
import { fail, Random } from '@llama-xr/core';
import type { Device, SessionOptions } from '@llama-xr/onnx';
import { type Batch, checkBatch, checkTokens, rowsInLoss, type TokenBatch } from './batch.ts';
import { type AdapterShape, ForwardPass } from './forward-pass.ts';
import { FrozenBase } from './frozen-base.ts';
import { LayeredStep, type Step } from './layered-step.ts';
import { chooseMode, type StepMode } from './memory.ts';
import { adapterLayout, initializeAdapter, type ParameterLayout, parameterCount } from './parameters.ts';
import type { LlamaConfig, LlamaWeights } from './weights-type.ts';
import { WholeStep } from './whole-step.ts';

/** What trains: the same for adapters over a frozen base, for a whole small model, in this thread or in another. */
export interface TrainingEngine extends AsyncDisposable {
  readonly config: LlamaConfig;
  /** Where each tensor lies in `parameters` and `gradients`. */
  readonly layout: ParameterLayout;
  readonly parameters: Float32Array;
  /** Filled by `forwardBackward`. */
  readonly gradients: Float32Array;
  /** The loss of a batch; its gradient replaces `gradients`, or is added to them. */
  forwardBackward(batch: Batch, options?: { accumulate?: boolean }): Promise<{ loss: number }>;
  /** The loss alone. */
  loss(batch: Batch): Promise<number>;
  /** log p(label) at each position with a weight, 0 elsewhere: [B * S]. */
  logProbabilities(batch: Batch): Promise<Float32Array>;
  /** Logits of some rows of [B * S], all where absent: [rows, V]. */
  logits(tokens: TokenBatch, rows?: Int32Array): Promise<Float32Array>;
}

export interface TrainingOptions {
  /** 0: the bare base, to score and not to train. */
  readonly rank: number;
  /** The adapter's factor is alpha / rank; 2 * rank where absent. */
  readonly alpha?: number;
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
  /** Whole mode: merge weights again in the backward pass instead of keeping them. Off where absent. */
  readonly mergeAgain?: boolean;
}

/** An engine for adapters, which has a way of running a step. */
export interface AdapterEngine extends TrainingEngine {
  readonly mode: StepMode;
  readonly rank: number;
  readonly alpha: number;
}

/**
 * Opens an engine in this thread: a step holds the thread until it is done (see `openTrainingWorker`).
 * @throws LlamaXrError CONFIG, DEVICE, ENGINE.
 */
export async function openTrainingEngine(
  weights: LlamaWeights,
  options: TrainingOptions,
): Promise<AdapterEngine> {
  const { rank, alpha = 2 * rank, seed = 0, headChunk = 256, headChunks = 4, mergeAgain = false } = options;
  if (!Number.isInteger(rank) || rank < 0)
    fail('CONFIG', `rank: expected a whole number from 0, got ${rank}`);
  if (!Number.isFinite(alpha)) fail('CONFIG', `alpha: expected a number, got ${alpha}`);
  const base = new FrozenBase(weights);
  const layout = adapterLayout(base.config, rank);
  const adapter: AdapterShape = { rank, scaling: rank === 0 ? 0 : alpha / rank, layout };
  const session: SessionOptions = {
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  };
  const mode = chooseMode(base.config, options);
  const forward = await ForwardPass.open(base, adapter, headChunk, session);
  const step =
    rank === 0
      ? undefined
      : mode === 'whole'
        ? await WholeStep.open(base, adapter, { headChunks, mergeAgain }, session)
        : await LayeredStep.open(base, adapter, forward, headChunk, session);
  const engine = new LocalEngine(base.config, mode, { ...adapter, alpha }, forward, step);
  initializeAdapter(layout, engine.parameters, new Random(seed));
  return engine;
}

class LocalEngine implements AdapterEngine {
  readonly config: LlamaConfig;
  readonly mode: StepMode;
  readonly rank: number;
  readonly alpha: number;
  readonly layout: ParameterLayout;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  readonly #forward: ForwardPass;
  readonly #step: Step | undefined;
  /** Holds a batch's gradients before they are added to those there. */
  #scratch: Float32Array | undefined;

  constructor(
    config: LlamaConfig,
    mode: StepMode,
    adapter: AdapterShape & { alpha: number },
    forward: ForwardPass,
    step: Step | undefined,
  ) {
    this.config = config;
    this.mode = mode;
    this.rank = adapter.rank;
    this.alpha = adapter.alpha;
    this.layout = adapter.layout;
    this.parameters = new Float32Array(parameterCount(adapter.layout));
    this.gradients = new Float32Array(this.parameters.length);
    this.#forward = forward;
    this.#step = step;
  }

  async forwardBackward(batch: Batch, { accumulate = false } = {}): Promise<{ loss: number }> {
    checkBatch(batch, this.config);
    const step = this.#step ?? fail('CONFIG', 'rank: expected at least 1 to train, got 0');
    if (!accumulate) return { loss: await step.run(batch, this.parameters, this.gradients) };
    this.#scratch ??= new Float32Array(this.gradients.length);
    const loss = await step.run(batch, this.parameters, this.#scratch);
    for (let i = 0; i < this.gradients.length; i++)
      this.gradients[i] = (this.gradients[i] as number) + (this.#scratch[i] as number);
    return { loss };
  }

  async loss(batch: Batch): Promise<number> {
    const logProbabilities = await this.logProbabilities(batch);
    return -logProbabilities.reduce((sum, value, i) => sum + value * (batch.weights[i] as number), 0);
  }

  async logProbabilities(batch: Batch): Promise<Float32Array> {
    checkBatch(batch, this.config);
    const rows = rowsInLoss(batch);
    const hidden = await this.#forward.hidden(batch, this.parameters);
    const found = await this.#forward.logProbabilities(hidden, batch, rows);
    const result = new Float32Array(batch.ids.length);
    rows.forEach((row, i) => {
      result[row] = found[i] as number;
    });
    return result;
  }

  async logits(tokens: TokenBatch, rows = Int32Array.from(tokens.ids.keys())): Promise<Float32Array> {
    checkTokens(tokens, this.config);
    return this.#forward.logits(await this.#forward.hidden(tokens, this.parameters), rows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#step?.[Symbol.asyncDispose]();
    await this.#forward[Symbol.asyncDispose]();
  }
}
