/**
 * Generation by a server that speaks OpenAI's completions API (`POST /v1/completions`): vLLM, llama-server. Base and
 * adapters are loaded there; an adapter is chosen by its name as the `model` of a request. For prompts of text alone: soft
 * tokens do not travel.
 *
 * The interface is that of the generator. Prompts go out as text and drafts come back as text with a log probability a
 * token. A server that does not tell the tokens it drew leaves them to be made from the text again: another cut of it than
 * the server's is possible then, and the log probabilities are still the server's own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fail, LlamaXrError, sha256 } from '@llama-xr/core';
import type { Generation, Generator } from './generator.ts';
import {
  type CheckedEndpoint,
  type Completion,
  checkEndpoint,
  type EndpointOptions,
  parseCompletion,
} from './openai-messages.ts';
import { checkEndpointGeneration, type GenerationOptions, type GenerationRequest } from './options.ts';

export type { EndpointOptions, TextCodec } from './openai-messages.ts';

export type EndpointGenerator = Pick<Generator, 'generate'> & AsyncDisposable;

/**
 * Connects to a server and checks that it serves the model.
 * @throws LlamaXrError CONFIG for the options or a model that is not served; ENGINE where the server cannot be reached.
 */
export async function openEndpoint(options: EndpointOptions): Promise<EndpointGenerator> {
  const checked = checkEndpoint(options);
  const endpoint = new OpenAiEndpoint(checked);
  await endpoint.expectModel();
  return endpoint;
}

interface Asked {
  readonly request: GenerationRequest;
  readonly sample: number;
}

class OpenAiEndpoint implements EndpointGenerator {
  readonly #options: CheckedEndpoint;
  readonly #closing = new AbortController();

  constructor(options: CheckedEndpoint) {
    this.#options = options;
  }

  async expectModel(): Promise<void> {
    const { url, model } = this.#options;
    const answer = (await this.#send('GET', 'models')) as { data?: { id?: unknown }[] } | null;
    const served = Array.isArray(answer?.data) ? answer.data.map(({ id }) => String(id)) : [];
    if (!served.includes(model))
      fail('CONFIG', `${url}: model: expected one of those served, ${served.join(', ')}, got ${model}`);
  }

  generate(requests: readonly GenerationRequest[], options: GenerationOptions): AsyncIterable<Generation> {
    const chosen = checkEndpointGeneration(requests, options);
    const asked = requests.flatMap((request) =>
      Array.from({ length: chosen.samples }, (_, sample): Asked => ({ request, sample })),
    );
    return this.#run(asked, chosen);
  }

  /** Keeps `parallel` requests in flight; yields answers in the order in which they come. */
  async *#run(asked: Asked[], options: Required<GenerationOptions>): AsyncGenerator<Generation> {
    const flying = new Map<Asked, Promise<{ one: Asked; generation: Generation }>>();
    const leaving = new AbortController();
    const launch = () => {
      const one = asked.shift();
      if (one === undefined) return;
      const answer = this.#complete(one, options, leaving.signal);
      flying.set(
        one,
        answer.then((generation) => ({ one, generation })),
      );
    };
    try {
      for (let i = 0; i < this.#options.parallel; i++) launch();
      while (flying.size > 0) {
        const { one, generation } = await Promise.race(flying.values());
        flying.delete(one);
        launch();
        yield generation;
      }
    } finally {
      leaving.abort();
      await Promise.allSettled(flying.values());
    }
  }

  async #complete(
    { request: { id, tokens }, sample }: Asked,
    options: Required<GenerationOptions>,
    leaving: AbortSignal,
  ): Promise<Generation> {
    const { codec, model, url } = this.#options;
    const { temperature, topP, topK, maxTokens, seed } = options;
    const body = {
      model,
      prompt: promptText(tokens, codec),
      max_tokens: maxTokens,
      temperature,
      top_p: topP,
      ...(topK > 0 && { top_k: topK }),
      seed: seedOf(seed, id, sample),
      logprobs: 1,
    };
    const where = `${url}: request ${id}`;
    const completion = parseCompletion(where, await this.#send('POST', 'completions', body, leaving));
    return { id, sample, ...generationOf(completion, this.#options) };
  }

  /** One call, again after failures that may pass: no connection, 429, 5xx. */
  async #send(method: 'GET' | 'POST', path: string, body?: unknown, leaving?: AbortSignal): Promise<unknown> {
    const { url, retries } = this.#options;
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#try(method, `${url}/v1/${path}`, body, leaving);
      if ('answer' in outcome) return outcome.answer;
      if (!outcome.passing || attempt >= retries || this.#closing.signal.aborted || leaving?.aborted)
        throw outcome.error;
      await sleep(this.#options.backoffMs * 2 ** attempt);
    }
  }

  async #try(
    method: string,
    address: string,
    body: unknown,
    leaving?: AbortSignal,
  ): Promise<{ answer: unknown } | { error: LlamaXrError; passing: boolean }> {
    const { apiKey, timeoutMs } = this.#options;
    const signals = [AbortSignal.timeout(timeoutMs), this.#closing.signal, ...(leaving ? [leaving] : [])];
    try {
      const response = await fetch(address, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.any(signals),
      });
      const text = await response.text();
      if (response.ok) return { answer: parseJson(address, text) };
      const passing = response.status === 429 || response.status >= 500;
      return { error: refusal(address, response.status, text), passing };
    } catch (error) {
      if (error instanceof LlamaXrError) return { error, passing: false };
      return { error: unreachable(address, error as Error, timeoutMs), passing: true };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
  }
}

/** The prompt as text. A server adds the beginning-of-text token itself. */
function promptText(tokens: readonly number[], codec: CheckedEndpoint['codec']): string {
  return codec.decode(tokens[0] === codec.bos ? tokens.slice(1) : tokens, { special: true });
}

function generationOf(
  { text, tokens, logProbabilities, stopReason }: Completion,
  { codec }: CheckedEndpoint,
): Pick<Generation, 'tokens' | 'logProbabilities' | 'stopReason'> {
  return { tokens: tokens ?? codec.encode(text), logProbabilities, stopReason };
}

/** One sequence of numbers for each request and sample, as the generator has it; 31 bits, which all servers take. */
function seedOf(seed: number, id: string, sample: number): number {
  return Number.parseInt(sha256(`${seed}:${id}:${sample}`).slice(0, 8), 16) >>> 1;
}

function parseJson(address: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return fail('ENGINE', `${address}: expected JSON, got ${JSON.stringify(text.slice(0, 80))}`);
  }
}

function refusal(address: string, status: number, text: string): LlamaXrError {
  return new LlamaXrError('ENGINE', `${address}: the server answered ${status}: ${text.slice(0, 300)}`, {
    hint: status === 401 || status === 403 ? 'Give the key of the server.' : "Look at the server's own log.",
  });
}

function unreachable(address: string, error: Error, timeoutMs: number): LlamaXrError {
  const reason =
    error.name === 'TimeoutError'
      ? `no answer within ${timeoutMs} ms`
      : ((error.cause as Error | undefined)?.message ?? error.message);
  return new LlamaXrError('ENGINE', `${address}: ${reason}`, {
    hint: 'Is the server running, and is this its address?',
    cause: error,
  });
}
