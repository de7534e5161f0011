/**
 * Tokens for text encoders (BERT, RoBERTa and their kin) from Hugging Face's `tokenizer.json`, by @huggingface/tokenizers:
 * WordPiece, BPE or Unigram with the file's own normalizer and special tokens. Only encodes, and knows no chat; what
 * generates is in hugging-face-tokenizer.ts.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { fail } from '@llama-xr/core';
import { readJsonFile } from '../weights/hugging-face-config.ts';
import { isFolder } from '../weights/is-folder.ts';

export interface EncoderTokenizer {
  /** The ids of a text between the special tokens that the model expects, `[CLS]` and `[SEP]` or such. */
  encode(text: string): number[];
  /** Ids of the tokens that stand around every text. */
  readonly special: ReadonlySet<number>;
  /** Fills what is shorter in a batch. */
  readonly pad: number;
}

/**
 * @param path `tokenizer.json`, or the folder that has it
 * @throws LlamaXrError FILE_* naming the file, MODEL for a tokenizer that the library does not know.
 */
export function openEncoderTokenizer(path: string): EncoderTokenizer {
  const file = isFolder(path) ? join(path, 'tokenizer.json') : path;
  const configFile = join(dirname(file), 'tokenizer_config.json');
  const json = readJsonFile(file) as TokenizerJson;
  const config = existsSync(configFile) ? (readJsonFile(configFile) as object) : {};
  try {
    const library = new LibraryTokenizer({ decoder: null, ...json }, config);
    return {
      encode: (text) => library.encode(text).ids,
      special: new Set(library.encode('').ids),
      pad: json.added_tokens?.find(({ content }) => /pad/i.test(content))?.id ?? 0,
    };
  } catch (error) {
    fail('MODEL', `${file}: expected a tokenizer of Hugging Face: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

interface TokenizerJson {
  readonly added_tokens?: readonly { readonly id: number; readonly content: string }[];
}
