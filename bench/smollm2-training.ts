/**
 * QLoRA on the real SmolLM2-135M, on the batches of reference/smollm2_training.py: the losses must come out as PEFT's
 * do in float32 (4.0947 before, 1.6678 after 128 batches), and faster.
 *
 *     node bench/smollm2-training.ts MODEL.gguf FOLDER [whole|layered] [steps]
 *
 * FOLDER holds the `batches.json` and `lora_a.f32` that the script wrote.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AdapterEngine,
  type Batch,
  openBaseWeights,
  openTrainingEngine,
  PROJECTIONS,
  projectionShape,
  type StepMode,
  writeFactors,
} from '../packages/llama/src/index.ts';
import { AdamW, clipFactor, globalNorm } from '../packages/train/src/index.ts';

/** A padded batch as transformers has it: labels stand at their own token, -100 is not in the loss. */
interface PaddedBatch {
  readonly ids: number[][];
  readonly labels: number[][];
}

const [model = '', folder = '', mode = 'whole', steps = '128'] = process.argv.slice(2);

const read = (name: string) => readFileSync(join(folder, name));
const { train, val } = JSON.parse(read('batches.json').toString()) as {
  train: PaddedBatch[];
  val: PaddedBatch[];
};
using base = openBaseWeights(model);
await using engine = await openTrainingEngine(base, {
  rank: 16,
  alpha: 32,
  mode: mode as StepMode,
  threads: 2,
});
startAsPeft(engine, new Float32Array(new Uint8Array(read('lora_a.f32')).buffer));
await run(engine, train.slice(0, Number(steps)).map(shifted), val.map(shifted));

/** Labels and weights by the position that predicts them. */
function shifted({ ids, labels }: PaddedBatch): Batch {
  const [batch, sequence] = [ids.length, (ids[0] as number[]).length];
  const next = labels.flatMap((row) => [...row.slice(1), -100]);
  const count = next.filter((label) => label >= 0).length;
  return {
    batch,
    sequence,
    ids: Int32Array.from(ids.flat()),
    labels: Int32Array.from(next, (label) => Math.max(label, 0)),
    weights: Float32Array.from(next, (label) => (label >= 0 ? 1 / count : 0)),
  };
}

/** PEFT's factors A, projection by projection; B is zero. */
function startAsPeft({ config, layout, parameters, rank }: AdapterEngine, factors: Float32Array): void {
  let at = 0;
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const [out, columns] = projectionShape(config, projection);
      const a = factors.subarray(at, at + rank * columns);
      writeFactors(layout, parameters, layer, projection, { a, b: new Float32Array(out * rank) });
      at += a.length;
    }
  }
}

async function evaluate(engine: AdapterEngine, batches: readonly Batch[]): Promise<number> {
  let [total, tokens] = [0, 0];
  for (const batch of batches) {
    const count = batch.weights.filter((weight) => weight !== 0).length;
    total += (await engine.loss(batch)) * count;
    tokens += count;
  }
  return total / tokens;
}

async function run(
  engine: AdapterEngine,
  batches: readonly Batch[],
  validation: readonly Batch[],
): Promise<void> {
  console.log('before, first 64:', (await evaluate(engine, validation.slice(0, 8))).toFixed(4));
  const { parameters, gradients } = engine;
  const optimizer = new AdamW(parameters.length, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
  const losses: number[] = [];
  let tokens = 0;
  const began = performance.now();
  for (const [i, batch] of batches.entries()) {
    const rate = 1e-3 * Math.min(1, (i + 1) / 8) * Math.max(0.05, 1 - (i + 1) / batches.length);
    losses.push((await engine.forwardBackward(batch)).loss);
    optimizer.step(parameters, gradients, rate, clipFactor(globalNorm(gradients), 1));
    tokens += batch.ids.length;
    if ((i + 1) % 16 !== 0) continue;
    const seconds = (performance.now() - began) / 1000;
    const mean = losses.slice(-16).reduce((sum, loss) => sum + loss, 0) / 16;
    const peak = process.resourceUsage().maxRSS / 1024;
    console.log(
      `${i + 1}: loss ${mean.toFixed(4)}, ${(tokens / seconds).toFixed(0)} tok/s, ${seconds.toFixed(0)} s, peak ${peak.toFixed(0)} MB`,
    );
  }
  console.log('after, all:', (await evaluate(engine, validation)).toFixed(4));
}
