/**
 * A training engine in a thread of its own, so that the event loop of this one stays free: ONNX Runtime holds the
 * thread it runs on for a whole step. Parameters and gradients lie in memory that both threads see; the base is read by
 * the thread itself.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, fail, LlamaXrError } from '@llama-xr/core';
import { openBaseWeights } from '../weights/base-weights.ts';
import type { Batch, TokenBatch } from './batch.ts';
import { type AdapterEngine, describeAdapter, type TrainingOptions, trainableLayout } from './engine.ts';
import type { StepMode } from './memory.ts';
import { type ParameterLayout, parameterCount } from './parameters.ts';
import {
  type PretrainingEngine,
  type PretrainingOptions,
  pretrainingLayout,
  weightsOf,
} from './pretraining.ts';
import type { TrainingEngine } from './training-engine.ts';
import type { LlamaConfig } from './weights-type.ts';

/** What the thread opens. */
export type ThreadJob =
  | { readonly kind: 'adapter'; readonly base: string; readonly options: TrainingOptions }
  | { readonly kind: 'pretraining'; readonly config: LlamaConfig; readonly options: PretrainingOptions };

export interface ThreadData {
  readonly job: ThreadJob;
  readonly parameters: SharedArrayBuffer;
  readonly gradients: SharedArrayBuffer;
}

/** One call of an engine's method; `close` ends the thread. */
export type ThreadCall =
  | { readonly method: 'forwardBackward'; readonly arguments: Parameters<TrainingEngine['forwardBackward']> }
  | { readonly method: 'loss' | 'logProbabilities'; readonly arguments: [Batch] }
  | { readonly method: 'logits'; readonly arguments: Parameters<TrainingEngine['logits']> }
  | { readonly method: 'close'; readonly arguments: [] };

/** The thread's answer: to its opening first, then to each call in order. */
export type ThreadAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly message: string; readonly code: ErrorCode; readonly hint?: string } };

/**
 * As {@link openTrainingEngine}, in a thread.
 * @param base path of the base weights, see {@link openBaseWeights}.
 * @throws LlamaXrError as opening base and engine does; ENGINE where the thread ends.
 */
export async function openTrainingWorker(base: string, options: TrainingOptions): Promise<AdapterEngine> {
  const description = describeAdapter(options);
  using weights = openBaseWeights(base);
  const { config } = weights;
  const layout = trainableLayout(config, { ...options, targets: description.targets });
  const engine = new ThreadedEngine(config, layout, { kind: 'adapter', base, options });
  const mode = (await engine.opened) as StepMode;
  return Object.assign(engine, { mode, ...description });
}

/** As {@link openPretrainingEngine}, in a thread. */
export async function openPretrainingWorker(
  config: LlamaConfig,
  options: PretrainingOptions = {},
): Promise<PretrainingEngine> {
  const layout = pretrainingLayout(config);
  const engine = new ThreadedEngine(config, layout, { kind: 'pretraining', config, options });
  await engine.opened;
  return Object.assign(engine, { weights: weightsOf(config, layout, engine.parameters) });
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

class ThreadedEngine implements TrainingEngine {
  readonly config: LlamaConfig;
  readonly layout: ParameterLayout;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  /** Resolves when the thread has opened its engine. */
  readonly opened: Promise<unknown>;
  readonly #thread: Worker;
  /** Answers come in the order of the calls. */
  readonly #waiting: Waiting[] = [];
  #ended = false;

  constructor(config: LlamaConfig, layout: ParameterLayout, job: ThreadJob) {
    this.config = config;
    this.layout = layout;
    const bytes = parameterCount(layout) * Float32Array.BYTES_PER_ELEMENT;
    const data: ThreadData = {
      job,
      parameters: new SharedArrayBuffer(bytes),
      gradients: new SharedArrayBuffer(bytes),
    };
    this.parameters = new Float32Array(data.parameters);
    this.gradients = new Float32Array(data.gradients);
    // The published package is JavaScript, a checkout TypeScript.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    this.#thread = new Worker(new URL(`./training-thread${extension}`, import.meta.url), {
      workerData: data,
    });
    this.opened = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#thread.on('message', (answer: ThreadAnswer) => this.#take(answer));
    this.#thread.on('error', (error: Error) => this.#end(`the training thread failed: ${error.message}`));
    this.#thread.on('exit', () => this.#end('the training thread has ended'));
  }

  forwardBackward(...given: Parameters<TrainingEngine['forwardBackward']>): Promise<{ loss: number }> {
    return this.#call({ method: 'forwardBackward', arguments: given });
  }

  loss(batch: Batch): Promise<number> {
    return this.#call({ method: 'loss', arguments: [batch] });
  }

  logProbabilities(batch: Batch): Promise<Float32Array> {
    return this.#call({ method: 'logProbabilities', arguments: [batch] });
  }

  logits(...given: [tokens: TokenBatch, rows?: Int32Array]): Promise<Float32Array> {
    return this.#call({ method: 'logits', arguments: given });
  }

  async #call<T>(call: ThreadCall): Promise<T> {
    if (this.#ended) fail('ENGINE', 'this training engine was closed');
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#thread.postMessage(call);
    }) as Promise<T>;
  }

  #take(answer: ThreadAnswer): void {
    const waiting = this.#waiting.shift();
    if ('result' in answer) {
      waiting?.resolve(answer.result);
      return;
    }
    const { code, message, hint } = answer.error;
    waiting?.reject(new LlamaXrError(code, message, hint === undefined ? {} : { hint }));
  }

  #end(reason: string): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new LlamaXrError('ENGINE', reason));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    const exit = once(this.#thread, 'exit');
    await this.#call({ method: 'close', arguments: [] });
    this.#ended = true;
    await exit;
  }
}
