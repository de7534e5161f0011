/**
 * Phrases found in a list of words: a trie over words, leftmost and longest match first, matches do not overlap.
 * Patterns are words with alternatives and options: `blunting of [the] (left|right) angle`. Cost is linear in the words.
 */
import { fail } from '@llama-xr/core';

export interface PhraseMatch<Meaning> {
  /** Words [start, end). */
  readonly start: number;
  readonly end: number;
  readonly meaning: Meaning;
}

interface TrieNode<Meaning> {
  readonly next: Map<string, TrieNode<Meaning>>;
  meaning?: Meaning;
}

export class PhraseBook<Meaning> {
  readonly #root: TrieNode<Meaning> = { next: new Map() };
  readonly #join: (first: Meaning, second: Meaning) => Meaning;

  /** @param join what a phrase means that was added twice. */
  constructor(join: (first: Meaning, second: Meaning) => Meaning) {
    this.#join = join;
  }

  /** @throws LlamaXrError INPUT when the pattern is malformed. */
  add(pattern: string, meaning: Meaning): void {
    for (const words of expandPattern(pattern)) {
      let node = this.#root;
      for (const word of words) {
        const next = node.next.get(word) ?? { next: new Map() };
        node.next.set(word, next);
        node = next;
      }
      node.meaning = node.meaning === undefined ? meaning : this.#join(node.meaning, meaning);
    }
  }

  find(words: readonly string[]): PhraseMatch<Meaning>[] {
    const matches: PhraseMatch<Meaning>[] = [];
    for (let start = 0; start < words.length; ) {
      const match = this.#longest(words, start);
      if (match !== undefined) matches.push(match);
      start = match?.end ?? start + 1;
    }
    return matches;
  }

  #longest(words: readonly string[], start: number): PhraseMatch<Meaning> | undefined {
    let node: TrieNode<Meaning> | undefined = this.#root;
    let best: PhraseMatch<Meaning> | undefined;
    for (let end = start; end < words.length; ) {
      node = node.next.get(words[end] as string);
      if (node === undefined) break;
      end++;
      if (node.meaning !== undefined) best = { start, end, meaning: node.meaning };
    }
    return best;
  }
}

/**
 * All word sequences a pattern stands for: `a [b] (c|d e)` gives `a c`, `a d e`, `a b c`, `a b d e`. Groups may nest.
 * @throws LlamaXrError INPUT for an unbalanced bracket, or a pattern that may be empty.
 */
export function expandPattern(pattern: string): string[][] {
  const tokens = pattern.match(/[()[\]|]|[^\s()[\]|]+/g) ?? [];
  let at = 0;

  /** Alternatives up to a closing bracket or the end. */
  const alternatives = (): string[][] => {
    const all = sequence();
    while (tokens[at] === '|') {
      at++;
      all.push(...sequence());
    }
    return all;
  };

  const sequence = (): string[][] => {
    let all: string[][] = [[]];
    while (at < tokens.length && !['|', ')', ']'].includes(tokens[at] as string)) {
      const choices = item();
      all = all.flatMap((words) => choices.map((choice) => [...words, ...choice]));
    }
    return all;
  };

  const item = (): string[][] => {
    const token = tokens[at++] as string;
    if (token !== '(' && token !== '[') return [[token]];
    const choices = alternatives();
    if (tokens[at++] !== (token === '(' ? ')' : ']'))
      fail('INPUT', `phrase pattern "${pattern}": a ${token} stays open`);
    return token === '[' ? [[], ...choices] : choices;
  };

  const phrases = alternatives();
  if (at < tokens.length) fail('INPUT', `phrase pattern "${pattern}": expected its end, got ${tokens[at]}`);
  if (phrases.some((words) => words.length === 0)) {
    fail('INPUT', `phrase pattern "${pattern}": expected at least one word in every reading`);
  }
  return phrases;
}
