/**
 * Generation and scoring with llama.cpp, in a child process that may die: the work it left is given once more to a new
 * child, and only work that dies twice fails. Token ids in, token ids out: text is the caller's tokenizer's business.
 */
import { fail, LlamaXrError } from '@llama-xr/core';
import { openGguf } from '@llama-xr/tensor';
import { EngineProcess, type Event } from './engine-process.ts';
import { Job } from './jobs.ts';
import { DEVICES, nativeLibraries } from './library.ts';
import {
  type ChosenGeneratorOptions,
  checkGeneration,
  checkGeneratorOptions,
  checkScoring,
  type GenerationOptions,
  type GenerationRequest,
  type GeneratorOptions,
  type ScoringRequest,
} from './options.ts';
import type {
  EngineOptions,
  GenerationResult,
  ModelFacts,
  Results,
  Usage,
  Work,
  WorkOf,
} from './protocol.ts';

export interface Generation extends GenerationResult {
  readonly id: string;
  /** 0 to samples - 1 */
  readonly sample: number;
}

export interface Scored {
  readonly id: string;
  /** Natural logarithms of the probabilities of tokens[from], tokens[from + 1] ... given all that stands before each. */
  readonly logProbabilities: readonly number[];
}

export interface Generator extends AsyncDisposable {
  readonly model: ModelFacts;
  /** Process id of the present child, for whoever watches it; undefined while there is none. */
  readonly processId: number | undefined;
  /**
   * Texts in the order in which they are finished, `samples` for each request. Work begins at once, not at the first
   * iteration; leaving the iteration drops what is left.
   * @throws LlamaXrError CONFIG, INPUT at the call; ENGINE in the iteration
   */
  generate(requests: readonly GenerationRequest[], options: GenerationOptions): AsyncIterable<Generation>;
  /** Teacher-forced log probabilities, in the order in which they are finished. Errors as in `generate`. */
  score(requests: readonly ScoringRequest[]): AsyncIterable<Scored>;
  /**
   * Swaps the adapter; the base stays loaded. Takes its turn: what was asked for before is written with the old adapter, what
   * is asked for from now on, awaited or not, with the new one.
   * @param path null for the base alone
   * @returns seconds that the swap took once its turn had come
   */
  setAdapter(path: string | null, scale?: number): Promise<number>;
  /** llama.cpp's own tokenizer, to compare with. @param special reads `<|im_start|>` as one token (default) */
  tokenize(text: string, options?: { special?: boolean }): Promise<readonly number[]>;
  detokenize(tokens: readonly number[]): Promise<string>;
  /** What the child has used so far; a restarted child begins anew. */
  usage(): Promise<Usage>;
}

/** @throws LlamaXrError FILE_*, CONFIG, DEVICE, ENGINE (with llama.cpp's own words) */
export async function openGenerator(options: GeneratorOptions): Promise<Generator> {
  const { device = 'cpu' } = options;
  if (device !== 'auto') return openOn({ ...options, device });
  for (const gpu of DEVICES.filter((name) => name !== 'cpu' && nativeLibraries(name).found)) {
    try {
      return await openOn({ ...options, device: gpu });
    } catch (error) {
      if (!(error instanceof LlamaXrError && error.code === 'DEVICE')) throw error;
    }
  }
  return openOn({ ...options, device: 'cpu' });
}

async function openOn(options: ChosenGeneratorOptions): Promise<Generator> {
  const checked = checkGeneratorOptions(options);
  checkBase(checked.base);
  if (checked.adapter !== undefined) checkAdapter(checked.adapter);
  const generator = new ProcessGenerator(checked);
  try {
    await generator.open();
  } catch (error) {
    await generator[Symbol.asyncDispose]();
    throw error;
  }
  return generator;
}

class ProcessGenerator implements Generator {
  #options: EngineOptions;
  #facts: ModelFacts | undefined;
  /** The child, from the moment it is started; `#ready` says whether it takes work. */
  #process: EngineProcess | undefined;
  #ready = false;
  /** Whether the present child has begun any work: one that dies before is not worth another. */
  #begun = false;
  #resuming: Promise<void> | undefined;
  #closed = false;
  #numbers = 0;
  readonly #jobs = new Map<number, Job<unknown>>();

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  get model(): ModelFacts {
    return this.#facts ?? fail('ENGINE', 'the generator was not opened');
  }

  get processId(): number | undefined {
    return this.#process?.pid;
  }

