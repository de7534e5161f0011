/**
 * Forbids repeating an n-gram within a generated text: transformers' `no_repeat_ngram_size`, with one difference. There
 * the prompt counts as generated text; here it does not, since a draft must be able to use the words of its findings.
 */
export class NgramGuard {
  readonly #n: number;
  readonly #tokens: number[] = [];
  /** The n - 1 tokens before -> the tokens that followed them. */
  readonly #followers = new Map<string, Set<number>>();

  /** @param n length of what may not come twice; 0 forbids nothing. */
  constructor(n: number) {
    this.#n = n;
  }

  /** Tokens that would complete an n-gram that was generated before. */
  get banned(): Iterable<number> {
    if (this.#n === 0 || this.#tokens.length < this.#n - 1) return [];
    return this.#followers.get(this.#before(this.#tokens.length)) ?? [];
  }

  push(token: number): void {
    if (this.#n === 0) return;
    if (this.#tokens.length >= this.#n - 1) {
      const key = this.#before(this.#tokens.length);
      const followers = this.#followers.get(key);
      if (followers === undefined) this.#followers.set(key, new Set([token]));
      else followers.add(token);
    }
    this.#tokens.push(token);
  }

  #before(end: number): string {
    return this.#tokens.slice(end - this.#n + 1, end).join(' ');
  }
}
