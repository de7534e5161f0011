/**
 * Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019) by @huggingface/tokenizers. Splitting into
 * words follows llama.cpp (llama-vocab.cpp, by `tokenizer.ggml.pre`); control tokens are kept out of the library,
 * which would find them in any text.
 */
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { fail } from '@llama-xr/core';
import { fromByteLevel } from './byte-level.ts';
import { SpecialTokens } from './special-tokens.ts';
import type { Tokenizer, Vocabulary } from './tokenizer.ts';

export interface BpeVocabulary extends Vocabulary {
  /** Pairs in the order in which they merge. */
  readonly merges: readonly (readonly [string, string])[];
  /** A word that is a token as a whole is not split, whatever the merges say (Llama 3). */
  readonly ignoreMerges: boolean;
  /** Regular expressions, applied one after the other: what they match, and what lies between, are words. */
  readonly words: readonly string[];
}

const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const llama3 = (digits: string) =>
  `(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}` +
  '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

/** How words are split, by `tokenizer.ggml.pre`. */
export const WORD_PATTERNS: Readonly<Record<string, readonly string[]>> = {
  default: ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'],
  'gpt-2': [GPT2],
  smollm: ['\\p{N}', GPT2],
  'llama-bpe': [llama3('\\p{N}{1,3}')],
  qwen2: [llama3('\\p{N}')],
};

export function createBpeTokenizer(vocabulary: BpeVocabulary): Tokenizer {
  const library = createLibraryTokenizer(vocabulary);
  const special = new SpecialTokens(vocabulary);
  const { tokens, kinds } = vocabulary;
  const ids = new Map(tokens.map((token, id) => [token, id]));
  return {
    ...shared(vocabulary),
    encode: (text, options) =>
      special
        .split(text, options?.special ?? false)
        .flatMap((piece) =>
          typeof piece === 'number' ? [piece] : library.encode(piece, { add_special_tokens: false }).ids,
        ),
    decode: (sequence, options) => {
      const bytes: number[] = [];
      for (const id of sequence) {
        const token =
          tokens[id] ?? fail('INPUT', `token ${id}: expected an id from 0 to ${tokens.length - 1}`);
        if (kinds[id] === 'normal') bytes.push(...fromByteLevel(token));
        else if (kinds[id] === 'userDefined' || options?.special) bytes.push(...Buffer.from(token));
      }
      return Buffer.from(bytes).toString('utf8');
    },
    tokenId: (spelling) => ids.get(spelling),
  };
}

/** The properties that a tokenizer has from its vocabulary, of whatever kind. */
export function shared(vocabulary: Vocabulary) {
  const { bos, eos, stop, pad, addsBos, chatTemplate, tokens } = vocabulary;
  return {
    vocabularySize: tokens.length,
    eos,
    stop,
    addsBos,
    ...(bos === undefined ? {} : { bos }),
    ...(pad === undefined ? {} : { pad }),
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
  };
}

function createLibraryTokenizer({ tokens, merges, ignoreMerges, words }: BpeVocabulary): LibraryTokenizer {
  const splits = words.map((Regex) => ({
    type: 'Split',
    pattern: { Regex },
    behavior: 'Isolated',
    invert: false,
  }));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const vocab: Record<string, number> = Object.create(null);
  for (const [id, token] of tokens.entries()) vocab[token] = id;
  const json = {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...splits, byteLevel] },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', unk_token: null, byte_fallback: false, ignore_merges: ignoreMerges, vocab, merges },
  };
  return new LibraryTokenizer(json, {});
}
