import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSafetensors } from '@llama-xr/tensor';
import { afterAll, expect, test } from 'vitest';
import { Bigram, countingExamples } from './bigram.ts';
import {
  type Example,
  parseRecipe,
  type Recipe,
  swapPrompts,
  type TrainEvent,
  train,
  Watch,
} from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'llama-xr-watch-'));
afterAll(() => rmSync(root, { recursive: true }));

const rules = { watch: 'loss', patience: 2, keep: 'best' } as const;

test('patience counts the looks since the best one, and a state goes on where it was', () => {
  const watch = new Watch(rules);
  expect([3, 2, 2.5].map((loss, i) => watch.take(i, { loss }))).toEqual([true, true, false]);
  expect(watch.stopped).toBe(false);
  const other = new Watch(rules);
  other.restore(JSON.stringify(watch.state), 'x');
  expect(other.take(3, { loss: Number.NaN })).toBe(false);
  expect(other.stopped).toBe(true);
  expect(other.state.best).toEqual({ step: 1, value: 2 });
  expect(new Watch(rules).take(1, { loss: Number.NaN })).toBe(false);
  const gaps = new Watch({ ...rules, watch: 'grounding' });
  expect([0.1, 0.3, 0.2].map((groundingGap, i) => gaps.take(i, { loss: 9 - i, groundingGap }))).toEqual([
    true,
    true,
    false,
  ]);
  expect(() => other.restore('{"best":1}', 'here')).toThrow(/here: watch: expected the state of looks/);
});

/** Learns from counting texts, looks at texts that count down: val is worst where train is learned best. */
const train37 = countingExamples(37);
const backwards = train37.map((e) => ({ ...e, tokens: e.tokens.toReversed() }));
const mixed = [...train37.slice(0, 4), ...backwards.slice(4, 10)];
const data = { passes: [train37, train37, train37], val: mixed };

const recipeWith = (fields: object): Recipe =>
  parseRecipe(
    { name: 'test', passes: 3, batchSize: 4, learningRate: 0.2, warmupSteps: 2, ...fields },
    'test',
  );

const WATCHED = {
  keep: 'best',
  patience: 3,
  validation: { everySteps: 2, studies: 10, grounding: 10 },
};

/** Runs until `events` events are out, as a kill would end it, or to the end. */
async function run(name: string, recipe: Recipe, { events: most = Infinity, checkpointSeconds = 0 } = {}) {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  const engine = new Bigram();
  const events: TrainEvent[] = [];
  const options = {
    checkpoint: join(folder, 'checkpoint.safetensors'),
    best: join(folder, 'best.safetensors'),
    identity: 'x',
    checkpointSeconds,
  };
  for await (const event of train(engine, data, recipe, options)) {
    events.push(event);
    if (events.length >= most) break;
  }
  return { events, engine, best: options.best };
}

/** What of an event is decided by the run and not by the clock. */
function decided(event: TrainEvent): object {
  const {
    seconds: _,
    tokensPerSecond: __,
    path: ___,
    ...rest
  } = { seconds: 0, tokensPerSecond: 0, path: '', ...event };
  return rest;
}

test('training stops when its patience ends, and keeps the best look', async () => {
  const { events, engine, best } = await run('stops', recipeWith(WATCHED));
  const looks = events.filter((event) => event.type === 'validation');
  const last = looks.at(-1);
  const stop = events.find((event) => event.type === 'stop');
  const lowest = Math.min(...looks.slice(1, -1).map(({ loss }) => loss));
  expect(stop?.step).toBeLessThan(stop?.of ?? 0);
  expect(stop?.step).toBe((stop?.best ?? 0) + 3 * 2);
  expect(last).toMatchObject({ kept: stop?.best, loss: lowest, examples: 10 });
  using file = openSafetensors(best);
  expect(file.read('parameters').data).toEqual(engine.parameters);
});

test('without patience the run goes on, and keep: last keeps the last', async () => {
  const { events } = await run('last', recipeWith({ ...WATCHED, patience: 0, keep: 'last' }));
  const looks = events.filter((event) => event.type === 'validation');
  const lowest = Math.min(...looks.map(({ loss }) => loss));
  expect(looks.at(-1)?.loss).toBeGreaterThan(lowest);
  expect(events.some((event) => event.type === 'stop')).toBe(false);
  expect(looks.every((look) => look.best === undefined)).toBe(true);
});

