/**
 * The process that holds llama.cpp: started by engine-process.ts, told what to do by messages (protocol.ts). It ends when
 * its parent does. Native words go to stderr as llama.cpp writes them; the parent reads them there.
 */
import { setImmediate } from 'node:timers/promises';
import { LlamaXrError } from '@llama-xr/core';
import { Engine } from './engine.ts';
import type { EngineOptions, Failure, Results, ToChild, ToParent, Work } from './protocol.ts';
import { Schedule, type Task } from './schedule.ts';
import { GenerationTask, ScoringTask } from './tasks.ts';

function send(message: ToParent): void {
  process.send?.(message);
}

function failure(error: unknown): Failure {
  if (!(error instanceof LlamaXrError)) return { code: 'ENGINE', message: (error as Error).message };
  return { code: error.code, message: error.message, hint: error.hint };
}

class Worker {
  readonly #engine: Engine;
  readonly #schedule: Schedule;
  #busy = false;

  constructor(options: EngineOptions) {
    this.#engine = new Engine(options);
    this.#schedule = new Schedule(this.#engine, (task) => send({ type: 'started', number: task.number }));
    send({ type: 'ready', facts: this.#engine.facts });
  }

  receive(message: Exclude<ToChild, { type: 'open' }>): void {
    if (message.type === 'cancel') this.#schedule.cancel(new Set(message.numbers));
    else for (const { number, work } of message.items) this.#take(number, work);
    if (!this.#busy) void this.#run();
  }

  #take(number: number, work: Work): void {
    const answer = (result: Results[keyof Results]) => send({ type: 'result', number, result });
    if (work.kind === 'generate') {
      this.#schedule.submit(new GenerationTask(number, work, this.#engine, answer));
    } else if (work.kind === 'score') {
      this.#schedule.submit(new ScoringTask(number, work, this.#engine, answer));
    } else if (work.kind === 'adapter') {
      this.#schedule.whenIdle(() =>
        this.#do(number, () => seconds(() => this.#engine.setAdapter(work.path, work.scale))),
      );
    } else if (work.kind === 'tokenize') {
      this.#do(number, () => this.#engine.tokenize(work.text, work.special));
    } else if (work.kind === 'detokenize') {
      this.#do(number, () => this.#engine.detokenize(work.tokens));
    } else {
      this.#do(number, usage);
    }
  }

  /** Work that is done in one go. */
  #do(number: number, action: () => Results[keyof Results]): void {
    send({ type: 'started', number });
    try {
      send({ type: 'result', number, result: action() });
    } catch (error) {
      send({ type: 'failed', number, ...failure(error) });
    }
  }

  /** Decodes until nothing is left, looking at the messages after every batch. */
  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#step()) await setImmediate();
    this.#busy = false;
  }

  #step(): boolean {
    try {
      return this.#schedule.step();
    } catch (error) {
      this.#refuse(this.#schedule.abandon(), error);
      return true;
    }
  }

  #refuse(tasks: readonly Task[], error: unknown): void {
    for (const { number } of tasks) send({ type: 'failed', number, ...failure(error) });
  }
}

function seconds(action: () => void): number {
  const began = performance.now();
  action();
  return (performance.now() - began) / 1000;
}

function usage(): Results['usage'] {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 };
}

let worker: Worker | undefined;

function open(options: EngineOptions): void {
  try {
    worker = new Worker(options);
  } catch (error) {
    send({ type: 'refused', ...failure(error) });
  }
}

process.on('message', (message: ToChild) => {
  if (message.type === 'open') open(message.options);
  else worker?.receive(message);
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group; the parent decides what becomes of the work.
process.on('SIGINT', () => {});
