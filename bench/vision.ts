/**
 * How fast images are encoded: our DenseNet-121 on ONNX Runtime against TorchXRayVision's on PyTorch, the same weights and
 * images, in turns; the best round of each counts. Processor time stands beside time on the clock: on a busy machine
 * it is the one to believe.
 *
 *     LLAMA_XR_PYTHON=python npx node bench/vision.ts [--threads 2] [--images 16] [--batches 1,4] [--turns 2] [--json]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tensor, writeSafetensors } from '../packages/tensor/src/index.ts';
import { DENSENET_121, parameterShapes } from '../packages/vision/src/densenet.ts';
import { type EncoderOptions, loadEncoder } from '../packages/vision/src/index.ts';
import { formulaImage, formulaWeights } from '../packages/vision/src/testing/formula.ts';

const ROUNDS = 6;

interface Cost {
  /** Milliseconds an image: on the clock, and of the processor. */
  readonly ms: number;
  readonly cpuMs: number;
}

const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '2' },
    images: { type: 'string', default: '16' },
    batches: { type: 'string', default: '1,4' },
    turns: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const python = process.env.LLAMA_XR_PYTHON ?? 'python3';
const [threads, images] = [Number(values.threads), Number(values.images)];

function theirs(batch: number): Cost {
  const script = join(import.meta.dirname, '../reference/densenet.py');
  const args = [script, 'time', ...[threads, images, batch].map(String)];
  return JSON.parse(
    execFileSync(python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  ) as Cost;
}

async function ours(weights: string, batch: number): Promise<Cost> {
  const options: EncoderOptions = { threads, batch };
  await using encoder = await loadEncoder(weights, options);
  const views = Array.from({ length: images }, (_, i) => ({
    name: `time-${i}`,
    projection: 'frontal' as const,
    pixels: formulaImage(`time-${i}`),
  }));
  const rounds: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    await encoder.encode(views);
    const { user, system } = process.cpuUsage(used);
    const cost = { ms: (performance.now() - began) / images, cpuMs: (user + system) / 1000 / images };
    if (round > 0) rounds.push(cost); // the first one warms up
  }
  return best(rounds);
}

const best = (costs: readonly Cost[]): Cost => ({
  ms: Math.min(...costs.map(({ ms }) => ms)),
  cpuMs: Math.min(...costs.map(({ cpuMs }) => cpuMs)),
});

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-bench-'));
try {
  const path = join(folder, 'formula.safetensors');
  const shapes = parameterShapes(DENSENET_121);
  const tensors = [...formulaWeights(DENSENET_121)].map(
    ([name, data]) => [name, tensor('float32', shapes.get(name) as number[], data)] as const,
  );
  writeSafetensors(path, new Map(tensors));
  const rows = [];
  for (const batch of values.batches.split(',').map(Number)) {
    const costs = { ours: [] as Cost[], theirs: [] as Cost[] };
    for (let turn = 0; turn < Number(values.turns); turn++) {
      costs.theirs.push(theirs(batch));
      costs.ours.push(await ours(path, batch));
    }
    rows.push({ batch, ours: best(costs.ours), theirs: best(costs.theirs) });
  }
  if (values.json) console.log(JSON.stringify({ threads, images, rows }, null, 2));
  else {
    console.log(`DenseNet-121, 224 x 224, ${threads} threads: milliseconds an image (of the processor)`);
    for (const { batch, ours, theirs } of rows) {
      const cell = ({ ms, cpuMs }: Cost) => `${ms.toFixed(1)} (${cpuMs.toFixed(1)})`;
      const ratio = `${(theirs.ms / ours.ms).toFixed(2)}x (${(theirs.cpuMs / ours.cpuMs).toFixed(2)}x)`;
      console.log(`batch ${batch}: ours ${cell(ours)}, PyTorch ${cell(theirs)}: ${ratio} the speed`);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
