/** The tokens at which a text or a turn ends, by name: of the families of models that are Llamas (llama-vocab.cpp). */
import type { TokenKind } from './tokenizer.ts';

const NAMES = [
  '<|eot_id|>',
  '<|im_end|>',
  '<|end|>',
  '<|end_of_text|>',
  '<|endoftext|>',
  '<|eom_id|>',
  '</s>',
  '<|eot|>',
];

/** @param known ids that the file names as ends; they come first. */
export function endTokens(
  tokens: readonly string[],
  kinds: readonly TokenKind[],
  known: readonly number[],
): number[] {
  const named = NAMES.map((name) => tokens.indexOf(name)).filter((id) => kinds[id] === 'control');
  return [...new Set([...known, ...named])];
}
