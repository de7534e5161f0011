/** A tokenizer from the metadata of a GGUF file (`tokenizer.ggml.*`, as llama.cpp reads them). */
import { fail } from '@llama-xr/core';
import { type Gguf, openGguf } from '@llama-xr/tensor';
import { isFolder } from '../weights/is-folder.ts';
import { createBpeTokenizer, WORD_PATTERNS } from './byte-bpe.ts';
import { endTokens } from './end-tokens.ts';
import { loadHuggingFaceTokenizer } from './hugging-face-tokenizer.ts';
import { createSentencePieceTokenizer } from './sentence-piece.ts';
import type { Tokenizer, Vocabulary } from './tokenizer.ts';
import { tokenKinds } from './vocabulary-metadata.ts';

/**
 * The tokenizer of a base.
 * @param path a `.gguf` file, or a folder with `tokenizer.json`
 * @throws LlamaXrError FILE_* for a damaged file; MODEL when its vocabulary is of a kind that is not known here.
 */
export function openTokenizer(path: string): Tokenizer {
  if (isFolder(path)) return loadHuggingFaceTokenizer(path);
  using gguf = openGguf(path);
  return loadTokenizer(gguf);
}

/** @throws LlamaXrError MODEL when the file has no vocabulary, or one of a kind that is not known here. */
export function loadTokenizer(gguf: Gguf): Tokenizer {
  const model = gguf.string('tokenizer.ggml.model');
  if (model === undefined) fail('MODEL', `${gguf.path}: has no vocabulary (tokenizer.ggml.model is missing)`);
  if (model === 'gpt2') return loadBpe(gguf);
  if (model === 'llama') return loadSentencePiece(gguf);
  fail('MODEL', `${gguf.path}: tokenizer.ggml.model: expected gpt2 or llama, got ${JSON.stringify(model)}`);
}

/** Other names that llama.cpp gives to the same splitting. */
const SAME_WORDS: Readonly<Record<string, string>> = {
  llama3: 'llama-bpe',
  'llama-v3': 'llama-bpe',
  'deepseek-r1-qwen': 'qwen2',
};

function loadBpe(gguf: Gguf): Tokenizer {
  const named = gguf.string('tokenizer.ggml.pre') ?? 'default';
  const pre = SAME_WORDS[named] ?? named;
  const words = Object.hasOwn(WORD_PATTERNS, pre) ? WORD_PATTERNS[pre] : undefined;
  if (words === undefined) {
    const known = [...Object.keys(WORD_PATTERNS), ...Object.keys(SAME_WORDS)].join(', ');
    fail('MODEL', `${gguf.path}: tokenizer.ggml.pre: expected one of ${known}, got ${JSON.stringify(named)}`);
  }
  const isLlama3 = pre === 'llama-bpe';
  const merges = required(gguf, 'merges', gguf.strings('tokenizer.ggml.merges')).map((merge, i) => {
    // A token may itself begin with a space, though byte-level ones do not.
    const at = merge.indexOf(' ', 1);
    if (at < 0)
      fail('FILE_FORMAT', `${gguf.path}: tokenizer.ggml.merges: ${i}: expected two tokens and a space`);
    return [merge.slice(0, at), merge.slice(at + 1)] as const;
  });
  return createBpeTokenizer({ ...vocabularyOf(gguf, isLlama3), merges, words, ignoreMerges: isLlama3 });
}

function loadSentencePiece(gguf: Gguf): Tokenizer {
  const vocabulary = vocabularyOf(gguf, true);
  const scores = required(gguf, 'scores', gguf.numbers('tokenizer.ggml.scores'));
  if (scores.length !== vocabulary.tokens.length) {
    fail(
      'FILE_FORMAT',
      `${gguf.path}: tokenizer.ggml.scores: expected ${vocabulary.tokens.length}, got ${scores.length}`,
    );
  }
  const addsSpacePrefix = gguf.bool('tokenizer.ggml.add_space_prefix') ?? true;
  return createSentencePieceTokenizer({ ...vocabulary, scores, addsSpacePrefix });
}

function vocabularyOf(gguf: Gguf, addsBosByDefault: boolean): Vocabulary {
  const tokens = required(gguf, 'tokens', gguf.strings('tokenizer.ggml.tokens'));
  const types = gguf.numbers('tokenizer.ggml.token_type') ?? tokens.map(() => 1);
  if (types.length !== tokens.length) {
    fail(
      'FILE_FORMAT',
      `${gguf.path}: tokenizer.ggml.token_type: expected ${tokens.length}, got ${types.length}`,
    );
  }
  const kinds = tokenKinds(types);
  const id = (name: string): number | undefined => {
    const value = gguf.number(`tokenizer.ggml.${name}`);
    if (value === undefined || (Number.isInteger(value) && value >= 0 && value < tokens.length)) return value;
    fail(
      'FILE_FORMAT',
      `${gguf.path}: tokenizer.ggml.${name}: expected an id below ${tokens.length}, got ${value}`,
    );
  };
  const bos = id('bos_token_id');
  const eos = required(gguf, 'eos_token_id', id('eos_token_id'));
  const pad = id('padding_token_id');
  const turn = id('eot_token_id');
  const chatTemplate = gguf.string('tokenizer.chat_template');
  return {
    tokens,
    kinds,
    eos,
    stop: endTokens(tokens, kinds, turn === undefined ? [eos] : [eos, turn]),
    addsBos: gguf.bool('tokenizer.ggml.add_bos_token') ?? addsBosByDefault,
    ...(bos === undefined ? {} : { bos }),
    ...(pad === undefined ? {} : { pad }),
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
  };
}

function required<T>(gguf: Gguf, name: string, value: T | undefined): T {
  return value ?? fail('MODEL', `${gguf.path}: has no tokenizer.ggml.${name}`);
}
