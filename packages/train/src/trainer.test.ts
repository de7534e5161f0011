import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { Bigram, countingExamples } from './bigram.ts';
import {
  collate,
  type Example,
  learningRate,
  lossWeight,
  parseRecipe,
  passRandom,
  planPass,
  type TrainEvent,
  train,
} from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-train-'));
afterAll(() => rmSync(folder, { recursive: true }));

const examples = countingExamples(37);
const recipe = parseRecipe(
  { name: 'test', passes: 3, batchSize: 4, accumulation: 2, learningRate: 0.3, warmupSteps: 3 },
  'test',
);
const data = {
  passes: [examples.slice(0, 30), examples.slice(2, 30), examples.slice(0, 29)],
  val: examples.slice(30),
};

async function run(
  name: string,
  stopAfter = Number.POSITIVE_INFINITY,
): Promise<{ events: TrainEvent[]; engine: Bigram }> {
  const engine = new Bigram();
  const events: TrainEvent[] = [];
  const options = { checkpoint: join(folder, name), identity: 'x', checkpointSeconds: 0 };
  for await (const event of train(engine, data, recipe, options)) {
    events.push(event);
    if (event.type === 'checkpoint' && event.step >= stopAfter) break;
  }
  return { events, engine };
}

const losses = (events: TrainEvent[]) => events.flatMap((e) => (e.type === 'step' ? [[e.step, e.loss]] : []));

test('a run learns, and its last validation is over all of val', async () => {
  const { events } = await run('learns.safetensors');
  const validations = events.filter((e) => e.type === 'validation');
  expect(validations[0]!.loss).toBeCloseTo(Math.log(8), 5);
  expect(validations.at(-1)!.loss).toBeLessThan(1);
  expect(losses(events)).toHaveLength(4 + 4 + 4);
});

test('a run that was cut off goes on with bit-same losses, wherever it was cut', async () => {
  const whole = losses((await run('whole.safetensors')).events);
  for (const cut of [1, 3, 4, 7, 11]) {
    const first = losses((await run(`cut${cut}.safetensors`, cut)).events);
    const { events } = await run(`cut${cut}.safetensors`);
    expect(events[0]).toEqual({ type: 'resume', step: cut });
    expect([...first, ...losses(events)]).toEqual(whole);
  }
});

test('a checkpoint of another run is refused', async () => {
  await run('other.safetensors', 1);
  const options = { checkpoint: join(folder, 'other.safetensors'), identity: 'y' };
  await expect(train(new Bigram(), data, recipe, options).next()).rejects.toThrow(
    /other\.safetensors: this checkpoint is of another/,
  );
});

test('accumulated batches are one step: the same losses as one large batch', async () => {
  const large = { ...recipe, batchSize: 30, accumulation: 1, passes: 2 };
  const small = { ...recipe, batchSize: 3, accumulation: 10, passes: 2 };
  const collect = async (r: typeof recipe, name: string) => {
    const out: number[] = [];
    for await (const e of train(
      new Bigram(),
      { passes: [data.passes[0]!, data.passes[0]!], val: data.val },
      r,
      { checkpoint: join(folder, name), identity: name },
    ))
      if (e.type === 'step') out.push(e.loss);
    return out;
  };
  const a = await collect(large, 'large');
  const b = await collect(small, 'small');
  expect(a).toHaveLength(2);
  for (const [i, loss] of a.entries()) expect(loss).toBeCloseTo(b[i]!, 5);
});

test('each pass visits every example once, in batches of like length', () => {
  const size = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(size, fc.integer({ min: 1, max: 5 }), fc.boolean(), (batchSize, pass, packing) => {
      const plan = planPass(examples, { ...recipe, batchSize, packing }, passRandom(1, pass));
      expect(plan.every((rows) => rows.flatMap((row) => row.examples).length >= 1)).toBe(true);
      const visited = plan.flat().flatMap((row) => row.examples.map(({ id }) => id));
      expect(visited.toSorted()).toEqual(examples.map(({ id }) => id).toSorted());
    }),
  );
  expect(planPass(examples, recipe, passRandom(1, 1))).not.toEqual(
    planPass(examples, recipe, passRandom(1, 2)),
  );
});

test('collate predicts the next token, weighs only learned tokens, and the weights of a step sum to one', () => {
  const two: Example[] = [
    { id: 'a', tokens: Int32Array.of(5, 6, 7, 1), lossFrom: 2 },
    { id: 'b', tokens: Int32Array.of(5, 6, 2), lossFrom: 1, tokenWeights: Float32Array.of(1, 3) },
  ];
  const total = lossWeight(two);
  expect(total).toBe(6);
  const batch = collate(two, total);
  expect([batch.batch, batch.sequence]).toEqual([2, 3]);
  expect([...batch.ids]).toEqual([5, 6, 7, 5, 6, 0]);
  expect([...batch.labels]).toEqual([6, 7, 1, 6, 2, 0]);
  expect([...batch.weights].map((w) => w * 6)).toEqual([0, 1, 1, 1, 3, 0].map((w) => expect.closeTo(w, 5)));
});

test('schedules warm up in a line, end at the floor, and cosine halves in the middle', () => {
  const base = { peak: 1, warmupSteps: 10, floor: 0.1, totalSteps: 110 };
  for (const kind of ['constant', 'linear', 'cosine'] as const)
    expect(learningRate({ ...base, kind }, 5)).toBeCloseTo(0.5);
  expect(learningRate({ ...base, kind: 'linear' }, 60)).toBeCloseTo(0.5);
  expect(learningRate({ ...base, kind: 'cosine' }, 60)).toBeCloseTo(0.5);
  expect(learningRate({ ...base, kind: 'linear' }, 110)).toBeCloseTo(0.1);
  expect(learningRate({ ...base, kind: 'constant' }, 110)).toBe(1);
});

test('a recipe with five mistakes hears of all five', () => {
  const bad = { name: '', rank: 0, learningRate: -1, schedule: 'step', colour: 'red' };
  expect(() => parseRecipe(bad, 'bad.json')).toThrowError(/bad\.json: 5 mistakes/);
  try {
    parseRecipe(bad, 'bad.json');
  } catch (error) {
    for (const part of [
      'name:',
      'rank:',
      'got 0',
      'learningRate:',
      'got -1',
      'schedule:',
      'colour: no such field',
    ])
      expect((error as Error).message).toContain(part);
  }
});
