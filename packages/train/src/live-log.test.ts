import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Bigram, countingExamples } from './bigram.ts';
import { ticksOf } from './curves.ts';
import { curvesPage, parseRecipe, RunFolder, train } from './index.ts';
import { LiveLog } from './live-log.ts';
import { type LoggedEvent, readEvents } from './run-log.ts';
import { crc32c, record } from './tensorboard.ts';

const root = mkdtempSync(join(tmpdir(), 'llama-xr-live-'));
afterAll(() => rmSync(root, { recursive: true }));

const examples = countingExamples(37);
const data = { passes: [examples.slice(0, 30), examples.slice(0, 30)], val: examples.slice(30) };
const recipe = parseRecipe(
  {
    name: 'a <b> & c',
    passes: 2,
    batchSize: 4,
    learningRate: 0.2,
    keep: 'best',
    validation: { everySteps: 3, grounding: 7 },
  },
  'test',
);

/** Runs, and shows itself, until so many events are out. */
async function run(name: string, most = Number.POSITIVE_INFINITY): Promise<RunFolder> {
  const folder = new RunFolder(join(root, name));
  mkdirSync(folder.path, { recursive: true });
  const { checkpoint, best } = folder;
  const options = { checkpoint, best, identity: 'x', checkpointSeconds: 0 };
  let log: LiveLog | undefined;
  let count = 0;
  for await (const event of train(new Bigram(), data, recipe, options)) {
    const resumedAt = event.type === 'resume' ? event.step : -1;
    log ??= new LiveLog(folder, recipe.name, { resumedAt, tensorboard: true });
    log.append(event);
    if (++count >= most) break;
  }
  return folder;
}

/** The scalars of an event file as `tag@step`, each record's checksums verified. */
function readScalars(path: string): Map<string, number> {
  const file = readFileSync(path);
  const scalars = new Map<string, number>();
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.subarray(at, at + 16 + length).equals(record(data))).toBe(true);
    at += 16 + length;
    const event = fieldsOf(data);
    const step = event.find(([field]) => field === 2)?.[1] as number | undefined;
    for (const [, summary] of event.filter(([field]) => field === 5))
      for (const [, value] of fieldsOf(summary as Buffer)) {
        const [tag, simple] = fieldsOf(value as Buffer).map(([, content]) => content) as [Buffer, Buffer];
        scalars.set(`${tag}@${step}`, simple.readFloatLE());
      }
  }
  return scalars;
}

/** Number and content of each field of a message: a number for varints, else bytes. */
function fieldsOf(message: Buffer): [number, number | Buffer][] {
  const fields: [number, number | Buffer][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const wire = key & 7;
    if (wire === 0) fields.push([key >> 3, varint()]);
    else {
      const length = wire === 2 ? varint() : wire === 1 ? 8 : 4;
      fields.push([key >> 3, message.subarray(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

test('the event file holds what the log holds, each step once, after a kill too', async () => {
  await run('killed', 12);
  const folder = await run('killed');
  const scalars = readScalars(folder.tensorboard);
  const events = readEvents(folder.log);
  const steps = events.filter((event) => event.type === 'step');
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  for (const { step, loss, rate } of steps) {
    expect(scalars.get(`train/loss@${step}`)).toBe(Math.fround(loss));
    expect(scalars.get(`train/learning_rate@${step}`)).toBe(Math.fround(rate));
  }
  const looks = events.filter((event) => event.type === 'validation' && event.kept === undefined);
  const tags = [...scalars.keys()].filter((key) => key.startsWith('val/grounding_gap'));
  expect(tags).toEqual(looks.map(({ step }) => `val/grounding_gap@${step}`));
  expect(scalars.has('val_at_the_end/loss@16')).toBe(true);
});

test('checksums are CRC-32C', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  // RFC 3720, B.4: 32 bytes of zeroes.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  // A record as TensorBoard frames it: reference/tfrecord.py.
  expect(Buffer.from(record(Buffer.from('ab'))).toString('hex')).toBe('020000000000000078270b3461621cb0f0f4');
});

test('the page shows every curve, says which state is kept, and needs nothing from outside', async () => {
  const folder = await run('page');
  const page = readFileSync(folder.curves, 'utf8');
  for (const title of [
    'Training loss',
    'Val loss',
    'Grounding gap',
    'Learning rate',
    'Gradient norm',
    'Speed',
  ])
    expect(page).toContain(`<b>${title}</b>`);
  expect(page).toContain('a &#60;b&#62; &#38; c');
  expect(page).not.toMatch(/<script|http|@import|url\(|NaN|undefined|Infinity/);
  expect(page).toMatch(/The adapter is that of step \d+\./);
  expect(page).toContain('class="best"');
  expect(page).not.toContain('refresh');
  await run('going on', 8);
  const going = readFileSync(join(root, 'going on', 'curves.html'), 'utf8');
  expect(going).toContain('<meta http-equiv="refresh"');
  expect(going).toContain('running, step 3 of 16');
});

test('a page can be made of any log: empty, of one step, with a loss that is no number, or long', () => {
  const step = (number: number, loss: number): LoggedEvent => ({
    at: '2026-01-01T00:00:00Z',
    type: 'step',
    step: number,
    of: 50_000,
    pass: 1,
    loss,
    rate: 1e-4,
    gradientNorm: loss,
    tokens: 10,
    positions: 10,
    tokensPerSecond: 100,
    seconds: 0.1,
  });
  expect(curvesPage([], 'empty')).toContain('step 0 of ?');
  // JSON has no NaN: a log holds null for it.
  const broken = JSON.parse(JSON.stringify([step(1, 2), step(2, Number.NaN), step(3, 1)])) as LoggedEvent[];
  for (const events of [[step(1, 3)], broken]) expect(curvesPage(events, 'x')).not.toMatch(/NaN|null/);
  const long = Array.from({ length: 50_000 }, (_, i) => step(i + 1, 1 + 1 / (i + 1)));
  expect(curvesPage(long, 'long').length).toBeLessThan(100_000);
});

test('ticks are round, few, and enclose what is drawn', () => {
  expect(ticksOf(1.67, 4.09)).toEqual([1, 2, 3, 4, 5]);
  for (const [low, high] of [
    [0, 1],
    [3, 3],
    [0, 0],
    [-2e-5, 7e-4],
    [99, 12_345],
  ] as const) {
    const ticks = ticksOf(low, high);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks.length).toBeLessThanOrEqual(6);
    expect(ticks[0]).toBeLessThanOrEqual(low);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(high);
  }
});
