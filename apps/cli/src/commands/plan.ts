/** `llama-xr plan`: what a training run will take, before it runs: trainable numbers, tokens, memory by part, time. */
import { freemem } from 'node:os';
import type { StepMode } from '@llama-xr/llama';
import { openGguf } from '@llama-xr/tensor';
import { planRun, type Recipe, readRecipe, rowLength, type TrainingData } from '@llama-xr/train';
import type { Command } from 'commander';
import { count, number } from '../flags.ts';
import {
  keptOfLayer,
  keptWithin,
  type MemoryPart,
  memoryParts,
  totalBytes,
  trainable,
} from '../plan/training-memory.ts';
import { trainingShape } from '../plan/training-shape.ts';
import { measureSpeed, type StepTokens, stepOperations, stepSeconds } from '../plan/training-time.ts';
import { bytes, duration, type OutputFlags, openTerminal } from '../terminal.ts';
import { planTraining } from '../training/training-run.ts';

interface Flags extends OutputFlags {
  base: string;
  recipe: string;
  data?: string;
  features?: string;
  memory?: number;
  threads?: number;
}

export function plan(root: Command): void {
  root
    .command('plan')
    .description('tell what a training run will take before it runs: memory by part, time a step and a pass')
    .requiredOption('--base <file>', 'base model in 4 bits (GGUF)')
    .requiredOption('--recipe <file>', 'recipe: JSON with comments, see recipes/')
    .option('--data <dir>', 'data set made by llama-xr prepare (default: rows as long as the recipe allows)')
    .option('--features <file>', "the images' scores, made by llama-xr encode")
    .option('--memory <GB>', 'memory that the run may use, in GB, as of train', (text) =>
      number('--memory', text, 0.1, 10_000),
    )
    .option('--threads <n>', 'processor threads', (text) => count('--threads', text))
    .addHelpText(
      'after',
      `
The speed of this machine's processor is measured for a second: run it when nothing else runs.

Example:
  llama-xr plan --base base.gguf --recipe recipes/iu-findings.json --data data`,
    )
    .action(run);
}

/** What goes through the model. */
interface Load {
  /** The largest batch: rows, and tokens of the longest. */
  readonly largest: { readonly batch: number; readonly sequence: number };
  /** Of a mean step. */
  readonly step: StepTokens;
  /** Of the run; without a data set it is not known. */
  readonly steps?: number;
  readonly passes: number;
  readonly tokens?: number;
}

interface Way {
  readonly mode: StepMode;
  readonly peakMemoryBytes: number;
  readonly parts: readonly MemoryPart[];
  readonly secondsPerStep: number;
  readonly secondsPerPass: number | null;
}

async function run(flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const recipe = await readRecipe(flags.recipe);
  const load = await loadOf(flags, recipe);
  using gguf = openGguf(flags.base);
  const shape = trainingShape(gguf, recipe, load.largest);
  const operationsPerSecond = await measureSpeed(flags.threads);
  const ways = (['whole', 'layered'] as const).map((mode): Way => {
    const kept = flags.memory === undefined ? 0 : keptWithin(shape, mode, flags.memory * 1e9);
    const parts = memoryParts(shape, mode, kept);
    const layersKept = kept / keptOfLayer(shape, mode);
    const operations = stepOperations(shape, load.step, mode, layersKept / shape.config.layers);
    const secondsPerStep = stepSeconds(operations, mode, operationsPerSecond);
    const steps = load.steps === undefined ? null : load.steps / load.passes;
    const secondsPerPass = steps === null ? null : steps * secondsPerStep;
    return { mode, peakMemoryBytes: totalBytes(parts), parts, secondsPerStep, secondsPerPass };
  });
  const room = flags.memory === undefined ? freemem() : flags.memory * 1e9;
  const fitting = ways.find(({ peakMemoryBytes }) => peakMemoryBytes <= room)?.mode ?? null;
  const result = {
    trainable: trainable(shape),
    largestBatch: load.largest,
    tokensPerStep: load.step.tokens,
    ...(load.tokens !== undefined && { tokens: load.tokens, steps: load.steps }),
    operationsPerSecond,
    memoryBytes: room,
    fitting,
    ways,
  };
  terminal.result(result, () => words(result, load));
}

async function loadOf({ base, data, features }: Flags, recipe: Recipe): Promise<Load> {
  if (data !== undefined) {
    const images = features === undefined ? {} : { images: { features, encoder: '' } };
    return loadOfData((await planTraining({ base, data, recipe, ...images })).data, recipe);
  }
  const { maxTokens, batchSize, accumulation, passes, loss } = recipe;
  const tokens = maxTokens * batchSize * accumulation;
  // A report is about half of a prompt and report.
  const learned = loss === 'all' ? tokens : Math.round(tokens / 2);
  return {
    largest: { batch: batchSize, sequence: maxTokens },
    step: { tokens, learned, batches: accumulation },
    passes,
  };
}

/** As the trainer will run it: its own rows, batches and steps. */
function loadOfData(data: TrainingData, recipe: Recipe): Load {
  const steps = planRun(data, recipe);
  const batches = steps.flatMap(({ batches }) => batches);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const shapes = batches.map((rows) => ({ batch: rows.length, sequence: Math.max(...rows.map(rowLength)) }));
  const size = ({ batch, sequence }: Load['largest']) => batch * sequence;
  const examples = data.passes.flat();
  const learned = sum(examples.map(({ tokens, lossFrom }) => tokens.length - lossFrom));
  const count = Math.max(1, steps.length);
  return {
    largest: shapes.reduce((most, shape) => (size(shape) > size(most) ? shape : most), {
      batch: 1,
      sequence: 1,
    }),
    step: {
      tokens: sum(shapes.map(size)) / count,
      learned: learned / count,
      batches: batches.length / count,
    },
    steps: steps.length,
    passes: data.passes.length,
    tokens: sum(examples.map(({ tokens }) => tokens.length)),
  };
}

function words(
  result: {
    trainable: number;
    operationsPerSecond: number;
    memoryBytes: number;
    fitting: StepMode | null;
    ways: readonly Way[];
  },
  load: Load,
): string {
  const number = (value: number) => Math.round(value).toLocaleString('en-US');
  const data =
    load.tokens === undefined
      ? ''
      : `, ${number(load.tokens)} tokens in ${load.passes} passes, ${number(load.steps ?? 0)} steps`;
  return [
    `${number(result.trainable)} trainable numbers${data}`,
    `${number(load.step.tokens)} tokens a step, largest batch ${load.largest.batch} x ${load.largest.sequence}; this machine: ${(result.operationsPerSecond / 1e9).toFixed(0)} GFLOP/s`,
    ...result.ways.flatMap(({ mode, peakMemoryBytes, parts, secondsPerStep, secondsPerPass }) => [
      `${mode.padEnd(8)} ${bytes(peakMemoryBytes)}, ${duration(secondsPerStep)} a step${secondsPerPass === null ? '' : `, ${duration(secondsPerPass)} a pass`}`,
      ...parts.map((part) => `           ${part.name.padEnd(26)} ${bytes(part.bytes)}`),
    ]),
    result.fitting === null
      ? `neither fits into ${bytes(result.memoryBytes)}: a smaller batch, shorter rows or more memory`
      : `fits into ${bytes(result.memoryBytes)}: ${result.fitting}`,
  ].join('\n');
}
