/**
 * One full QLoRA step of a base as a trainer takes it: forward, backward, AdamW in 8 bits; layer by layer, so that it fits.
 * Prints its time and the peak memory of the process: what it has of its own (VmHWM), not the system's cache of the file,
 * which is read by position and not mapped.
 *
 *   npx node scripts/step-8b.ts random-8b.gguf [TOKENS = 512] [RANK = 16] [KEPT_GB = 2.6]
 */
import { Random } from '../packages/core/src/index.ts';
import { openTrainingWorker } from '../packages/llama/src/index.ts';
import { AdamW8, collate, lossWeight } from '../packages/train/src/index.ts';

const [base, tokens = '512', rank = '16', kept = '2.6'] = process.argv.slice(2);
if (base === undefined) {
  console.error('usage: npx node scripts/step-8b.ts BASE.gguf [TOKENS] [RANK] [KEPT_GB]');
  process.exit(64);
}
const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);
const peak = () => `peak ${((process.resourceUsage().maxRSS * 1024) / 1e9).toFixed(2)} GB`;

const opening = performance.now();
await using engine = await openTrainingWorker(base, {
  rank: Number(rank),
  mode: 'layered',
  keptBytes: Number(kept) * 1e9,
});
console.log(`opened in ${seconds(opening)} s, ${engine.parameters.length} trainable, ${peak()}`);

const random = new Random(1);
const ids = Int32Array.from({ length: Number(tokens) + 1 }, () => random.int(engine.config.vocabulary));
const example = { id: 'random', tokens: ids, lossFrom: 1 };
const optimizer = new AdamW8(engine.parameters.length, {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
});
const began = performance.now();
const { loss } = await engine.forwardBackward(collate([example], lossWeight([example])));
const forwardBackward = seconds(began);
optimizer.step(engine.parameters, engine.gradients, 2e-4);
console.log(`loss ${loss.toFixed(4)} (uniform: ${Math.log(engine.config.vocabulary).toFixed(4)})`);
console.log(
  `step of ${tokens} tokens in ${seconds(began)} s, ${forwardBackward} s of it forward and backward, ${peak()}`,
);
