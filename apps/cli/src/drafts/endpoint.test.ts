/** The flags for a server; its protocol: packages/llamacpp, a whole command against a real one: test/e2e. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endpointNotice, openServer, servedModel } from './endpoint.ts';

const tokenizer = { encode: (text: string) => [...text].map(Number), decode: () => '' };
const keys: (string | undefined)[] = [];
const server = createServer((request, response) => {
  keys.push(request.headers.authorization);
  response.end(JSON.stringify({ data: [{ id: 'site-a' }] }));
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const flags = (more: object = {}) => ({ run: 'runs/site-a', parallel: 2, endpoint: url, ...more });
const open = (more: object, fusion: 'findings' | 'visual' | 'hybrid' = 'findings') =>
  openServer(flags(more), url, { tokenizer, fusion });

test("an adapter's name is the run folder's, where no other is given", async () => {
  await using _ = await open({});
  expect(servedModel(flags())).toBe('site-a');
  expect(endpointNotice(flags({ model: 'b' }))[0]).toContain(`drafted by ${url} as b`);
  expect(endpointNotice({ run: 'x' })).toEqual([]);
  await expect(open({ model: 'b' })).rejects.toThrow(/expected one of those served, site-a, got b/);
});

test('the key is taken from the environment variable that the flag names', async () => {
  process.env.SITE_KEY = 'secret';
  await using _ = await open({ apiKeyEnv: 'SITE_KEY' });
  expect(keys.at(-1)).toBe('Bearer secret');
  await expect(open({ apiKeyEnv: 'NO_SUCH_KEY' })).rejects.toThrow(
    /--api-key-env: NO_SUCH_KEY: expected a key/,
  );
});

test('runs that read images draft at home', async () => {
  for (const fusion of ['visual', 'hybrid'] as const)
    await expect(open({}, fusion)).rejects.toThrow(/reads images \(fusion .*soft tokens do not travel/);
});
