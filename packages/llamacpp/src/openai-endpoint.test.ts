/** The client against a small server of our own; a real one: test/e2e/endpoint.e2e.ts. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type EndpointGenerator, type Generation, openEndpoint } from './index.ts';

/** Letters are tokens; 0 begins a text. */
const codec = {
  bos: 0,
  encode: (text: string) => [...text].map((letter) => letter.charCodeAt(0)),
  decode: (ids: Iterable<number>) => String.fromCharCode(...ids),
};

interface Completing {
  model: string;
  prompt: string;
  max_tokens: number;
  seed: number;
  temperature: number;
}
type Answer = (body: Completing, call: number) => [status: number, body: unknown] | 'hang';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

/** A server of the models `base` and `site`. @returns its address, and the bodies that it was sent */
async function serve(answer: Answer): Promise<{ url: string; bodies: Completing[]; headers: string[] }> {
  const bodies: Completing[] = [];
  const headers: string[] = [];
  const reply = (response: ServerResponse, [status, body]: [number, unknown]) =>
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  const server = createServer(async (request: IncomingMessage, response) => {
    headers.push(request.headers.authorization ?? '');
    if (request.url === '/v1/models')
      return reply(response, [200, { data: [{ id: 'base' }, { id: 'site' }] }]);
    let text = '';
    for await (const part of request) text += part;
    bodies.push(JSON.parse(text));
    const answered = answer(bodies.at(-1) as Completing, bodies.length);
    if (answered !== 'hang') reply(response, answered);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  open.push({ [Symbol.asyncDispose]: close });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, headers };
}

async function connect(url: string, more: object = {}): Promise<EndpointGenerator> {
  const endpoint = await openEndpoint({ url, model: 'site', codec, backoffMs: 1, ...more });
  open.push(endpoint);
  return endpoint;
}

const said = (text: string, token_logprobs: unknown = [...text].map(() => -0.5)): [number, unknown] => [
  200,
  { choices: [{ text, finish_reason: 'stop', logprobs: { token_logprobs } }] },
];

const prompt = (id: string, text = id) => ({ id, tokens: [0, ...codec.encode(text)] });

async function all(generations: AsyncIterable<Generation>): Promise<Generation[]> {
  const found: Generation[] = [];
  for await (const generation of generations) found.push(generation);
  return found;
}

test('prompts go out as text without the beginning token, drafts come back as tokens', async () => {
  const { url, bodies, headers } = await serve(() => said('no'));
  const endpoint = await connect(`${url}/v1/`, { apiKey: 'key' });
  const texts = await all(endpoint.generate([prompt('a', 'Lungs:')], { maxTokens: 7 }));
  expect(texts).toEqual([
    { id: 'a', sample: 0, tokens: codec.encode('no'), logProbabilities: [-0.5, -0.5], stopReason: 'stop' },
  ]);
  expect(bodies[0]).toMatchObject({
    model: 'site',
    prompt: 'Lungs:',
    max_tokens: 7,
    temperature: 0,
    logprobs: 1,
  });
  expect(headers.every((header) => header === 'Bearer key')).toBe(true);
});

test('every sample has a seed of its own, the same each time', async () => {
  const { url, bodies } = await serve(() => said('x'));
  const endpoint = await connect(url);
  const ask = () =>
    all(endpoint.generate([prompt('a'), prompt('b')], { maxTokens: 1, samples: 3, temperature: 1 }));
  const samples = (await ask()).map(({ id, sample }) => `${id}${sample}`);
  expect(samples.toSorted()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2']);
  await ask();
  const seeds = bodies.map(({ seed }) => seed);
  expect(new Set(seeds.slice(0, 6)).size).toBe(6);
  expect(seeds.slice(6).toSorted()).toEqual(seeds.slice(0, 6).toSorted());
});

test('at most `parallel` requests fly at once, and each is answered', async () => {
  let [flying, most] = [0, 0];
  const server = createServer(async (request, response) => {
    if (request.url === '/v1/models') return response.end(JSON.stringify({ data: [{ id: 'site' }] }));
    most = Math.max(most, ++flying);
    await new Promise((later) => setTimeout(later, 5));
    flying--;
    return response.end(JSON.stringify(said('x')[1]));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  open.push({ [Symbol.asyncDispose]: async () => void server.close() });
  const endpoint = await connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    parallel: 3,
  });
  const requests = Array.from({ length: 10 }, (_, i) => prompt(`r${i}`));
  expect(await all(endpoint.generate(requests, { maxTokens: 1 }))).toHaveLength(10);
  expect(most).toBe(3);
});

test('failures that may pass are tried again, others are told at once', async () => {
  const busy = await serve((_, call) => (call < 3 ? [call === 1 ? 503 : 429, 'busy'] : said('ok')));
  expect(await all((await connect(busy.url)).generate([prompt('a')], { maxTokens: 2 }))).toHaveLength(1);
  expect(busy.bodies).toHaveLength(3);
  const broken = await serve(() => [500, 'out of memory']);
  await expect(
    all((await connect(broken.url, { retries: 1 })).generate([prompt('a')], { maxTokens: 2 })),
  ).rejects.toThrow(/answered 500: out of memory/);
  expect(broken.bodies).toHaveLength(2);
  const strict = await serve(() => [400, 'context length exceeded']);
  await expect(all((await connect(strict.url)).generate([prompt('a')], { maxTokens: 2 }))).rejects.toThrow(
    /answered 400: context length exceeded/,
  );
  expect(strict.bodies).toHaveLength(1);
});

test('a server that does not answer is given up', async () => {
  const { url } = await serve(() => 'hang');
  const endpoint = await connect(url, { timeoutMs: 50, retries: 0 });
  await expect(all(endpoint.generate([prompt('a')], { maxTokens: 2 }))).rejects.toThrow(
    /no answer within 50 ms/,
  );
  await expect(openEndpoint({ url: 'http://127.0.0.1:9', model: 'x', codec, retries: 0 })).rejects.toThrow(
    /127\.0\.0\.1:9\/v1\/models: /,
  );
});

test('leaving the iteration drops what is left', async () => {
  const { url, bodies } = await serve((_, call) => (call === 1 ? said('x') : 'hang'));
  const endpoint = await connect(url, { parallel: 2 });
  const requests = Array.from({ length: 9 }, (_, i) => prompt(`r${i}`));
  for await (const _ of endpoint.generate(requests, { maxTokens: 1 })) break;
  expect(bodies.length).toBeLessThan(5);
});

test("llama-server's form of log probabilities is read too, and a first token may have none", async () => {
  const content = [{ logprob: -1 }, { logprob: -2 }];
  const chat = await serve(() => [
    200,
    { choices: [{ text: 'ab', finish_reason: 'length', logprobs: { content } }] },
  ]);
  const [draft] = await all((await connect(chat.url)).generate([prompt('a')], { maxTokens: 2 }));
  expect(draft).toMatchObject({ logProbabilities: [-1, -2], stopReason: 'length' });
  const first = await serve(() => said('ab', [null, -1]));
  const [text] = await all((await connect(first.url)).generate([prompt('a')], { maxTokens: 2 }));
  expect(text?.logProbabilities).toEqual([-1]);
});

test('tokens are those that the server drew, where it tells them', async () => {
  const content = [
    { id: 7, logprob: -1 },
    { id: 9, logprob: -2 },
  ];
  for (const more of [
    { logprobs: { content } },
    { token_ids: [7, 9], logprobs: { token_logprobs: [-1, -2] } },
  ]) {
    const { url } = await serve(() => [200, { choices: [{ text: 'ab', finish_reason: 'stop', ...more }] }]);
    const [draft] = await all((await connect(url)).generate([prompt('a')], { maxTokens: 2 }));
    expect(draft).toMatchObject({ tokens: [7, 9], logProbabilities: [-1, -2] });
  }
});

test.each([
  ['no JSON', 'Internal Error', /expected JSON, got "Internal Error"/],
  ['no text', { choices: [] }, /request a: expected choices\[0\]\.text/],
  ['no log probabilities', { choices: [{ text: 'a' }] }, /the server must allow logprobs/],
  ['strange ones', { choices: [{ text: 'a', logprobs: { token_logprobs: ['x'] } }] }, /up to 0, got x/],
])('an answer with %s is refused', async (_name, body, message) => {
  const { url } = await serve(() => [200, body]);
  const endpoint = await connect(url);
  await expect(all(endpoint.generate([prompt('a')], { maxTokens: 2 }))).rejects.toThrow(message);
});

test('what is asked for is checked first', async () => {
  const { url } = await serve(() => said('x'));
  await expect(openEndpoint({ url: 'ftp://x', model: '', codec, parallel: 0 })).rejects.toThrow(/3 mistakes/);
  await expect(openEndpoint({ url, model: 'other', codec })).rejects.toThrow(
    /model: expected one of those served, base, site, got other/,
  );
  const endpoint = await connect(url);
  const bad = { maxTokens: 0, guidance: 2, noRepeatNgram: 3, stop: [2] };
  expect(() => endpoint.generate([prompt('a')], bad)).toThrow(/4 mistakes/);
  expect(() => endpoint.generate([{ id: 'a', tokens: [] }], { maxTokens: 1 })).toThrow(
    /request a: expected tokens/,
  );
});
