/** The two things done with logits: generating a text and scoring a given one. schedule.ts feeds them. */
import { Random } from '@llama-xr/core';
import { Lane } from './lane.ts';
import { NgramGuard } from './ngram-guard.ts';
import type { GenerationResult, GenerationWork, ScoringWork } from './protocol.ts';
import { chooseToken, guide, logProbability } from './sampling.ts';
import type { Task } from './schedule.ts';

/** What tasks must know of the decoder. */
export interface DecoderShape {
  /** Most tokens of a sequence. */
  readonly contextTokens: number;
  /** E, the length of a soft token's vector. */
  readonly width: number;
}

export class GenerationTask implements Task {
  readonly number: number;
  /** The text, and with guidance the same text after the other prompt. */
  readonly lanes: readonly Lane[];
  readonly #work: GenerationWork;
  readonly #contextTokens: number;
  readonly #stop: ReadonlySet<number>;
  readonly #random: Random;
  readonly #guard: NgramGuard;
  readonly #tokens: number[] = [];
  readonly #logProbabilities: number[] = [];
  readonly #done: (result: GenerationResult) => void;

  constructor(
    number: number,
    work: GenerationWork,
    { contextTokens, width }: DecoderShape,
    done: (result: GenerationResult) => void,
  ) {
    this.number = number;
    const prompts = [work.prompt, ...(work.contrast === undefined ? [] : [work.contrast])];
    this.lanes = prompts.map((prompt) => new Lane(prompt, prompt.tokens.length - 1, width));
    this.#work = work;
    this.#contextTokens = contextTokens;
    this.#stop = new Set(work.stop);
    // A stream of its own: what is drawn does not depend on what else runs.
    this.#random = new Random(`${work.seed}:${work.id}:${work.sample}`);
    this.#guard = new NgramGuard(work.sampling.noRepeatNgram);
    this.#done = done;
  }

  accept([logits, contrast]: readonly [Float32Array, ...Float32Array[]]): boolean {
    if (contrast !== undefined) guide(logits, contrast, this.#work.guidance);
    const choice = chooseToken(logits, this.#work.sampling, this.#guard.banned, this.#random);
    if (this.#stop.has(choice.token)) return this.#finish('stop');
    this.#tokens.push(choice.token);
    this.#logProbabilities.push(choice.logProbability);
    this.#guard.push(choice.token);
    for (const lane of this.lanes) lane.tokens.push(choice.token);
    const full = this.lanes.some((lane) => lane.tokens.length > this.#contextTokens);
    return full || this.#tokens.length === this.#work.maxTokens ? this.#finish('length') : false;
  }

  #finish(stopReason: GenerationResult['stopReason']): true {
    this.#done({ tokens: this.#tokens, logProbabilities: this.#logProbabilities, stopReason });
    return true;
  }
}

export class ScoringTask implements Task {
  readonly number: number;
  readonly lanes: readonly Lane[];
  readonly #targets: readonly number[];
  readonly #logProbabilities: number[] = [];
  readonly #done: (logProbabilities: readonly number[]) => void;

  constructor(
    number: number,
    { tokens, soft, from }: ScoringWork,
    { width }: DecoderShape,
    done: (logProbabilities: readonly number[]) => void,
  ) {
    this.number = number;
    // The last token is only a target: nothing is asked of what comes after it.
    this.lanes = [new Lane({ tokens: tokens.slice(0, -1), ...(soft && { soft }) }, from - 1, width)];
    this.#targets = tokens.slice(from);
    this.#done = done;
  }

  accept([logits]: readonly [Float32Array, ...Float32Array[]]): boolean {
    const target = this.#targets[this.#logProbabilities.length] as number;
    this.#logProbabilities.push(logProbability(logits, target));
    if (this.#logProbabilities.length < this.#targets.length) return false;
    this.#done(this.#logProbabilities);
    return true;
  }
}
