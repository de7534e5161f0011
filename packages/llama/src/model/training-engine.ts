/**
 * What every engine that trains offers, and the one that runs in the thread it is called from: it owns parameters and
 * gradients, checks batches, and leaves the computing to a step and a scorer.
 */
import { fail } from '@llama-xr/core';
import type { ProjectorPass } from '../fusion/projector-pass.ts';
import { type Batch, checkBatch, checkSoft, checkTokens, type TokenBatch } from './batch.ts';
import { type ParameterLayout, parameterCount } from './parameters.ts';
import type { LlamaConfig } from './weights-type.ts';

/** What trains: the same for adapters over a frozen base, for a whole small model, in this thread or in another. */
export interface TrainingEngine extends AsyncDisposable {
  readonly config: LlamaConfig;
  /** Where each tensor lies in `parameters` and `gradients`. */
  readonly layout: ParameterLayout;
  readonly parameters: Float32Array;
  /** Filled by `forwardBackward`. */
  readonly gradients: Float32Array;
  /** The loss of a batch; its gradient replaces `gradients`, or is added to them. */
  forwardBackward(batch: Batch, options?: StepOptions): Promise<{ loss: number }>;
  /** The loss alone. */
  loss(batch: Batch): Promise<number>;
  /** log p(label) at each position with a weight, 0 elsewhere: [B * S]. */
  logProbabilities(batch: Batch): Promise<Float32Array>;
  /** Logits of some rows of [B * S], all where absent: [rows, V]. */
  logits(tokens: TokenBatch, rows?: Int32Array): Promise<Float32Array>;
}

export interface StepOptions {
  /** Adds to the gradients that are there. */
  readonly accumulate?: boolean;
  /** Decides what an adapter with dropout leaves out: needed by these, and told to be another one for each step. */
  readonly dropoutSeed?: string;
}

/** One forward and backward pass; fills `gradients` and gives the loss. */
export interface Step extends AsyncDisposable {
  run(batch: Batch, parameters: Float32Array, gradients: Float32Array, dropoutSeed?: string): Promise<number>;
}

/** Forward passes without derivatives. */
export interface Scorer extends AsyncDisposable {
  /** log p(label) at each position with a weight, 0 elsewhere: [B * S]. */
  logProbabilities(batch: Batch, parameters: Float32Array): Promise<Float32Array>;
  /** [rows, V] */
  logits(tokens: TokenBatch, rows: Int32Array, parameters: Float32Array): Promise<Float32Array>;
}

export class LocalEngine implements TrainingEngine {
  readonly config: LlamaConfig;
  readonly layout: ParameterLayout;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  readonly #scorer: Scorer;
  readonly #step: Step | undefined;
  readonly #projector: ProjectorPass | undefined;
  /** Holds a batch's gradients before they are added to those there. */
  #scratch: Float32Array | undefined;

  /**
   * @param step absent: an engine that scores and does not train.
   * @param projector what scorer and step make soft tokens with, if anything; closed with the engine.
   */
  constructor(
    config: LlamaConfig,
    layout: ParameterLayout,
    scorer: Scorer,
    step: Step | undefined,
    projector?: ProjectorPass,
  ) {
    this.config = config;
    this.layout = layout;
    this.parameters = new Float32Array(parameterCount(layout));
    this.gradients = new Float32Array(this.parameters.length);
    this.#scorer = scorer;
    this.#step = step;
    this.#projector = projector;
  }

  async forwardBackward(
    batch: Batch,
    { accumulate = false, dropoutSeed }: StepOptions = {},
  ): Promise<{ loss: number }> {
    this.#check(batch);
    const step = this.#step ?? fail('CONFIG', 'rank: expected at least 1 to train, got 0');
    if (!accumulate) return { loss: await step.run(batch, this.parameters, this.gradients, dropoutSeed) };
    this.#scratch ??= new Float32Array(this.gradients.length);
    const loss = await step.run(batch, this.parameters, this.#scratch, dropoutSeed);
    for (let i = 0; i < this.gradients.length; i++)
      this.gradients[i] = (this.gradients[i] as number) + (this.#scratch[i] as number);
    return { loss };
  }

  async loss(batch: Batch): Promise<number> {
    const logProbabilities = await this.logProbabilities(batch);
    return -logProbabilities.reduce((sum, value, i) => sum + value * (batch.weights[i] as number), 0);
  }

  async logProbabilities(batch: Batch): Promise<Float32Array> {
    this.#check(batch);
    return this.#scorer.logProbabilities(batch, this.parameters);
  }

  async logits(tokens: TokenBatch, rows = Int32Array.from(tokens.ids.keys())): Promise<Float32Array> {
    checkTokens(tokens, this.config);
    checkSoft(tokens, this.#projector?.shape);
    return this.#scorer.logits(tokens, rows, this.parameters);
  }

  #check(batch: Batch): void {
    checkBatch(batch, this.config);
    checkSoft(batch, this.#projector?.shape);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#step?.[Symbol.asyncDispose]();
    await this.#scorer[Symbol.asyncDispose]();
    await this.#projector?.[Symbol.asyncDispose]();
  }
}