test.each([0, 1e6])(
  'a run killed anywhere goes on with the same events, checkpoints every %d s',
  async (checkpointSeconds) => {
    const recipe = recipeWith(WATCHED);
    const whole = await run(`whole ${checkpointSeconds}`, recipe, { checkpointSeconds });
    const expected = whole.events.map(decided);
    for (let cut = 1; cut < expected.length; cut++) {
      const name = `cut ${checkpointSeconds} ${cut}`;
      await run(name, recipe, { events: cut, checkpointSeconds });
      const { events, engine } = await run(name, recipe, { checkpointSeconds });
      const [first, ...rest] = events.map(decided) as { type: string; step: number }[];
      const resumed = first?.type === 'resume';
      const after = resumed
        ? expected.filter((_, i) => i > expected.findIndex((e) => isCheckpoint(e, first.step)))
        : expected;
      expect(resumed ? rest : [first, ...rest], `cut after ${cut} events`).toEqual(after);
      expect(engine.parameters).toEqual(whole.engine.parameters);
    }
  },
);

const isCheckpoint = (event: object, step: number) =>
  'type' in event && event.type === 'checkpoint' && 'step' in event && event.step === step;

test('prompts are swapped with those of other studies that differ, as far as they fit', () => {
  const example = (id: string, prompt: number[], response: number[]): Example => ({
    id,
    tokens: Int32Array.from([...prompt, ...response]),
    lossFrom: 1,
    responseFrom: prompt.length,
  });
  const studies = [
    example('a', [1, 2], [5, 6, 7]),
    example('b', [1, 2], [5]),
    example('c', [1, 3, 4, 4], [6, 6]),
    example('d', [1, 3, 4, 5], [6]),
  ];
  const { own, swapped } = swapPrompts(studies, { seed: 1, maxTokens: 6 });
  // The prompts of c and d are too long for a, and b's is its own.
  expect(own.map(({ id }) => id)).toEqual(['b', 'c', 'd']);
  for (const [i, { id, tokens, lossFrom, tokenWeights }] of swapped.entries()) {
    const study = studies.find((s) => s.id === id) as Example;
    expect(own[i]?.tokens).toEqual(study.tokens);
    expect([...tokens.subarray(lossFrom)]).toEqual([...study.tokens.subarray(study.responseFrom)]);
    expect([...tokens.subarray(0, lossFrom)]).not.toEqual([...study.tokens.subarray(0, study.responseFrom)]);
    expect(tokenWeights?.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
  }
  expect(swapPrompts(studies.slice(0, 2), { seed: 1, maxTokens: 6 }).own).toEqual([]);
});

test('soft tokens are swapped with the prompts that they stand in, and tell prompts of equal words apart', () => {
  const studies = [1, 1, 3].map(
    (feature, i): Example => ({
      id: `s${i}`,
      tokens: Int32Array.of(1, 0, 5, i),
      lossFrom: 3,
      soft: { from: 1, features: Float32Array.of(feature), present: Uint8Array.of(1) },
    }),
  );
  const { own, swapped } = swapPrompts(studies, { seed: 1, maxTokens: 6 });
  expect(own.map(({ id }) => id)).toEqual(['s0', 's1', 's2']);
  expect(own.map(({ soft }) => soft?.features[0])).toEqual([1, 1, 3]);
  expect(swapped.map(({ soft }) => soft?.features[0])).toEqual([3, 3, 1]);
  expect(swapped.map(({ tokens }) => tokens[3])).toEqual([0, 1, 2]);
  expect(swapPrompts(studies.slice(0, 2), { seed: 1, maxTokens: 6 }).own).toEqual([]);
});

test('the gap is that between other prompts and the own one, and a recipe cannot watch what is not measured', async () => {
  const validation = { grounding: 10 };
  const { events } = await run('grounded', recipeWith({ validation, passes: 1 }));
  const gaps = events.flatMap((e) => (e.type === 'validation' ? [e.groundingGap] : []));
  // A bigram sees the last token of the prompt: nothing at first, then that it differs.
  expect(gaps[0]).toBeCloseTo(0, 6);
  expect(gaps.at(-1)).toBeGreaterThan(0.05);
  expect(() => recipeWith({ watch: 'grounding' })).toThrow(/watch: expected "loss" unless/);
  const alike = { passes: [train37], val: train37.slice(0, 1) };
  const options = { checkpoint: join(root, 'alike'), identity: 'x' };
  const recipe = recipeWith({ watch: 'grounding', validation });
  await expect(train(new Bigram(), alike, recipe, options).next()).rejects.toThrow(/no two studies of val/);
  const blind = train(new Bigram(), { ...alike, val: [] }, recipeWith({ patience: 1 }), options);
  await expect(blind.next()).rejects.toThrow(/no studies of val to look at/);
});
