/** Work in a process of its own: its peak of memory is its own, and a native library that ends it ends nothing else. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, fail, LlamaXrError } from '@llama-xr/core';

/** What such a process says. */
type Said<Event, Result> =
  | { readonly event: Event }
  | { readonly result: Result }
  | { readonly error: { readonly message: string; readonly code: ErrorCode; readonly hint?: string } };

/**
 * Runs the program beside this file, gives it its input, and waits for its result.
 * @throws LlamaXrError as the program did, or ENGINE with its last words where it ended without a result.
 */
export async function inOwnProcess<Result, Event = never>(
  program: string,
  input: unknown,
  onEvent: (event: Event) => void = () => {},
): Promise<Result> {
  // TypeScript in the repository, JavaScript in a package, where all programs stand in one folder.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const place = extension === '.ts' ? program : program.slice(program.lastIndexOf('/') + 1);
  const path = fileURLToPath(new URL(`./${place}${extension}`, import.meta.url));
  const child = fork(path, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
    serialization: 'advanced',
  });
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = `${words}${chunk}`.slice(-4000);
  });
  return await new Promise((resolve, reject) => {
    child.on('message', (said: Said<Event, Result>) => {
      if ('event' in said) onEvent(said.event);
      else if ('result' in said) resolve(said.result);
      else
        reject(
          new LlamaXrError(
            said.error.code,
            said.error.message,
            said.error.hint === undefined ? {} : { hint: said.error.hint },
          ),
        );
    });
    child.on('error', reject);
    child.on('close', (code, signal) =>
      reject(
        new LlamaXrError(
          'ENGINE',
          `${program} ended with ${signal ?? code}: ${words.trim().split('\n').slice(-3).join(' ')}`,
        ),
      ),
    );
    child.send(input as object);
  });
}

/** The other side: takes the input, sends events and the result, and ends. */
export function answerParent<Input, Result, Event = never>(
  work: (input: Input, tell: (event: Event) => void) => Promise<Result>,
): void {
  if (process.send === undefined) fail('USAGE', 'this program is started by llama-xr');
  const send = (message: Said<Event, Result>) => process.send?.(message);
  process.once('message', (input: Input) => {
    work(input, (event) => send({ event }))
      .then((result) => send({ result }))
      .catch((error: Error) => {
        const { code, hint } =
          error instanceof LlamaXrError ? error : { code: 'ENGINE' as const, hint: undefined };
        send({ error: { message: error.message, code, ...(hint !== undefined && { hint }) } });
      })
      .finally(() => process.disconnect?.());
  });
}
