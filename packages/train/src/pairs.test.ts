import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import { afterAll, expect, test } from 'vitest';
import { pattern, TINY, tinyEngine } from '../../llama/src/model/tiny-llama.ts';
import { Bigram, countingExamples } from './bigram.ts';
import {
  collateRows,
  contrastLoss,
  type Example,
  inRows,
  lossWeight,
  PairObjective,
  pairDifferences,
  parseRecipe,
  preferenceLoss,
  type TrainEvent,
  train,
  withRivals,
} from './index.ts';

type Golden = { loss: number; gradients: Record<string, [norm: number, product: number]> };
const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden/pair-losses.json'), 'utf8')) as {
  reference: number[];
  preference: Golden & { beta: number; likelihood: number };
  logistic: Golden & { margin: number; weight: number };
  hinge: Golden & { margin: number; weight: number };
};

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-pairs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The tokens of reference/pair_losses.py. */
const drawn = (name: string, count: number) =>
  pattern(name, count, 1, 0.5).map((share) => Math.floor(share * TINY.vocabulary));
const PROMPT = 5;
const tokens = (prompt: string, report: string, row: number) =>
  Int32Array.from([...drawn(`${prompt}.${row}`, PROMPT), ...drawn(`${report}.${row}`, 8)]);
const example = (prompt: string, report: string, row: number): Example => ({
  id: `${row}`,
  tokens: tokens(prompt, report, row),
  lossFrom: PROMPT,
});
const against = (prompt: string, report: string, own = 'prompt'): Example[] =>
  [0, 1].map((row) => ({ ...example(own, 'report', row), rival: example(prompt, report, row) }));

type Engine = Awaited<ReturnType<typeof tinyEngine>>;

/** The loss and the gradients of a step over some pairs. */
async function stepOf(engine: Engine, examples: Example[], fields: object, reference?: Map<Example, number>) {
  const recipe = parseRecipe({ name: 'x', ...fields }, 'x');
  const totals = { weight: lossWeight(examples), pairs: examples.length };
  const rows = inRows(examples, recipe);
  const weighed = await new PairObjective(engine, recipe, reference).weigh(rows, totals);
  const { loss } = await engine.forwardBackward(collateRows(weighed.rows, totals.weight));
  return { loss: loss - weighed.surplus + weighed.tally.loss, rows: weighed.rows.length };
}

function expectGradients(engine: Engine, { gradients }: Golden): void {
  for (const { name, offset, length } of engine.layout) {
    const own = engine.gradients.subarray(offset, offset + length);
    const probe = pattern(`probe.${name}`, length, 1);
    const [norm, product] = gradients[name] as [number, number];
    expect(Math.hypot(...own) / norm, name).toBeCloseTo(1, 4);
    const error = own.reduce((sum, g, i) => sum + g * (probe[i] as number), 0) - product;
    expect(Math.abs(error) / norm, name).toBeLessThan(1e-4);
  }
}

test('preference: loss and gradients equal DPO in PyTorch, measured from the bare base', async () => {
  await using engine = await tinyEngine();
  const pairs = against('prompt', 'other report');
  const adapter = engine.parameters.slice();
  for (const { name, offset, length } of engine.layout)
    if (name.includes('.b.')) engine.parameters.fill(0, offset, offset + length);
  const start = await pairDifferences(engine, pairs);
  for (const [i, expected] of golden.reference.entries()) expect(start[i]).toBeCloseTo(expected, 4);
  engine.parameters.set(adapter);
  const { beta, likelihood } = golden.preference;
  const reference = new Map(pairs.map((pair, i) => [pair, start[i] as number]));
  const { loss } = await stepOf(engine, pairs, { preference: { beta, likelihood } }, reference);
  expect(loss).toBeCloseTo(golden.preference.loss, 4);
  expectGradients(engine, golden.preference);
});

test.each(['logistic', 'hinge'] as const)('contrast, %s: loss and gradients equal PyTorch', async (form) => {
  await using engine = await tinyEngine();
  const { margin, weight } = golden[form];
  const contrast = { share: 1, form, margin, weight };
  const [own, other] = form === 'hinge' ? ['other prompt', 'prompt'] : ['prompt', 'other prompt'];
  const step = await stepOf(engine, against(other, 'report', own), { contrast });
  expect(step.loss).toBeCloseTo(golden[form].loss, 4);
  expectGradients(engine, golden[form]);
  // A hinge that holds costs no more than the look.
  expect(step.rows).toBe(form === 'hinge' ? 3 : 4);
});

test('the slope of each pair loss is its finite difference, also far out', () => {
  const losses = [
    (d: number) => contrastLoss(d, 0.3, 'logistic'),
    (d: number) => contrastLoss(d, 0.3, 'hinge'),
    (d: number) => preferenceLoss(d, 0.1),
  ];
  for (const loss of losses)
    for (const d of [-900, -2, 0, 0.29, 0.4, 5, 900]) {
      const numeric = (loss(d + 1e-5).loss - loss(d - 1e-5).loss) / 2e-5;
      expect(loss(d).slope).toBeCloseTo(numeric, 5);
    }
});

