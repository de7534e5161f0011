/** What the caller may ask for, checked where it enters: all mistakes of one call at once. */
import { availableParallelism } from 'node:os';
import { Mistakes } from '@llama-xr/core';
import type { Device, DeviceChoice } from './library.ts';
import type { EngineOptions, ModelFacts, PromptTokens, SoftTokens } from './protocol.ts';
import type { Sampling } from './sampling.ts';

export interface GeneratorOptions {
  /** GGUF of the base; it is memory-mapped. */
  readonly base: string;
  /** GGUF of a LoRA adapter, as train writes it into a run folder. */
  readonly adapter?: string;
  /** The adapter's share: W + adapterScale (alpha / rank) B A. Default 1. */
  readonly adapterScale?: number;
  /** Most tokens of one text, prompt included; each of the `parallel` texts gets memory for as many. Default 2048. */
  readonly contextTokens?: number;
  /** Default: all cores. */
  readonly threads?: number;
  /** How many texts are written at once, 1 to 256. Default 8. */
  readonly parallel?: number;
  /** Default `cpu`; builds for GPUs are packages of their own (library.ts). */
  readonly device?: DeviceChoice;
}

/** On a device that is chosen. */
export type ChosenGeneratorOptions = GeneratorOptions & { readonly device: Device };

/** A prompt; soft tokens stand before its last token. */
export interface GenerationRequest extends PromptTokens {
  readonly id: string;
  /** For guidance: the same prompt without what the text should rest on. */
  readonly contrast?: PromptTokens;
}

export interface GenerationOptions extends Partial<Sampling> {
  readonly maxTokens: number;
  /** Texts for each request; they differ only when temperature > 0. Default 1. */
  readonly samples?: number;
  /** Decides what is drawn, together with a request's id and the number of the sample. Default 0. */
  readonly seed?: number;
  /** Tokens that end a text and do not belong to it. Default: the end tokens of the model. */
  readonly stop?: readonly number[];
  /** w of classifier-free guidance: contrast + w (logits - contrast). Needs `contrast` in every request. Default 1, off. */
  readonly guidance?: number;
}

export interface ScoringRequest extends PromptTokens {
  readonly id: string;
  /** Index of the first token to score, at least 1; soft tokens end before the one in front of it. */
  readonly from: number;
}

type Rule = readonly [holds: boolean, name: string, expected: string, got: unknown];

/** @throws LlamaXrError CONFIG */
export function checkGeneratorOptions(options: ChosenGeneratorOptions): EngineOptions {
  const { base, adapter, adapterScale = 1, contextTokens = 2048 } = options;
  const { threads = availableParallelism(), parallel = 8, device } = options;
  check('CONFIG', 'openGenerator', [
    [Number.isFinite(adapterScale), 'adapterScale', 'a number', adapterScale],
    [isCount(contextTokens), 'contextTokens', 'an integer >= 1', contextTokens],
    [isCount(threads) && threads <= 512, 'threads', 'an integer from 1 to 512', threads],
    [isCount(parallel) && parallel <= 256, 'parallel', 'an integer from 1 to 256', parallel],
  ]);
  const chosen = { base, adapterScale, contextTokens, threads, parallel, device };
  return adapter === undefined ? chosen : { ...chosen, adapter };
}

/** @throws LlamaXrError CONFIG for the options, INPUT for the requests. */
export function checkGeneration(
  requests: readonly GenerationRequest[],
  options: GenerationOptions,
  engine: EngineOptions,
  facts: ModelFacts,
): Required<GenerationOptions> {
  const whole = withDefaults(options);
  const guided = whole.guidance !== 1;
  check('CONFIG', 'generate', [
    ...samplingRules(whole),
    [!guided || engine.parallel >= 2, 'parallel', 'at least 2 with guidance', engine.parallel],
  ]);
  const limits = (prompt: PromptTokens) => ({
    ...facts,
    most: engine.contextTokens,
    softBefore: prompt.tokens.length,
  });
  const rules = requests.flatMap(({ id, contrast, ...prompt }): Rule[] => [
    ...promptRules(`request ${id}`, prompt, limits(prompt)),
    ...(contrast === undefined ? [] : promptRules(`contrast of ${id}`, contrast, limits(contrast))),
    [!guided || contrast !== undefined, `request ${id}`, 'a contrast, for guidance', contrast],
  ]);
  check('INPUT', 'generate', rules);
  return whole;
}

/**
 * The same for a server of others, which draws tokens itself: without what completions APIs do not have.
 * @throws LlamaXrError CONFIG, INPUT
 */
