/** What an endpoint needs to know, and what it answers (OpenAI API reference, "Completions"), checked where it enters. */
import { fail, Mistakes } from '@llama-xr/core';
import type { GenerationResult } from './protocol.ts';

/** Text and tokens of the base: a tokenizer. */
export interface TextCodec {
  readonly bos?: number;
  encode(text: string): number[];
  decode(ids: Iterable<number>, options?: { readonly special?: boolean }): string;
}

export interface EndpointOptions {
  /** `http://host:port`, with or without `/v1`. */
  readonly url: string;
  /** Name of the model as the server lists it: a base, or an adapter on it. */
  readonly model: string;
  readonly codec: TextCodec;
  readonly apiKey?: string;
  /** Requests in flight. Default 16. */
  readonly parallel?: number;
  /** How long an answer may take. Default 5 minutes. */
  readonly timeoutMs?: number;
  /** How often a request is sent again when a failure may pass. Default 3. */
  readonly retries?: number;
  /** Wait before the first of these, doubled each time. Default 500. */
  readonly backoffMs?: number;
}

export type CheckedEndpoint = Required<Omit<EndpointOptions, 'apiKey'>> & Pick<EndpointOptions, 'apiKey'>;

/** @throws LlamaXrError CONFIG */
export function checkEndpoint(options: EndpointOptions): CheckedEndpoint {
  const mistakes = new Mistakes();
  const whole = (name: string, value: number, least: number) => {
    if (!Number.isSafeInteger(value) || value < least)
      mistakes.add(`${name}: expected an integer from ${least}, got ${value}`);
  };
  const chosen = { parallel: 16, timeoutMs: 300_000, retries: 3, backoffMs: 500, ...options };
  whole('parallel', chosen.parallel, 1);
  whole('timeoutMs', chosen.timeoutMs, 1);
  whole('retries', chosen.retries, 0);
  whole('backoffMs', chosen.backoffMs, 0);
  if (chosen.model === '') mistakes.add('model: expected a name, got none');
  const url = URL.parse(options.url);
  if (url === null || !/^https?:$/.test(url.protocol))
    mistakes.add(`url: expected http://... or https://..., got ${options.url}`);
  mistakes.throwIfAny('CONFIG', 'openEndpoint');
  return { ...chosen, url: options.url.replace(/\/+$/, '').replace(/\/v1$/, '') };
}

export interface Completion extends Pick<GenerationResult, 'logProbabilities' | 'stopReason'> {
  readonly text: string;
  /** The ids that were drawn, where the server tells them. */
  readonly tokens?: readonly number[];
}

/** @throws LlamaXrError ENGINE where the answer is no completion with log probabilities. */
export function parseCompletion(where: string, answer: unknown): Completion {
  const choice = (answer as { choices?: unknown[] } | null)?.choices?.[0] as Choice | undefined;
  if (typeof choice?.text !== 'string') fail('ENGINE', `${where}: expected choices[0].text, got none`);
  const tokens = tokenIds(choice);
  return {
    text: choice.text,
    ...(tokens && { tokens }),
    logProbabilities: logProbabilities(where, choice.logprobs),
    stopReason: choice.finish_reason === 'length' ? 'length' : 'stop',
  };
}

interface Choice {
  text?: unknown;
  finish_reason?: unknown;
  token_ids?: unknown;
  logprobs?: { token_logprobs?: unknown; content?: unknown } | null;
}

/** vLLM has a list of its own for them, llama-server an id beside each log probability; OpenAI's API has none. */
function tokenIds({ token_ids: list, logprobs }: Choice): number[] | undefined {
  const content = Array.isArray(logprobs?.content)
    ? (logprobs.content as ({ id?: unknown } | null)[])
    : undefined;
  const ids = Array.isArray(list) ? list : content?.map((entry) => entry?.id);
  const isId = (id: unknown): id is number => Number.isSafeInteger(id) && (id as number) >= 0;
  return ids?.every(isId) ? ids : undefined;
}

/** `token_logprobs` as OpenAI and vLLM have it; llama-server gives the `content` of the chat API. */
function logProbabilities(where: string, logprobs: Choice['logprobs']): number[] {
  const { token_logprobs: plain, content } = logprobs ?? {};
  const found = Array.isArray(plain)
    ? plain
    : Array.isArray(content)
      ? content.map((entry: { logprob?: unknown } | null) => entry?.logprob)
      : fail('ENGINE', `${where}: expected log probabilities, got none: the server must allow logprobs`);
  // A text's first token has none where nothing stood before it.
  const numbers = found.filter((value): value is number => value !== null);
  const bad = numbers.find((value) => typeof value !== 'number' || !(value <= 1e-6));
  if (bad !== undefined) fail('ENGINE', `${where}: expected log probabilities up to 0, got ${bad}`);
  return numbers;
}