test('the gradient of a step with contrast is the slope of likelihood and pairs together', async () => {
  await using engine = await tinyEngine();
  const pairs = against('other prompt', 'report');
  const fields = { contrast: { share: 1, weight: 2, margin: 0.4 } };
  const lossAt = async () => (await stepOf(engine, pairs, fields)).loss;
  await lossAt();
  const [start, slope] = [engine.parameters.slice(), engine.gradients.slice()];
  const square = slope.reduce((sum, g) => sum + g * g, 0);
  const at = async (distance: number) => {
    engine.parameters.set(start.map((p, i) => p + distance * (slope[i] as number)));
    return lossAt();
  };
  const step = 1e-2 / Math.sqrt(square);
  expect(((await at(step)) - (await at(-step))) / (2 * step) / square).toBeCloseTo(1, 2);
});

const study = (id: string, told: string, stated: string, length = 4): Example => ({
  id,
  tokens: Int32Array.from([1, 2, told.length, 3, ...new Array(length).fill(stated.length)]),
  lossFrom: 4,
  told,
  stated,
});
const studies = [
  study('a', 'x', 'x'),
  study('b', 'x', 'x', 5),
  study('c', '', '', 4),
  study('d', 'xyz', 'xyz', 9),
  study('e', 'xyz', '', 60),
];

test('rivals for contrast have the report of their own behind a prompt that tells other findings', () => {
  const recipe = parseRecipe({ name: 'x', maxTokens: 40, contrast: { share: 1 } }, 'x');
  const pairs = withRivals(studies, recipe, new Random(1));
  for (const { id, rival, tokens, told } of pairs) {
    if (id === 'e')
      expect(rival).toBeUndefined(); // too long for any prompt
    else {
      expect(rival?.told).not.toBe(told);
      expect([...(rival as Example).tokens.slice(4)]).toEqual([...tokens.slice(4)]);
      expect(rival?.tokens[2]).toBe(rival?.told?.length);
    }
  }
  const silent = studies.map(({ told: _, ...rest }) => rest);
  expect(withRivals(silent, recipe, new Random(1)).every(({ rival }) => rival === undefined)).toBe(true);
  const none = parseRecipe({ name: 'x' }, 'x');
  expect(withRivals(studies, none, new Random(1))).toEqual(studies);
});

test('rivals for preference have another report behind the same prompt: near in length, or the one rejected', () => {
  const recipe = parseRecipe({ name: 'x', maxTokens: 40, preference: {} }, 'x');
  const given = [...studies, { ...study('f', 'q', 'q', 30), rejected: Int32Array.of(9, 9) }];
  const pairs = new Map(withRivals(given, recipe, new Random(1)).map((pair) => [pair.id, pair]));
  expect([...pairs.keys()]).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect([...(pairs.get('a')?.rival?.tokens ?? [])]).toEqual([1, 2, 1, 3, 0, 0, 0, 0]);
  expect([...(pairs.get('f')?.rival?.tokens ?? [])]).toEqual([1, 2, 1, 3, 9, 9]);
  // Nothing contradicts: nothing to learn, but the likelihood where it has a weight.
  const alike = studies.slice(0, 2);
  expect(withRivals(alike, recipe, new Random(1))).toEqual([]);
  const rpo = parseRecipe({ name: 'x', preference: { likelihood: 1 } }, 'x');
  expect(withRivals(alike, rpo, new Random(1))).toEqual(alike);
});

/** A run over the bigram model, up to the checkpoint of a step. */
async function run(name: string, fields: object, stopAfter = Number.POSITIVE_INFINITY) {
  const examples = countingExamples(24).map((e, i) => ({ ...e, told: `${i % 3}`, stated: `${i % 4}` }));
  const recipe = parseRecipe({ name: 'x', passes: 2, batchSize: 4, learningRate: 0.05, ...fields }, 'x');
  const options = {
    checkpoint: join(folder, `${name}.safetensors`),
    reference: join(folder, `${name}-reference.safetensors`),
    identity: 'x',
    checkpointSeconds: 0,
  };
  const events: TrainEvent[] = [];
  for await (const event of train(new Bigram(), { passes: [examples, examples], val: [] }, recipe, options)) {
    events.push(event);
    if (event.type === 'checkpoint' && event.step >= stopAfter) break;
  }
  return events;
}

const steps = (events: TrainEvent[]) =>
  events.flatMap((e) => (e.type === 'step' ? [[e.step, e.loss, e.gradientNorm, e.pairs?.difference]] : []));

test.each([
  ['contrast', { contrast: { share: 0.5 }, accumulation: 2 }],
  ['preference', { preference: { beta: 0.5 } }],
])(
  '%s: a run that was cut off goes on with bit-same losses, and the pairs are won in the end',
  async (name, fields) => {
    const whole = await run(name, fields);
    const cut = await run(`${name}-cut`, fields, 2);
    expect([...steps(cut), ...steps(await run(`${name}-cut`, fields))]).toEqual(steps(whole));
    const last = whole.findLast((event) => event.type === 'step');
    expect(last?.pairs?.difference).toBeGreaterThan(0);
    expect(existsSync(join(folder, `${name}-reference.safetensors`))).toBe(name === 'preference');
    if (name !== 'preference') return;
    rmSync(join(folder, `${name}-cut-reference.safetensors`));
    await expect(run(`${name}-cut`, fields)).rejects.toThrow(
      /reference\.safetensors: expected what preference/,
    );
  },
);
