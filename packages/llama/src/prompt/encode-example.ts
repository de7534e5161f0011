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
  /** Weight of each token to be learned, where they differ. */
  readonly tokenWeights?: Float32Array;
  /** Index of the first soft token, where there are some; placeholders stand for them. */
  readonly softFrom?: number;
}

export interface EncodedPrompt {
  readonly tokens: number[];
  /** Index of the first soft token, where there are some. */
  readonly softFrom?: number;
}

/** Stands for a soft token; never looked up. */
const PLACEHOLDER = 0;

/** The tokens of a prompt, with the beginning-of-text token where the model expects one. */
export function encodePrompt(tokenizer: Tokenizer, { segments }: Prompt): EncodedPrompt {
  const tokens = tokenizer.addsBos && tokenizer.bos !== undefined ? [tokenizer.bos] : [];
  let softFrom: number | undefined;
  for (const segment of segments) {
    if ('soft' in segment) {
      softFrom = tokens.length;
      for (let k = 0; k < segment.soft; k++) tokens.push(PLACEHOLDER);
    } else for (const id of tokenizer.encode(segment.text, { special: segment.control })) tokens.push(id);
  }
  return softFrom === undefined ? { tokens } : { tokens, softFrom };
}

/** @throws LlamaXrError INPUT when the prompt alone fills `maxTokens`. */
export function encodeExample(
  tokenizer: Tokenizer,
  prompt: Prompt,
  { maxTokens, loss, emphasis }: EncodeOptions,
): EncodedExample {
  const { tokens: asked, softFrom } = encodePrompt(tokenizer, prompt);
  if (asked.length >= maxTokens)
    fail('INPUT', `maxTokens: expected more than the prompt's ${asked.length} tokens, got ${maxTokens}`);
  const answered = [...tokenizer.encode(prompt.response), tokenizer.eos];
  const tokens = Int32Array.from([...asked, ...answered].slice(0, maxTokens));
  const responseFrom = asked.length;
  const lossFrom = loss === 'response' ? responseFrom : 1;
  const example = { tokens, lossFrom, responseFrom, ...(softFrom !== undefined && { softFrom }) };
  const softLearned = loss === 'all' && softFrom !== undefined;
  if (emphasis === undefined && !softLearned) return example;
  const tokenWeights = new Float32Array(tokens.length - lossFrom).fill(1);
  if (softLearned) {
    // Soft tokens are nothing to foretell.
    const count = prompt.segments.reduce((sum, segment) => sum + ('soft' in segment ? segment.soft : 0), 0);
    tokenWeights.fill(0, softFrom - lossFrom, softFrom - lossFrom + count);
  }
  if (emphasis !== undefined) {
    const { spans, weight } = emphasis;
    const written = answered.slice(0, Math.min(answered.length - 1, tokens.length - responseFrom));
    tokenWeights.set(spanWeights(tokenSpans(tokenizer, written), spans, weight), responseFrom - lossFrom);
  }
  return { ...example, tokenWeights };
}
