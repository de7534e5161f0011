/**
 * Wall clock and memory of one pass over real reports against PyTorch + PEFT in fp32. Each optimizer step of both sides
 * learns from the same eight reports, in the same order, from the same start, with the same AdamW, so that the losses must
 * come out alike. What differs is how a step is computed:
 *
 *   PyTorch  as transformers' collator and loss do it: rows padded to the longest of the batch, logits of all positions
 *   ours     rows packed with several reports, beginnings that are alike computed once, the head where there is loss
 *
 * `--sorted` gives both sides batches of like length, which leaves PyTorch hardly any padding: the harder comparison.
 *
 *     LLAMA_XR_PYTHON=python npx node bench/iu-training.ts [--model MODEL.gguf] [--data PREPARED] [--quick] [--sorted] [--json]
 *
 * Model and data are SmolLM2-135M and IU X-ray in the folders of LLAMA_XR_MODELS and LLAMA_XR_DATA where not named.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../packages/core/src/index.ts';
import { readStudies, type Study } from '../packages/dataset/src/index.ts';
import {
  adapterLayout,
  encodeExample,
  initializeAdapter,
  loadTokenizer,
  openBaseWeights,
  PROJECTIONS,
  parameterCount,
  promptFor,
  readFactors,
} from '../packages/llama/src/index.ts';
import { openGguf } from '../packages/tensor/src/index.ts';
import type { IuBatches, IuExample, IuSide } from './iu-training-side.ts';

const [BATCH, RANK, SEED, MAX_TOKENS] = [8, 16, 1, 320];
/** Steps and val studies of a short run, which takes both sides about five minutes on two cores. */
const QUICK = { steps: 40, val: 32 };

const { values } = parseArgs({
  options: {
    model: {
      type: 'string',
      default: join(process.env.LLAMA_XR_MODELS ?? '', 'smollm2-135m-instruct-q4_1.gguf'),
    },
    data: { type: 'string' },
    quick: { type: 'boolean', default: false },
    sorted: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

/** The reports as the recipes have them: tags in words, loss on the report alone. */
async function batches(data: string): Promise<IuBatches> {
  using gguf = openGguf(values.model);
  const tokenizer = loadTokenizer(gguf);
  const { studies } = await readStudies(data);
  const example = (study: Study): IuExample => {
    const prompt = promptFor(study, {
      fusion: 'findings',
      template: 'chat',
      findingsFrom: 'tags',
      tokenizer,
    });
    const { tokens, lossFrom } = encodeExample(tokenizer, prompt, {
      maxTokens: MAX_TOKENS,
      loss: 'response',
    });
    return { tokens: [...tokens], lossFrom };
  };
  const of = (split: Study['split']) => studies.filter((study) => study.split === split).map(example);
  const random = new Random(SEED);
  const drawn = random.shuffle(of('train'));
  const byLength = (examples: IuExample[]) => examples.toSorted((a, b) => a.tokens.length - b.tokens.length);
  const train = values.sorted ? random.shuffle(slices(byLength(drawn))) : slices(drawn);
  const val = of('val');
  return values.quick
    ? { train: train.slice(0, QUICK.steps), val: slices(byLength(val.slice(0, QUICK.val))) }
    : { train, val: slices(byLength(val)) };
}

/** IU X-ray, prepared as docs/experiments.md has it. */
function prepared(out: string): string {
  const source = join(process.env.LLAMA_XR_DATA ?? '', 'iu-xray');
  const command = join(import.meta.dirname, '..', 'apps', 'cli', 'bin', 'llama-xr.js');
  const options = ['--format', 'iu-xray', '--splits', join(source, 'annotation.json'), '--findings', 'mesh'];
  const args = [command, 'prepare', join(source, 'NLMCXR_reports.tgz'), ...options, '--out', out];
  execFileSync(process.execPath, args, { stdio: 'ignore' });
  return out;
}

function slices(examples: readonly IuExample[]): IuExample[][] {
  return Array.from({ length: Math.ceil(examples.length / BATCH) }, (_, i) =>
    examples.slice(i * BATCH, (i + 1) * BATCH),
  );
}

/** The factors A with which our engine starts, projection by projection. */
function startingFactors(): Uint8Array {
  using base = openBaseWeights(values.model);
  const { config } = base;
  const layout = adapterLayout(config, RANK);
  const parameters = new Float32Array(parameterCount(layout));
  initializeAdapter(layout, parameters, new Random(SEED));
  const factors = Array.from({ length: config.layers }, (_, layer) =>
    PROJECTIONS.map((projection) => readFactors(layout, parameters, layer, projection).a),
  ).flat();
  return Buffer.concat(factors.map(({ buffer }) => new Uint8Array(buffer)));
}

function measure(program: string, script: string, folder: string): IuSide {
  const args = [join(import.meta.dirname, script), values.model, folder, `${RANK}`, `${SEED}`];
  const output = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(output.trim().split('\n').at(-1) as string) as IuSide;
}

const folder = mkdtempSync(join(tmpdir(), 'iu-training-'));
try {
  const given = await batches(values.data ?? prepared(join(folder, 'data')));
  writeFileSync(join(folder, 'batches.json'), JSON.stringify(given));
  writeFileSync(join(folder, 'lora_a.f32'), startingFactors());
  const ours = measure(process.execPath, 'iu-training-side.ts', folder);
  const peer = measure(process.env.LLAMA_XR_PYTHON ?? 'python3', 'iu_training.py', folder);
  report(ours, peer, given);
} finally {
  rmSync(folder, { recursive: true });
}

function report(ours: IuSide, peer: IuSide, { train }: IuBatches): void {
  const speed = peer.seconds / ours.seconds;
  const memory = ours.peakBytes / peer.peakBytes;
  const valDifference = ours.valLoss / peer.valLoss - 1;
  const tokens = train.flat().reduce((sum, example) => sum + example.tokens.length - 1, 0);
  if (values.json) {
    console.log(JSON.stringify({ ours, peer, speed, memory, valDifference, tokens }, null, 2));
    return;
  }
  console.log(`${train.length} steps of ${BATCH} reports, ${tokens} tokens without padding`);
  for (const [name, side] of [
    ['ours', ours],
    ['PyTorch + PEFT fp32', peer],
  ] as const)
    console.log(
      `${name}: ${side.seconds.toFixed(1)} s, ${side.positions} positions, ${(side.peakBytes / 1e9).toFixed(2)} GB, last loss ${side.lastLoss.toFixed(4)}, val loss ${side.valLoss.toFixed(4)}`,
    );
  console.log(
    `${speed.toFixed(2)}x the speed, ${memory.toFixed(2)}x the memory, val loss ${(100 * valDifference).toFixed(2)} % from PyTorch's`,
  );
}
