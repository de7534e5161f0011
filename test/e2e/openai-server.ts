/** llama.cpp's own server with an adapter, for the suites of endpoints. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PYTHON, ROOT } from './peers.ts';

export interface OpenAiServer extends Disposable {
  readonly url: string;
}

/** @param name what the server calls base and adapter together */
export async function startServer(base: string, adapter: string, name: string): Promise<OpenAiServer> {
  const script = join(ROOT, 'reference/openai_server.py');
  const server = spawn(PYTHON as string, [script, base, adapter, name], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  for await (const url of createInterface({ input: server.stdout }))
    if (url.startsWith('http')) return { url, [Symbol.dispose]: () => server.kill() };
  throw new Error(`${script}: ended before it told its address`);
}
