/** A command line run in this process, for tests: what it printed, what it said, and its exit code. */
import { main } from '../main.ts';

export interface Ran {
  /** On standard output. */
  readonly out: string;
  /** On standard error. */
  readonly said: string;
  readonly code: number;
}

export async function runCommand(...args: readonly string[]): Promise<Ran> {
  const [out, said] = [takeOver(process.stdout), takeOver(process.stderr)];
  process.exitCode = 0;
  try {
    await main(['node', 'llama-xr', ...args]);
  } finally {
    out.giveBack();
    said.giveBack();
  }
  return { out: out.text(), said: said.text(), code: Number(process.exitCode) };
}

/** Keeps what is written to a stream, until it is given back. */
function takeOver(stream: NodeJS.WriteStream) {
  const { write } = stream;
  let text = '';
  stream.write = (part: string | Uint8Array) => {
    text += part;
    return true;
  };
  return {
    text: () => text,
    giveBack: () => {
      stream.write = write;
    },
  };
}
