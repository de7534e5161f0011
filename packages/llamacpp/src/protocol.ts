/**
 * What parent and child say to each other. Work is named by a number that the parent gives; the child answers each piece
 * on its own, so that the parent knows what is left when the child dies.
 */
import type { ErrorCode } from '@llama-xr/core';
import type { Device } from './library.ts';
import type { Sampling } from './sampling.ts';

export interface EngineOptions {
  readonly base: string;
  readonly adapter?: string;
  readonly adapterScale: number;
  readonly contextTokens: number;
  readonly threads: number;
  readonly parallel: number;
  readonly device: Device;
}

/** What llama.cpp says of the model. */
export interface ModelFacts {
  /** `llama 256M Q4_1`, as llama.cpp puts it. */
  readonly description: string;
  /** V, the number of tokens. */
  readonly vocabulary: number;
  /** E, the width of the residual stream. */
  readonly width: number;
  readonly trainedContext: number;
  /** Tokens after which a text is over. */
  readonly endTokens: readonly number[];
  readonly device: Device;
  /** llama.cpp's release. */
  readonly llamaCpp: string;
}

/**
 * Vectors that are fed in place of tokens (soft tokens: Lester et al. 2021; of images: Liu et al., LLaVA, 2023). What stands
 * in the token list at `from` to `from + K - 1` is ignored.
 */
export interface SoftTokens {
  readonly from: number;
  /** [K, E], E the width of the model. */
  readonly vectors: Float32Array;
}

/** What a text begins with. */
export interface PromptTokens {
  readonly tokens: readonly number[];
  readonly soft?: SoftTokens;
}

export interface GenerationWork {
  readonly kind: 'generate';
  readonly id: string;
  readonly sample: number;
  readonly prompt: PromptTokens;
  /** Prompt of the other side of classifier-free guidance. */
  readonly contrast?: PromptTokens;
  readonly guidance: number;
  readonly sampling: Sampling;
  readonly seed: number;
  readonly maxTokens: number;
  readonly stop: readonly number[];
}

export interface ScoringWork extends PromptTokens {
  readonly kind: 'score';
  readonly from: number;
}

export type Work =
  | GenerationWork
  | ScoringWork
  | { readonly kind: 'adapter'; readonly path: string | null; readonly scale: number }
  | { readonly kind: 'tokenize'; readonly text: string; readonly special: boolean }
  | { readonly kind: 'detokenize'; readonly tokens: readonly number[] }
  | { readonly kind: 'usage' };

/** The work of a kind. */
export type WorkOf<Kind extends Work['kind']> = Extract<Work, { kind: Kind }>;

export interface GenerationResult {
  readonly tokens: readonly number[];
  readonly logProbabilities: readonly number[];
  readonly stopReason: 'stop' | 'length';
}

/** What each kind of work gives. */
export interface Results {
  generate: GenerationResult;
  score: readonly number[];
  /** Seconds that the swap took, reading the file included. */
  adapter: number;
  tokenize: readonly number[];
  detokenize: string;
  usage: Usage;
}

export interface Usage {
  /** Processor time of the child so far, all threads together. */
  readonly cpuSeconds: number;
  readonly peakMemoryBytes: number;
}

export type ToChild =
  | { readonly type: 'open'; readonly options: EngineOptions }
  | { readonly type: 'work'; readonly items: readonly { readonly number: number; readonly work: Work }[] }
  | { readonly type: 'cancel'; readonly numbers: readonly number[] };

/** An error on its way to the parent. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

export type ToParent =
  | { readonly type: 'ready'; readonly facts: ModelFacts }
  | ({ readonly type: 'refused' } & Failure)
  | { readonly type: 'started'; readonly number: number }
  | { readonly type: 'result'; readonly number: number; readonly result: Results[keyof Results] }
  | ({ readonly type: 'failed'; readonly number: number } & Failure);
