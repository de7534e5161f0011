/** Text to token ids and back, as llama.cpp does it with the same file. */

export interface Tokenizer {
  readonly vocabularySize: number;
  /** Stands before a text, for models that were trained so: see `addsBos`. */
  readonly bos?: number;
  /** Ends a text or a turn. */
  readonly eos: number;
  /** All ids at which generation stops: `eos`, and ends of turns and texts by other names. */
  readonly stop: readonly number[];
  readonly pad?: number;
  /** Whether the model expects `bos` before a text. `encode` never adds it. */
  readonly addsBos: boolean;
  /** The model's own chat template (Jinja). */
  readonly chatTemplate?: string;
  /**
   * @param options.special read names of control tokens in the text as these tokens. Off by default: a text from
   *   outside must not be able to end a turn.
   */
  encode(text: string, options?: { readonly special?: boolean }): number[];
  /**
   * Bytes that are no UTF-8, as at the end of an unfinished text, become U+FFFD.
   * @param options.special write control tokens by name; they are left out by default.
   * @throws LlamaXrError INPUT for an id that is not in the vocabulary.
   */
  decode(ids: Iterable<number>, options?: { readonly special?: boolean }): string;
  /** The id of a token by its spelling in the vocabulary. */
  tokenId(spelling: string): number | undefined;
}

/** What a token is: llama.cpp's token types. */
export type TokenKind = 'normal' | 'unknown' | 'control' | 'userDefined' | 'unused' | 'byte';

/** A vocabulary as data, from whatever file. */
export interface Vocabulary {
  /** By id. Byte-level spelling for BPE, with U+2581 for spaces for SentencePiece. */
  readonly tokens: readonly string[];
  /** By id. */
  readonly kinds: readonly TokenKind[];
  readonly bos?: number;
  readonly eos: number;
  readonly stop: readonly number[];
  readonly pad?: number;
  readonly addsBos: boolean;
  readonly chatTemplate?: string;
}
