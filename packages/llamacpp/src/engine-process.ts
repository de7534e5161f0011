/**
 * The child process seen from its parent: started, spoken to, ended; its death is an event. One object for one process;
 * who wants another starts another.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LlamaXrError } from '@llama-xr/core';
import { NativeWords } from './native-words.ts';
import type { EngineOptions, Failure, ModelFacts, ToChild, ToParent } from './protocol.ts';

/** Beside this file, in the language of this file: TypeScript in the repository, JavaScript in a package. */
const CHILD = new URL(`./child${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);

/** What the child says of work, with errors as errors. */
export type Event =
  | Extract<ToParent, { type: 'started' | 'result' }>
  | { readonly type: 'failed'; readonly number: number; readonly error: LlamaXrError };

export class EngineProcess implements AsyncDisposable {
  /** Settles when the model is loaded, or was refused. @throws LlamaXrError ENGINE, CONFIG, DEVICE */
  readonly ready: Promise<ModelFacts>;
  /** Settles when the process is gone: with the reason, as far as it is known. */
  readonly gone: Promise<string>;
  readonly #child: ChildProcess;
  readonly #words = new NativeWords();

  constructor(options: EngineOptions, onEvent: (event: Event) => void) {
    this.#child = fork(fileURLToPath(CHILD), {
      stdio: ['ignore', 'ignore', this.#words.descriptor, 'ipc'],
      serialization: 'advanced',
      // Flags meant for the parent (a debugger's port, a test runner's loaders) must not start twice.
      execArgv: [],
      // Else a failed assertion would start gdb on the child, where it is installed, before it ends.
      env: { ...process.env, GGML_NO_BACKTRACE: '1' },
    });
    this.gone = this.#lastWords();
    this.ready = this.#opened(onEvent);
    // Whoever waits for readiness sees the error; nobody else needs to.
    this.ready.catch(() => {});
    this.send({ type: 'open', options });
    this.hold(false);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToChild): void {
    // A message to a dying child is lost; its death is told by `gone`.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** Whether the parent stays alive for this child. */
  hold(yes: boolean): void {
    for (const handle of [this.#child, this.#child.channel]) yes ? handle?.ref() : handle?.unref();
  }

  #opened(onEvent: (event: Event) => void): Promise<ModelFacts> {
    return new Promise((resolve, reject) => {
      this.#child.on('message', (message: ToParent) => {
        if (message.type === 'ready') resolve(message.facts);
        else if (message.type === 'refused') reject(this.#explain(message));
        else if (message.type !== 'failed') onEvent(message);
        else onEvent({ type: 'failed', number: message.number, error: this.#explain(message) });
      });
      void this.gone.then((reason) => reject(new LlamaXrError('ENGINE', reason)));
    });
  }

  #explain({ code, message, hint }: Failure): LlamaXrError {
    const words = this.#words.take();
    const whole = words === '' ? message : `${message}: ${words}`;
    return new LlamaXrError(code, whole, hint === undefined ? {} : { hint });
  }

  async #lastWords(): Promise<string> {
    const end = await new Promise<string>((resolve) => {
      this.#child.once('exit', (code, signal) =>
        resolve(signal === null ? `with code ${code}` : `by ${signal}`),
      );
      this.#child.once('error', (error) => resolve(`before it began: ${error.message}`));
    });
    const words = this.#words.take();
    this.#words[Symbol.dispose]();
    return `the llama.cpp process ended ${end}${words === '' ? '' : `: ${words}`}`;
  }

  /** Ends the process at once: it holds nothing that must be saved. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.hold(true);
    this.#child.kill('SIGKILL');
    await this.gone;
  }
}
