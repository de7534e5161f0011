/**
 * One side of bench/training.ts: steps of our engine on SmolLM2's shape with random weights, in a process of its own so that
 * its peak memory is its own. Arguments: mode, steps, GB kept for the backward pass. Prints one JSON line; processor time is of use where other work runs beside it.
 */
import { Random } from '@llama-xr/core';
import {
  floatTable,
  type LlamaConfig,
  type LlamaWeights,
  openTrainingEngine,
  type PackedMatrix,
  type Projection,
  projectionShape,
  type StepMode,
} from '@llama-xr/llama';

const SMOLLM2: LlamaConfig = {
  layers: 30,
  width: 576,
  feedForward: 1536,
  heads: 9,
  kvHeads: 3,
  headSize: 64,
  vocabulary: 49152,
  ropeBase: 100_000,
  rmsEps: 1e-5,
  contextLength: 512,
  tiedEmbedding: true,
};

const random = new Random(1);
const uniform = (n: number, width: number) =>
  Float32Array.from({ length: n }, () => random.between(-width, width));

/** A matrix of the right scale in 4 bits. */
function packed(projection: Projection): PackedMatrix {
  const [outputs, inputs] = projectionShape(SMOLLM2, projection);
  const blocks = (outputs * inputs) / 32;
  const scale = new Float32Array(blocks).fill(0.17 / Math.sqrt(inputs));
  const nibbles = new Uint8Array(blocks * 16);
  for (let i = 0; i < nibbles.length; i++) nibbles[i] = random.uint32();
  return { nibbles, scale, offset: scale.map((x) => -7.5 * x) };
}

const ones = new Float32Array(SMOLLM2.width).fill(1);
const weights: LlamaWeights = {
  config: SMOLLM2,
  matrix: (_, projection) => packed(projection),
  norms: () => ({ attention: ones, feedForward: ones }),
  form: () => 'q4',
  embedding: floatTable(uniform(SMOLLM2.vocabulary * SMOLLM2.width, 0.07), SMOLLM2.width),
  outputNorm: ones,
};

const [mode, steps = '3', keptGB = '0'] = process.argv.slice(2) as [StepMode, ...string[]];
const [B, S] = [4, 256];
const ids = Int32Array.from({ length: B * S }, () => random.int(SMOLLM2.vocabulary));
const labels = Int32Array.from(ids, (_, i) => ids[(i + 1) % ids.length] as number);
const batch = { batch: B, sequence: S, ids, labels, weights: new Float32Array(B * S).fill(1 / (B * S)) };

await using engine = await openTrainingEngine(weights, {
  rank: 16,
  mode,
  threads: 2,
  keptBytes: Number(keptGB) * 1e9,
});
const seconds: number[] = [];
const processor: number[] = [];
for (let i = 0; i < Number(steps); i++) {
  const began = performance.now();
  const before = process.cpuUsage();
  await engine.forwardBackward(batch);
  seconds.push((performance.now() - began) / 1000);
  const { user, system } = process.cpuUsage(before);
  processor.push((user + system) / 1e6);
}
const peakBytes = process.resourceUsage().maxRSS * 1024;
const tokensPerSecond = (B * S) / Math.min(...seconds);
console.log(JSON.stringify({ tokensPerSecond, processorSeconds: Math.min(...processor), peakBytes }));
