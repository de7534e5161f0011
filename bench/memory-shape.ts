/**
 * One row of bench/memory.ts: two optimizer steps and a look at the loss on a base, in a process of its own so that its
 * peak memory is its own. Prints one JSON line.
 */
import { Random } from '../packages/core/src/index.ts';
import { openTrainingWorker, type StepMode } from '../packages/llama/src/index.ts';
import { collate, lossWeight, openOptimizer } from '../packages/train/src/index.ts';

const [base, mode, rows, tokens, rank, keptGB = '0', bits = '32'] = process.argv.slice(2) as [
  string,
  StepMode,
  ...string[],
];
const options = { rank: Number(rank), mode, keptBytes: Number(keptGB) * 1e9, threads: 2 };
await using engine = await openTrainingWorker(base, options);
const random = new Random(1);
const examples = Array.from({ length: Number(rows) }, (_, i) => ({
  id: String(i),
  tokens: Int32Array.from({ length: Number(tokens) + 1 }, () => random.int(engine.config.vocabulary)),
  lossFrom: 1,
}));
const optimizer = openOptimizer(engine.parameters.length, {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  optimizerBits: bits === '8' ? 8 : 32,
});
const batch = collate(examples, lossWeight(examples));
const seconds: number[] = [];
for (let i = 0; i < 2; i++) {
  const began = performance.now();
  await engine.forwardBackward(batch);
  optimizer.step(engine.parameters, engine.gradients, 2e-4);
  seconds.push((performance.now() - began) / 1000);
}
const loss = await engine.loss(batch);
const peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ loss, secondsPerStep: Math.min(...seconds), peakBytes }));
