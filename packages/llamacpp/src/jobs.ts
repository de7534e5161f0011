/**
 * Work that was asked for and is not yet done: one job a call, of one or many pieces. Knows what has to be sent again when
 * a child dies, and hands results out in the order in which they come.
 */
import { LlamaXrError } from '@llama-xr/core';
import type { Results, Work, WorkOf } from './protocol.ts';

/** A piece that was being worked on when a child died is tried once more. */
const MOST_ATTEMPTS = 2;

export type AnyResult = Results[keyof Results];

interface Piece<Result> {
  readonly work: Work;
  readonly name: string;
  readonly finish: (result: AnyResult) => Result;
  attempts: number;
}

/** One call's results: an iterable that waits for what is missing. */
export class Job<Result> {
  readonly #pieces = new Map<number, Piece<Result>>();
  readonly #results: Result[] = [];
  #error: LlamaXrError | undefined;
  #wake: (() => void) | undefined;

  /** @param name of the piece in an error: `request cxr1` @param finish makes the caller's result of the child's */
  add<Kind extends Work['kind']>(
    number: number,
    work: WorkOf<Kind>,
    name: string,
    finish: (result: Results[Kind]) => Result,
  ): void {
    // The child answers each kind with the result of that kind.
    this.#pieces.set(number, { work, name, finish: finish as Piece<Result>['finish'], attempts: 0 });
  }

  get done(): boolean {
    return this.#pieces.size === 0;
  }

  get unfinished(): { number: number; work: Work }[] {
    return [...this.#pieces].map(([number, { work }]) => ({ number, work }));
  }

  started(number: number): void {
    const piece = this.#pieces.get(number);
    if (piece !== undefined) piece.attempts++;
  }

  result(number: number, result: AnyResult): void {
    const piece = this.#pieces.get(number);
    if (piece === undefined) return;
    this.#pieces.delete(number);
    this.#results.push(piece.finish(result));
    this.#wake?.();
  }

  fail(error: LlamaXrError): void {
    this.#error ??= error;
    this.#pieces.clear();
    this.#wake?.();
  }

  /** After the death of a child: fails when a piece has died with it twice. */
  bury(reason: string): void {
    const lost = [...this.#pieces.values()].filter((piece) => piece.attempts >= MOST_ATTEMPTS);
    if (lost.length === 0) return;
    const names = lost.map((piece) => piece.name).join(', ');
    this.fail(new LlamaXrError('ENGINE', `${reason} (twice, at work on ${names})`));
  }

  /** Results as they come; what came before an error is handed out before it. */
  async *results(): AsyncGenerator<Result, void, undefined> {
    for (;;) {
      if (this.#results.length > 0) yield this.#results.shift() as Result;
      else if (this.#error !== undefined) throw this.#error;
      else if (this.#pieces.size === 0) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