export function checkEndpointGeneration(
  requests: readonly GenerationRequest[],
  options: GenerationOptions,
): Required<GenerationOptions> {
  const whole = withDefaults(options);
  const { guidance, noRepeatNgram, stop } = whole;
  check('CONFIG', 'generate at an endpoint', [
    ...samplingRules(whole),
    [guidance === 1, 'guidance', '1: a completions API has none', guidance],
    [noRepeatNgram === 0, 'noRepeatNgram', '0: a completions API has none', noRepeatNgram],
    [stop.length === 0, 'stop', 'none: the server ends texts by itself', stop.join(', ')],
  ]);
  check(
    'INPUT',
    'generate at an endpoint',
    requests.flatMap(({ id, tokens, soft }): Rule[] => [
      [tokens.length > 0, `request ${id}`, 'tokens', 'none'],
      [soft === undefined, `request ${id}`, 'text alone: soft tokens do not travel', 'soft tokens'],
    ]),
  );
  return whole;
}

function withDefaults(options: GenerationOptions): Required<GenerationOptions> {
  const sampling = { temperature: 0, topK: 0, topP: 1, noRepeatNgram: 0 };
  return { ...sampling, samples: 1, seed: 0, guidance: 1, stop: [], ...options };
}

function samplingRules(options: Required<GenerationOptions>): Rule[] {
  const { temperature, topK, topP, noRepeatNgram, samples, maxTokens, guidance, seed } = options;
  return [
    [isCount(maxTokens), 'maxTokens', 'an integer >= 1', maxTokens],
    [temperature >= 0 && temperature <= 100, 'temperature', 'a number from 0 to 100', temperature],
    [topK === 0 || isCount(topK), 'topK', 'an integer >= 0', topK],
    [topP > 0 && topP <= 1, 'topP', 'a number above 0, at most 1', topP],
    [noRepeatNgram === 0 || isCount(noRepeatNgram), 'noRepeatNgram', 'an integer >= 0', noRepeatNgram],
    [isCount(samples), 'samples', 'an integer >= 1', samples],
    [Number.isFinite(seed), 'seed', 'a number', seed],
    [Number.isFinite(guidance), 'guidance', 'a number', guidance],
  ];
}

/** @throws LlamaXrError INPUT */
export function checkScoring(
  requests: readonly ScoringRequest[],
  { contextTokens }: EngineOptions,
  facts: ModelFacts,
): void {
  const rules = requests.flatMap(({ id, from, ...prompt }): Rule[] => [
    // The last token is never fed, so that a text may be one token longer than the context.
    ...promptRules(`request ${id}`, prompt, { ...facts, most: contextTokens + 1, softBefore: from }),
    [
      isCount(from) && from < prompt.tokens.length,
      `request ${id}: from`,
      `an index from 1 to ${prompt.tokens.length - 1}`,
      from,
    ],
  ]);
  check('INPUT', 'score', rules);
}

interface PromptLimits extends Pick<ModelFacts, 'vocabulary' | 'width'> {
  /** Most tokens. */
  readonly most: number;
  /** Soft tokens end before the token in front of this index: logits are wanted of tokens alone. */
  readonly softBefore: number;
}

function promptRules(
  name: string,
  { tokens, soft }: PromptTokens,
  { vocabulary, width, most, softBefore }: PromptLimits,
): Rule[] {
  const softLength = (soft?.vectors.length ?? 0) / width;
  const isSoft = (i: number) => soft !== undefined && i >= soft.from && i < soft.from + softLength;
  const isToken = (token: number) => Number.isInteger(token) && token >= 0 && token < vocabulary;
  const foreign = tokens.find((token, i) => !isToken(token) && !isSoft(i));
  return [
    [
      tokens.length >= 1 && tokens.length <= most,
      name,
      `1 to ${most} tokens, as the context holds`,
      tokens.length,
    ],
    [foreign === undefined, name, `tokens from 0 to ${vocabulary - 1}`, foreign],
    ...(soft === undefined ? [] : softRules(name, soft, width, softBefore)),
  ];
}

function softRules(name: string, { from, vectors }: SoftTokens, width: number, before: number): Rule[] {
  const length = vectors.length / width;
  const strange = vectors.find((value) => !Number.isFinite(value));
  return [
    [
      isCount(length),
      `${name}: soft tokens`,
      `vectors of ${width} numbers, as the model is wide`,
      `${vectors.length} numbers`,
    ],
    [
      Number.isSafeInteger(from) && from >= 0 && from + length < before,
      `${name}: soft tokens`,
      `a place before token ${before - 1}`,
      `${from} to ${from + Math.ceil(length) - 1}`,
    ],
    [strange === undefined, `${name}: soft tokens`, 'finite numbers', strange],
  ];
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function check(code: 'CONFIG' | 'INPUT', subject: string, rules: readonly Rule[]): void {
  const mistakes = new Mistakes();
  for (const [holds, name, expected, got] of rules) {
    if (!holds) mistakes.add(`${name}: expected ${expected}, got ${got}`);
  }
  mistakes.throwIfAny(code, subject);
}
