/** Prompt and response to tokens. They are encoded apart and joined, so that the border lies between two tokens. */
import { fail } from '@llama-xr/core';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { Prompt } from './prompt.ts';
import { spanWeights, type TextSpan, tokenSpans } from './token-spans.ts';

export interface EncodeOptions {
  /** Longest example; the end of a longer response is left out, with its end-of-text token. */
  readonly maxTokens: number;
  /** Learn the response alone, or all but the first token. */
  readonly loss: 'response' | 'all';
  /** Characters of the response whose tokens have another weight in the loss than 1. */
  readonly emphasis?: { readonly spans: readonly TextSpan[]; readonly weight: number };
}

export interface EncodedExample {
  readonly tokens: Int32Array;
  /** Index of the first token to be learned. */
  readonly lossFrom: number;
  /** Index of the first token of the response. */
  readonly responseFrom: number;
  /** Weight of each token to be learned, where some are emphasised. */
  readonly tokenWeights?: Float32Array;
}

/** The tokens of a prompt, with the beginning-of-text token where the model expects one. */
export function encodePrompt(tokenizer: Tokenizer, { segments }: Prompt): number[] {
  const start = tokenizer.addsBos && tokenizer.bos !== undefined ? [tokenizer.bos] : [];
  return [...start, ...segments.flatMap(({ text, control }) => tokenizer.encode(text, { special: control }))];
}

/** @throws LlamaXrError INPUT when the prompt alone fills `maxTokens`. */
export function encodeExample(
  tokenizer: Tokenizer,
  prompt: Prompt,
  { maxTokens, loss, emphasis }: EncodeOptions,
): EncodedExample {
  const asked = encodePrompt(tokenizer, prompt);
  if (asked.length >= maxTokens)
    fail('INPUT', `maxTokens: expected more than the prompt's ${asked.length} tokens, got ${maxTokens}`);
  const answered = [...tokenizer.encode(prompt.response), tokenizer.eos];
  const tokens = Int32Array.from([...asked, ...answered].slice(0, maxTokens));
  const responseFrom = asked.length;
  const lossFrom = loss === 'response' ? responseFrom : 1;
  if (emphasis === undefined) return { tokens, lossFrom, responseFrom };
  const tokenWeights = new Float32Array(tokens.length - lossFrom).fill(1);
  const { spans, weight } = emphasis;
  const written = answered.slice(0, Math.min(answered.length - 1, tokens.length - responseFrom));
  tokenWeights.set(spanWeights(tokenSpans(tokenizer, written), spans, weight), responseFrom - lossFrom);
  return { tokens, lossFrom, responseFrom, tokenWeights };
}
