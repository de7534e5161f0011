/** A vocabulary as GGUF metadata: llama.cpp tokenizes with it to the same ids. */
import { type GgufValue, gguf } from '@llama-xr/tensor';
import type { BpeVocabulary } from './byte-bpe.ts';
import type { TokenKind } from './tokenizer.ts';

/** llama.cpp's numbers of token kinds. */
const TYPES: Readonly<Record<TokenKind, number>> = {
  normal: 1,
  unknown: 2,
  control: 3,
  userDefined: 4,
  unused: 5,
  byte: 6,
};
const KINDS = new Map(Object.entries(TYPES).map(([kind, type]) => [type, kind as TokenKind]));

export function tokenTypes(kinds: readonly TokenKind[]): number[] {
  return kinds.map((kind) => TYPES[kind]);
}

/** An unknown number counts as a normal token, as in llama.cpp. */
export function tokenKinds(types: readonly number[]): TokenKind[] {
  return types.map((type) => KINDS.get(type) ?? 'normal');
}

/** @param pre how its words are split, in llama.cpp's terms: see `WORD_PATTERNS` */
export function vocabularyMetadata(vocabulary: BpeVocabulary, pre: string): [string, GgufValue][] {
  const { tokens, kinds, merges, eos, bos = eos, pad = eos, addsBos, chatTemplate } = vocabulary;
  return [
    ['tokenizer.ggml.model', gguf.string('gpt2')],
    ['tokenizer.ggml.pre', gguf.string(pre)],
    ['tokenizer.ggml.tokens', gguf.strings(tokens)],
    ['tokenizer.ggml.token_type', gguf.int32s(tokenTypes(kinds))],
    ['tokenizer.ggml.merges', gguf.strings(merges.map((pair) => pair.join(' ')))],
    ['tokenizer.ggml.bos_token_id', gguf.uint32(bos)],
    ['tokenizer.ggml.eos_token_id', gguf.uint32(eos)],
    ['tokenizer.ggml.padding_token_id', gguf.uint32(pad)],
    ['tokenizer.ggml.add_bos_token', gguf.bool(addsBos)],
    ['tokenizer.ggml.add_space_prefix', gguf.bool(false)],
    ...(chatTemplate === undefined
      ? []
      : [['tokenizer.chat_template', gguf.string(chatTemplate)] as [string, GgufValue]]),
  ];
}
