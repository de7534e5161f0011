/**
 * A tokenizer from `tokenizer.json` and `tokenizer_config.json`, for bases in Hugging Face's layout: byte-level BPE, as
 * all Llamas since version 3 have it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '@llama-xr/core';
import { readJsonFile } from '../weights/hugging-face-config.ts';
import { type BpeVocabulary, createBpeTokenizer, WORD_PATTERNS } from './byte-bpe.ts';
import { endTokens } from './end-tokens.ts';
import type { Tokenizer, TokenKind } from './tokenizer.ts';

type Json = Readonly<Record<string, unknown>>;

/** @throws LlamaXrError MODEL for a tokenizer that is no plain byte-level BPE; FILE_* naming the file. */
export function loadHuggingFaceTokenizer(folder: string): Tokenizer {
  const path = join(folder, 'tokenizer.json');
  const json = object(readJsonFile(path));
  const configPath = join(folder, 'tokenizer_config.json');
  const config = existsSync(configPath) ? object(readJsonFile(configPath)) : {};
  const model = object(json.model);
  if (model.type !== 'BPE' || json.normalizer) {
    fail('MODEL', `${path}: expected a BPE without normalizer, got ${String(model.type)}`);
  }
  const { tokens, kinds } = readTokens(path, model, json.added_tokens);
  const idOf = (name: unknown) => (typeof name === 'string' ? tokens.indexOf(name) : -1);
  const special = (key: string) => idOf(object(config[key]).content ?? config[key]);
  const [bos, eos, pad] = ['bos_token', 'eos_token', 'pad_token'].map(special) as [number, number, number];
  if (eos < 0) fail('MODEL', `${configPath}: eos_token: expected the name of a token`);
  const chatTemplate = readChatTemplate(folder, config);
  const vocabulary: BpeVocabulary = {
    tokens,
    kinds,
    merges: readMerges(path, model.merges),
    ignoreMerges: model.ignore_merges === true,
    words: readWords(path, json.pre_tokenizer),
    eos,
    stop: endTokens(tokens, kinds, [eos]),
    addsBos: bos >= 0 && JSON.stringify(json.post_processor ?? null).includes(JSON.stringify(tokens[bos])),
    ...(bos < 0 ? {} : { bos }),
    ...(pad < 0 ? {} : { pad }),
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
  };
  try {
    return createBpeTokenizer(vocabulary);
  } catch (error) {
    fail('MODEL', `${path}: ${(error as Error).message}`, { cause: error });
  }
}

function readTokens(path: string, model: Json, added: unknown): { tokens: string[]; kinds: TokenKind[] } {
  const tokens: string[] = [];
  const kinds: TokenKind[] = [];
  const put = (token: unknown, id: unknown, kind: TokenKind) => {
    if (
      typeof token !== 'string' ||
      !Number.isInteger(id) ||
      (id as number) < 0 ||
      (id as number) > 2 ** 24
    ) {
      fail(
        'FILE_FORMAT',
        `${path}: expected a token and its id, got ${JSON.stringify([token, id])?.slice(0, 80)}`,
      );
    }
    tokens[id as number] = token;
    kinds[id as number] = kind;
  };
  for (const [token, id] of Object.entries(object(model.vocab))) put(token, id, 'normal');
  for (const entry of list(added).map(object))
    put(entry.content, entry.id, entry.special ? 'control' : 'userDefined');
  // Ids may leave gaps: tokens without a name, which no text gives.
  return {
    tokens: Array.from(tokens, (token) => token ?? ''),
    kinds: Array.from(kinds, (kind) => kind ?? 'unused'),
  };
}

/** `["a b", ...]`, or since 2024 `[["a", "b"], ...]`. */
function readMerges(path: string, merges: unknown): (readonly [string, string])[] {
  return list(merges).map((merge, i) => {
    const [left, right] = typeof merge === 'string' ? merge.split(' ') : list(merge);
    if (typeof left === 'string' && typeof right === 'string') return [left, right];
    return fail('FILE_FORMAT', `${path}: merges: ${i}: expected two tokens`);
  });
}

/** The steps of the pre-tokenizer as patterns, one after the other. */
function readWords(path: string, preTokenizer: unknown): string[] {
  const step = object(preTokenizer);
  switch (step.type) {
    case 'Sequence':
      return list(step.pretokenizers).flatMap((inner) => readWords(path, inner));
    case 'ByteLevel':
      if (step.add_prefix_space === true)
        fail('MODEL', `${path}: ByteLevel: expected add_prefix_space false`);
      return step.use_regex === false ? [] : [...(WORD_PATTERNS['gpt-2'] as readonly string[])];
    case 'Digits':
      return [step.individual_digits === true ? '\\p{N}' : '\\p{N}+'];
    case 'Split': {
      const { Regex: pattern } = object(step.pattern);
      if (typeof pattern === 'string' && step.behavior === 'Isolated' && step.invert !== true)
        return [pattern];
      return fail('MODEL', `${path}: Split: expected an isolated regular expression`);
    }
    default:
      return fail(
        'MODEL',
        `${path}: pre_tokenizer: expected Split, Digits or ByteLevel, got ${String(step.type)}`,
      );
  }
}

function readChatTemplate(folder: string, config: Json): string | undefined {
  if (typeof config.chat_template === 'string') return config.chat_template;
  const path = join(folder, 'chat_template.jinja');
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
