/**
 * Two claims about long runs. Memory does not grow with steps: 10,000 of them on a tiny model, as a user's job and as the
 * bare loop (see packages/train/src/testing/soak.ts), resident memory fitted by a line after the first tenth. Cost grows
 * linearly with tokens: steps of 64 to 2048 tokens in rows of one length, processor time fitted by a line.
 *
 *     npx node bench/soak.ts [--steps 10000] [--rounds 9] [--json]
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../packages/core/src/index.ts';
import {
  type AdapterEngine,
  type Batch,
  type LlamaConfig,
  openBaseWeights,
  openPretrainingEngine,
  openTrainingEngine,
  writeLlamaGguf,
} from '../packages/llama/src/index.ts';
import { type SoakOptions, type SoakSample, soak } from '../packages/train/src/testing/soak.ts';
import { fitLine } from './fit-line.ts';

/** The shape of the demo's base. */
const TINY: LlamaConfig = {
  layers: 3,
  width: 128,
  feedForward: 256,
  heads: 4,
  kvHeads: 2,
  headSize: 32,
  vocabulary: 640,
  ropeBase: 10_000,
  rmsEps: 1e-5,
  contextLength: 512,
  tiedEmbedding: true,
};
/** Samples follow each other too closely to count as many: their means over this many blocks are fitted. */
const BLOCKS = 20;
const TOKENS = [64, 128, 256, 512, 1024, 2048];
/** Rows of one length: one text of 64 tokens, or a packed row of four. */
const ROWS = { 'rows of 64': [64, 1], 'packed rows of 4 x 64': [256, 4] } as const;

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '9' },
    json: { type: 'boolean', default: false },
  },
});
const say = (line: string) => values.json || console.log(line);

const middle = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;
const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b) / numbers.length;

async function makeBase(path: string): Promise<void> {
  await using model = await openPretrainingEngine(TINY, { seed: 1 });
  writeLlamaGguf(path, model.weights, { name: 'random weights', vocabulary: [] });
}

function growth(samples: readonly SoakSample[]) {
  const tenth = Math.floor(samples.length / 10);
  const settled = samples.slice(tenth);
  const size = Math.floor(settled.length / BLOCKS);
  const blocks = Array.from({ length: BLOCKS }, (_, i) => settled.slice(i * size, (i + 1) * size));
  const line = fitLine(
    blocks.map((block) => mean(block.map(({ step }) => step))),
    blocks.map((block) => mean(block.map(({ bytes }) => bytes))),
  );
  const bytes = (part: readonly SoakSample[]) => middle(part.map((sample) => sample.bytes));
  return {
    steps: samples.at(-1)?.step ?? 0,
    bytesPerStep: line.slope,
    interval: line.interval,
    secondTenthBytes: bytes(samples.slice(tenth, 2 * tenth)),
    lastTenthBytes: bytes(samples.slice(-tenth)),
    peakBytes: Math.max(...samples.map((sample) => sample.bytes)),
    firstLoss: mean(samples.slice(0, tenth).map(({ loss }) => loss)),
    lastLoss: mean(samples.slice(-tenth).map(({ loss }) => loss)),
  };
}

function batchOf(rows: number, length: number, texts: number, random: Random): Batch {
  const size = rows * length;
  const ids = Int32Array.from({ length: size }, () => random.int(TINY.vocabulary));
  const labels = ids.map((_, i) => ids[(i + 1) % size] as number);
  const weights = new Float32Array(size).fill(1 / size);
  const batch = { batch: rows, sequence: length, ids, labels, weights };
  if (texts === 1) return batch;
  const segments = ids.map((_, i) => Math.floor((i % length) / (length / texts)));
  return { ...batch, segments, prefixes: new Int32Array(rows) };
}

/** Median processor seconds of a step by its tokens; sizes take turns, so that none has the quiet minutes. */
async function cost(engine: AdapterEngine, [length, texts]: readonly [number, number]) {
  const random = new Random(5);
  const batches = TOKENS.filter((tokens) => tokens >= length).map((tokens) =>
    batchOf(tokens / length, length, texts, random),
  );
  const seconds = new Map<Batch, number[]>(batches.map((batch) => [batch, []]));
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const batch of random.shuffle(batches)) {
      const began = process.cpuUsage();
      await engine.forwardBackward(batch);
      const { user, system } = process.cpuUsage(began);
      if (round >= 0) seconds.get(batch)?.push((user + system) / 1e6); // round -1 warms up
    }
  }
  const rows = batches.map((batch) => ({
    tokens: batch.ids.length,
    seconds: middle(seconds.get(batch) as number[]),
  }));
  const line = fitLine(
    rows.map((row) => row.tokens),
    rows.map((row) => row.seconds),
  );
  return { rows, ...line };
}

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-soak-'));
try {
  const base = join(folder, 'base.gguf');
  await makeBase(base);
  const memory: Record<string, ReturnType<typeof growth>> = {};
  for (const what of ['job', 'loop'] satisfies SoakOptions['what'][]) {
    const run = join(folder, what);
    mkdirSync(run);
    const found = growth(await soak({ base, folder: run, steps: Number(values.steps), what }));
    memory[what] = found;
    const [low, high] = found.interval.map((bytes) => bytes.toFixed(0));
    const [early, late, peak] = [found.secondTenthBytes, found.lastTenthBytes, found.peakBytes].map((bytes) =>
      (bytes / 1e6).toFixed(1),
    );
    say(`${what}: ${found.steps} steps, ${found.bytesPerStep.toFixed(0)} bytes a step [${low}, ${high}]`);
    say(`  second tenth ${early} MB, last ${late} MB, peak ${peak} MB`);
    say(`  loss ${found.firstLoss.toFixed(3)} in the first tenth, ${found.lastLoss.toFixed(3)} in the last`);
  }
  using weights = openBaseWeights(base);
  await using engine = await openTrainingEngine(weights, { rank: 4, mode: 'whole', threads: 1 });
  const costs: Record<string, Awaited<ReturnType<typeof cost>>> = {};
  for (const [name, rows] of Object.entries(ROWS)) {
    const found = await cost(engine, rows);
    costs[name] = found;
    say(
      `${name}: ${(1e3 * found.intercept).toFixed(2)} ms + ${(1e6 * found.slope).toFixed(1)} us a token, R2 ${found.r2.toFixed(5)}`,
    );
    for (const { tokens, seconds } of found.rows) {
      const off = seconds / (found.intercept + found.slope * tokens) - 1;
      say(
        `  ${String(tokens).padStart(5)} tokens  ${(1e3 * seconds).toFixed(2).padStart(8)} ms  ${(100 * off).toFixed(1).padStart(6)} % off the line`,
      );
    }
  }
  if (values.json) console.log(JSON.stringify({ memory, cost: costs }, null, 2));
} finally {
  rmSync(folder, { recursive: true });
}
