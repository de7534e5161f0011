import { Random } from '@llama-xr/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PromptTokens } from './protocol.ts';
import { type Decoder, Schedule } from './schedule.ts';
import { GenerationTask, ScoringTask } from './tasks.ts';

const V = 50;
/** E of soft tokens. */
const E = 2;
const SHAPE = { contextTokens: 1000, width: E };

/** A model whose logits are decided by all tokens before: any mistake of bookkeeping changes them. */
class FakeDecoder implements Decoder {
  readonly capacity: number;
  readonly rows: number;
  readonly sequences: number;
  readonly #held: string[][];
  #wanted: Float32Array[] = [];
  #batch = 0;
  #kind = '';
  decoded = 0;
  steps = 0;

  constructor(sequences: number, capacity: number, rows = Math.max(sequences, 4)) {
    this.capacity = capacity;
    this.rows = rows;
    this.sequences = sequences;
    this.#held = Array.from({ length: sequences }, () => []);
  }

  add(sequence: number, token: number | Float32Array, position: number, wantLogits: boolean): void {
    const kind = typeof token;
    if (this.#batch > 0 && kind !== this.#kind) throw new Error('tokens and vectors in one batch');
    this.#kind = kind;
    if (kind === 'object' && wantLogits) throw new Error('logits of a soft token');
    const held = this.#held[sequence] as string[];
    if (position !== held.length) throw new Error(`position ${position} after ${held.length} tokens`);
    if (++this.#batch > this.capacity) throw new Error(`more than ${this.capacity} tokens in a batch`);
    held.push(typeof token === 'number' ? `${token}` : `soft ${token.join(' ')}`);
    if (wantLogits) this.#wanted.push(logitsAfter(held));
    this.decoded++;
  }

  decode(): Float32Array[] {
    if (this.#batch === 0) throw new Error('an empty batch');
    if (this.#wanted.length > this.rows) throw new Error(`more than ${this.rows} rows of logits`);
    const wanted = this.#wanted;
    this.#wanted = [];
    this.#batch = 0;
    this.steps++;
    return wanted;
  }

  copy(from: number, to: number): void {
    this.#held[to] = [...(this.#held[from] as string[])];
  }

  keep(sequence: number, length: number): void {
    const held = this.#held[sequence] as string[];
    if (length > held.length) throw new Error(`kept ${length} of ${held.length} tokens`);
    held.length = length;
  }
}

function logitsAfter(tokens: readonly (number | string)[]): Float32Array {
  const random = new Random(tokens.join(' '));
  return Float32Array.from({ length: V }, () => 2 * random.normal());
}

const work = (id: string, tokens: readonly number[], more: object = {}) => ({
  kind: 'generate' as const,
  id,
  sample: 0,
  prompt: { tokens } as PromptTokens,
  guidance: 1,
  sampling: { temperature: 0.9, topK: 0, topP: 1, noRepeatNgram: 0 },
  seed: 1,
  maxTokens: 12,
  stop: [0, 1, 2],
  ...more,
});

/** Runs all and gives each text by its id. */
function generate(decoder: Decoder, works: readonly ReturnType<typeof work>[]): Map<string, unknown> {
  const schedule = new Schedule(decoder);
  const results = new Map<string, unknown>();
  for (const [i, each] of works.entries()) {
    schedule.submit(
      new GenerationTask(i, each, SHAPE, (result) => results.set(`${each.id}:${each.sample}`, result)),
    );
  }
  while (schedule.step());
  return results;
}

const promptsArbitrary = fc.array(
  fc.tuple(fc.nat(2), fc.nat(60), fc.array(fc.nat(V - 1), { minLength: 1, maxLength: 30 })),
  { minLength: 1, maxLength: 12 },
);
const beginnings = [1, 2, 3].map((seed) => {
  const random = new Random(seed);
  return Array.from({ length: 60 }, () => random.int(V));
});

test('whatever runs beside it, a text is the same', () => {
  fc.assert(
    fc.property(
      promptsArbitrary,
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 6, max: 40 }),
      (raw, sequences, capacity) => {
        const works = raw.map(([which, shared, rest], i) =>
          work(
            `r${i}`,
            [...(beginnings[which] as number[]).slice(0, shared), ...rest],
            i % 3 === 0 ? { contrast: { tokens: rest }, guidance: 1.5 } : {},
          ),
        );
        const alone = new Map(works.flatMap((each) => [...generate(new FakeDecoder(2, 1000), [each])]));
        expect(generate(new FakeDecoder(sequences, capacity), works)).toEqual(alone);
      },
    ),
    { numRuns: 60, seed: 3407 },
  );
});

test('samples of one prompt, and prompts that begin alike, compute their beginning once', () => {
  const prompt = beginnings[0] as number[];
  const decoder = new FakeDecoder(4, 512);
  const works = Array.from({ length: 8 }, (_, sample) =>
    work('a', prompt, { sample, maxTokens: 1, stop: [] }),
  );
  const results = generate(decoder, works);
  expect(results.size).toBe(8);
  // The prompt once, and for each further sample its last token alone.
  expect(decoder.decoded).toBe(prompt.length + 7);
});

test('a slot that waits for a prompt does not take what it held before for it', () => {
  const prompt = (beginnings[0] as number[]).slice(0, 40);
  const others = [1, 2].map((i) => work(`other${i}`, beginnings[i] as number[], { maxTokens: 1, stop: [] }));
  const same = [0, 1].map((sample) => work('same', prompt, { sample }));
  const results = generate(new FakeDecoder(2, 10), [...others, ...same]);
  for (const each of same) {
    const name = `same:${each.sample}`;
    expect(results.get(name)).toEqual(generate(new FakeDecoder(2, 1000), [each]).get(name));
  }
});

test('a text goes on while a long prompt enters in chunks', () => {
  const long = Array.from({ length: 400 }, (_, i) => i % V);
  const decoder = new FakeDecoder(2, 50);
  generate(decoder, [
    work('short', [1, 2], { maxTokens: 30, stop: [] }),
    work('long', long, { maxTokens: 1 }),
  ]);
  // 402 tokens of prompts need 9 batches; had the short text waited, its 30 tokens would have come on top.
  expect(decoder.steps).toBeLessThan(33);
});

test('scores are those of the given tokens, however they are cut into batches', () => {
  const tokens = (beginnings[1] as number[]).slice(0, 40);
  const expected = tokens.slice(5).map((token, i) => {
    const logits = logitsAfter(tokens.slice(0, 5 + i));
    return (logits[token] as number) - Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
  });
  for (const [capacity, rows] of [
    [7, 3],
    [64, 64],
    [10, 4],
  ] as const) {
    const schedule = new Schedule(new FakeDecoder(3, capacity, rows));
    const scores: (readonly number[])[] = [];
    for (const number of [1, 2, 3, 4]) {
      schedule.submit(
        new ScoringTask(number, { kind: 'score', tokens, from: 5 }, SHAPE, (s) => scores.push(s)),
      );
    }
    while (schedule.step());
    expect(scores).toHaveLength(4);
    for (const score of scores) {
      for (const [i, value] of expected.entries()) expect(score[i]).toBeCloseTo(value, 4);
    }
  }
});

test('cancelled work leaves, and what waited for its prompt begins anew', () => {
  const prompt = [...(beginnings[0] as number[]), ...(beginnings[1] as number[])];
  const decoder = new FakeDecoder(2, 20);
  const schedule = new Schedule(decoder);
  const results: unknown[] = [];
  const submit = (number: number) =>
    schedule.submit(new GenerationTask(number, work('a', prompt), SHAPE, (result) => results.push(result)));
  submit(1);
  submit(2);
  submit(3);
  schedule.step();
  schedule.cancel(new Set([1, 3]));
  while (schedule.step());
  expect(results).toEqual([...generate(new FakeDecoder(2, 1000), [work('a', prompt)]).values()]);
});

test('an action waits for what came before it, and forgets what was computed', () => {
  const decoder = new FakeDecoder(2, 100);
  const schedule = new Schedule(decoder);
  const order: string[] = [];
  const submit = (name: string) =>
    schedule.submit(new GenerationTask(order.length, work(name, [5, 6, 7]), SHAPE, () => order.push(name)));
  submit('before');
  schedule.whenIdle(() => {
    order.push('action');
    for (const sequence of [0, 1]) decoder.keep(sequence, 0);
  });
  submit('after');
  while (schedule.step());
  expect(order).toEqual(['before', 'action', 'after']);
});

test('a prompt and a contrast that goes on from it do not wait for each other', () => {
  const prompt = (beginnings[0] as number[]).slice(0, 30);
  const guided = work('a', prompt, { contrast: { tokens: beginnings[0] as number[] }, guidance: 1.5 });
  expect(generate(new FakeDecoder(2, 1000), [guided]).size).toBe(1);
});

/** A prompt whose tokens from `from` on are soft: vectors decided by `seed`. */
function softened(tokens: readonly number[], from: number, length: number, seed: number): PromptTokens {
  const random = new Random(seed);
  const vectors = Float32Array.from({ length: length * E }, () => random.int(3));
  return { tokens, soft: { from, vectors } };
}

test('soft and plain texts side by side are those that each is alone, and different images share nothing', () => {
  // Few places and lengths, so that many begin alike and differ in a vector alone.
  const softPrompt = fc
    .tuple(fc.constantFrom(3, 10), fc.constantFrom(2, 12), fc.nat(2))
    .map(([from, length, seed]) => softened((beginnings[0] as number[]).slice(0, 40), from, length, seed));
  const plain = fc
    .nat(40)
    .map((n): PromptTokens => ({ tokens: (beginnings[0] as number[]).slice(0, n + 1) }));
  fc.assert(
    fc.property(
      fc.array(fc.oneof(softPrompt, plain), { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 5, max: 40 }),
      (list, sequences, capacity) => {
        const works = list.map((prompt, i) =>
          work(`r${i}`, [], { prompt, ...(i % 3 === 0 && { contrast: list[0], guidance: 1.5 }) }),
        );
        const alone = new Map(works.flatMap((each) => [...generate(new FakeDecoder(2, 1000), [each])]));
        expect(generate(new FakeDecoder(sequences, capacity), works)).toEqual(alone);
      },
    ),
    { numRuns: 60, seed: 3407 },
  );
});

test('samples of one image compute it once', () => {
  const prompt = softened((beginnings[0] as number[]).slice(0, 40), 10, 20, 1);
  const decoder = new FakeDecoder(4, 512);
  const works = [0, 1, 2, 3].map((sample) => work('a', [], { prompt, sample, maxTokens: 1, stop: [] }));
  expect(generate(decoder, works).size).toBe(4);
  expect(decoder.decoded).toBe(40 + 3);
});
