/**
 * SentencePiece's BPE (Kudo and Richardson 2018) as llama.cpp runs it for `tokenizer.ggml.model` = "llama": of all
 * neighbours whose union is a token, the pair of highest score merges first; what is no token is spelled in bytes.
 */
import { fail } from '@llama-xr/core';
import { shared } from './byte-bpe.ts';
import { SpecialTokens } from './special-tokens.ts';
import type { Tokenizer, Vocabulary } from './tokenizer.ts';

export interface SentencePieceVocabulary extends Vocabulary {
  /** By id; higher merges first. */
  readonly scores: ArrayLike<number>;
  /** Whether a text begins with a space, as SentencePiece was trained. */
  readonly addsSpacePrefix: boolean;
}

/** U+2581, which stands for a space. */
const SPACE = '\u2581';

export function createSentencePieceTokenizer(vocabulary: SentencePieceVocabulary): Tokenizer {
  const { tokens, kinds, scores, addsSpacePrefix } = vocabulary;
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const special = new SpecialTokens(vocabulary);

  const encodePiece = (text: string): number[] =>
    merge(Array.from(text.replaceAll(' ', SPACE)), (piece) => {
      const id = ids.get(piece);
      return id === undefined ? undefined : (scores[id] as number);
    }).flatMap((piece) => ids.get(piece) ?? bytesOf(piece).map((byte) => byteToken(ids, byte)));

  const encode: Tokenizer['encode'] = (text, options) => {
    const out: number[] = [];
    let prefix = addsSpacePrefix ? ' ' : '';
    for (const piece of special.split(text, options?.special ?? false)) {
      if (typeof piece === 'number') out.push(piece);
      else out.push(...encodePiece(prefix + piece));
      // llama.cpp: the text after a control token begins anew.
      prefix = typeof piece === 'number' && addsSpacePrefix ? ' ' : '';
    }
    return out;
  };

  const decode: Tokenizer['decode'] = (sequence, options) => {
    const bytes: number[] = [];
    for (const id of sequence) {
      const token = tokens[id] ?? fail('INPUT', `token ${id}: expected an id from 0 to ${tokens.length - 1}`);
      const kind = kinds[id];
      if (kind === 'byte') bytes.push(Number.parseInt(token.slice(1, -1), 16));
      else if (kind === 'normal' || kind === 'userDefined')
        bytes.push(...bytesOf(token.replaceAll(SPACE, ' ')));
      else if (options?.special) bytes.push(...bytesOf(token));
    }
    const text = Buffer.from(bytes).toString('utf8');
    return addsSpacePrefix && text.startsWith(' ') ? text.slice(1) : text;
  };

  return { ...shared(vocabulary), encode, decode, tokenId: (spelling) => ids.get(spelling) };
}

function bytesOf(text: string): number[] {
  return [...Buffer.from(text)];
}

function byteToken(ids: ReadonlyMap<string, number>, byte: number): number {
  const spelling = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
  return (
    ids.get(spelling) ??
    fail('MODEL', `tokenizer: expected a token ${spelling} for text outside the vocabulary`)
  );
}

/** Merges neighbours, highest score first, then leftmost, until no union is a token. */
function merge(symbols: string[], scoreOf: (union: string) => number | undefined): string[] {
  // A list linked through `next`; a merged-away symbol is empty. Stale candidates are known by their length.
  const next = symbols.map((_, i) => i + 1);
  const previous = symbols.map((_, i) => i - 1);
  const queue = new CandidateQueue();
  const offer = (left: number, right: number) => {
    if (left < 0 || right >= symbols.length) return;
    const union = `${symbols[left]}${symbols[right]}`;
    const score = scoreOf(union);
    if (score !== undefined) queue.push({ left, right, score, length: union.length });
  };
  for (let i = 1; i < symbols.length; i++) offer(i - 1, i);
  for (let best = queue.pop(); best !== undefined; best = queue.pop()) {
    const { left, right, length } = best;
    const a = symbols[left] as string;
    const b = symbols[right] as string;
    if (a === '' || b === '' || a.length + b.length !== length) continue;
    symbols[left] = a + b;
    symbols[right] = '';
    const after = next[right] as number;
    next[left] = after;
    if (after < symbols.length) previous[after] = left;
    offer(previous[left] as number, left);
    offer(left, after);
  }
  return symbols.filter((symbol) => symbol !== '');
}

interface Candidate {
  readonly left: number;
  readonly right: number;
  readonly score: number;
  readonly length: number;
}

/** A binary heap: highest score on top, of equal scores the leftmost. */
class CandidateQueue {
  readonly #heap: Candidate[] = [];

  push(candidate: Candidate): void {
    const heap = this.#heap;
    let at = heap.push(candidate) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(candidate, heap[parent] as Candidate)) break;
      heap[at] = heap[parent] as Candidate;
      at = parent;
    }
    heap[at] = candidate;
  }

  pop(): Candidate | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const other = heap[child + 1];
      if (other !== undefined && isBefore(other, heap[child] as Candidate)) child++;
      if (!isBefore(heap[child] as Candidate, last)) break;
      heap[at] = heap[child] as Candidate;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.score > b.score || (a.score === b.score && a.left < b.left);
}