  generate(requests: readonly GenerationRequest[], options: GenerationOptions): AsyncIterable<Generation> {
    const chosen = checkGeneration(requests, options, this.#options, this.model);
    const { maxTokens, guidance, seed, samples } = chosen;
    const { temperature, topK, topP, noRepeatNgram } = chosen;
    const common = {
      kind: 'generate' as const,
      guidance,
      seed,
      maxTokens,
      sampling: { temperature, topK, topP, noRepeatNgram },
      stop: options.stop ?? this.model.endTokens,
    };
    const job = new Job<Generation>();
    for (const { id, contrast, ...prompt } of requests) {
      for (let sample = 0; sample < samples; sample++) {
        const work = { ...common, id, sample, prompt };
        const guided = guidance === 1 || contrast === undefined ? work : { ...work, contrast };
        job.add(this.#number(job), guided, `request ${id}`, (result) => ({ id, sample, ...result }));
      }
    }
    return this.#submit(job);
  }

  score(requests: readonly ScoringRequest[]): AsyncIterable<Scored> {
    checkScoring(requests, this.#options, this.model);
    const job = new Job<Scored>();
    for (const { id, ...text } of requests) {
      const work = { kind: 'score', ...text } as const;
      job.add(this.#number(job), work, `request ${id}`, (logProbabilities) => ({ id, logProbabilities }));
    }
    return this.#submit(job);
  }

  async setAdapter(path: string | null, scale = 1): Promise<number> {
    if (path !== null) checkAdapter(path);
    const seconds = await this.#ask({ kind: 'adapter', path, scale });
    const { adapter: _, ...options } = this.#options;
    this.#options = { ...options, adapterScale: scale, ...(path === null ? {} : { adapter: path }) };
    return seconds;
  }

  tokenize(text: string, { special = true } = {}): Promise<readonly number[]> {
    return this.#ask({ kind: 'tokenize', text, special });
  }

  detokenize(tokens: readonly number[]): Promise<string> {
    return this.#ask({ kind: 'detokenize', tokens });
  }

  usage(): Promise<Usage> {
    return this.#ask({ kind: 'usage' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#failAll(new LlamaXrError('ENGINE', 'the generator was closed'));
    await this.#process?.[Symbol.asyncDispose]();
  }

  /** Starts a child and waits until it has loaded the model. */
  async open(): Promise<void> {
    const process = new EngineProcess(this.#options, (event) => this.#take(event));
    this.#process = process;
    process.hold(true);
    this.#begun = false;
    this.#facts = await process.ready;
    this.#ready = true;
    void process.gone.then((reason) => this.#bury(reason));
    process.hold(this.#jobs.size > 0);
  }

  async #ask<Kind extends Work['kind']>(work: WorkOf<Kind>): Promise<Results[Kind]> {
    const job = new Job<Results[Kind]>();
    job.add(this.#number(job), work, work.kind, (result) => result);
    for await (const result of this.#submit(job)) return result;
    return fail('ENGINE', `${work.kind}: expected an answer, got none`);
  }

  #number(job: Job<unknown>): number {
    this.#jobs.set(++this.#numbers, job);
    return this.#numbers;
  }

  #submit<Result>(job: Job<Result>): AsyncIterable<Result> {
    if (this.#closed) fail('ENGINE', 'the generator was used after it was closed');
    if (this.#ready) this.#process?.send({ type: 'work', items: job.unfinished });
    else this.#resuming ??= this.#resume();
    this.#process?.hold(true);
    return this.#resultsOf(job);
  }

  async *#resultsOf<Result>(job: Job<Result>): AsyncGenerator<Result, void, undefined> {
    try {
      yield* job.results();
    } finally {
      this.#drop(job);
    }
  }

  #take(event: Event): void {
    const job = this.#jobs.get(event.number);
    this.#begun = true;
    if (job === undefined) return;
    if (event.type === 'started') {
      job.started(event.number);
    } else if (event.type === 'failed') {
      job.fail(event.error);
      this.#drop(job);
    } else {
      job.result(event.number, event.result);
      this.#forget([event.number]);
    }
  }

  /** Tells the child to leave what is left of a job. */
  #drop(job: Job<unknown>): void {
    const numbers = [...this.#jobs].filter(([, each]) => each === job).map(([number]) => number);
    if (numbers.length > 0 && this.#ready) this.#process?.send({ type: 'cancel', numbers });
    this.#forget(numbers);
  }

  #forget(numbers: readonly number[]): void {
    for (const number of numbers) this.#jobs.delete(number);
    if (this.#jobs.size === 0) this.#process?.hold(false);
  }

  /** After the child's death: what it left goes to a new child. */
  #bury(reason: string): void {
    this.#ready = false;
    this.#process = undefined;
    if (this.#closed) return;
    if (!this.#begun) this.#failAll(new LlamaXrError('ENGINE', reason));
    for (const job of new Set(this.#jobs.values())) {
      job.bury(reason);
      if (job.done) this.#drop(job);
    }
    if (this.#jobs.size > 0) this.#resuming ??= this.#resume();
  }

  async #resume(): Promise<void> {
    try {
      await this.open();
      for (const job of new Set(this.#jobs.values())) {
        this.#process?.send({ type: 'work', items: job.unfinished });
      }
    } catch (error) {
      this.#failAll(error as LlamaXrError);
    } finally {
      this.#resuming = undefined;
    }
  }

  #failAll(error: LlamaXrError): void {
    for (const job of new Set(this.#jobs.values())) job.fail(error);
    this.#forget([...this.#jobs.keys()]);
  }
}

/** The header is read before the native loader sees the file: hostile sizes and damage are told in our own words. */
function checkBase(path: string): void {
  using file = openGguf(path);
  if (file.string('general.type') === 'adapter')
    fail('FILE_FORMAT', `${path}: expected a model, got an adapter`);
}

function checkAdapter(path: string): void {
  using file = openGguf(path);
  const type = file.string('general.type');
  if (type !== 'adapter') fail('FILE_FORMAT', `${path}: expected an adapter, got general.type ${type}`);
}
