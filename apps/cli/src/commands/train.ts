/** `llama-xr train`: QLoRA of a base model on a prepared data set. */
import { existsSync } from 'node:fs';
import { Mistakes } from '@llama-xr/core';
import { FUSIONS, type Fusion } from '@llama-xr/llama';
import { DEVICES, type Device, PRECISIONS, type Precision } from '@llama-xr/onnx';
import { type Recipe, type RunFolder, readRecipe } from '@llama-xr/train';
import { type Command, Option } from 'commander';
import { count, number } from '../flags.ts';
import { bytes, duration, type OutputFlags, openTerminal } from '../terminal.ts';
import { trainWithPeft } from '../training/peft-training.ts';
import { planTraining, runTraining, type TrainingResult } from '../training/training-run.ts';

interface Flags extends OutputFlags {
  base: string;
  data: string;
  features?: string;
  encoder?: string;
  from?: string;
  rejected?: string;
  fusion?: Fusion;
  recipe: string;
  out: string;
  mode: 'auto' | 'whole' | 'layered';
  memory?: number;
  device: Device;
  precision: Precision;
  threads?: number;
  tensorboard?: boolean;
  engine: 'own' | 'peft';
  python?: string;
  processes: number;
  torchBase?: string;
}

export function train(root: Command): void {
  root
    .command('train')
    .description('adapt a base model to reports by QLoRA; run it again to resume')
    .requiredOption('--base <file>', 'base model in 4 bits (GGUF)')
    .requiredOption('--data <dir>', 'data set made by llama-xr prepare')
    .option('--features <file>', 'what the encoder saw: scores, and features for fusion by sight')
    .option('--encoder <file>', 'the encoder that made them: remembered for llama-xr generate on images')
    .addOption(
      new Option(
        '--fusion <mode>',
        "how the images' findings enter the prompt, in place of the recipe's word",
      ).choices(FUSIONS),
    )
    .requiredOption('--recipe <file>', 'recipe: JSON with comments, see recipes/')
    .option(
      '--from <dir>',
      'begin from the adapter (and projector) of this run folder, or from the adapter of a folder or GGUF file',
    )
    .option(
      '--rejected <file>',
      'drafts of training studies (generate --split train) that preference tuning holds their reports against',
    )
    .requiredOption('--out <dir>', 'run folder: adapter, log, curves, checkpoint, manifest')
    .addOption(
      new Option('--mode <way>', 'whole: fastest; layered: least memory')
        .choices(['auto', 'whole', 'layered'])
        .default('auto'),
    )
    .option(
      '--memory <GB>',
      'memory that the run may use, in GB; what is left of it keeps merged weights, or activations of layered steps',
      (text) => number('--memory', text, 0.1, 10_000),
    )
    .addOption(new Option('--device <name>', 'where to compute').choices(DEVICES).default('auto'))
    .addOption(
      new Option('--precision <type>', 'of matrix products; float16 is for GPUs, and untested on one')
        .choices(PRECISIONS)
        .default('float32'),
    )
    .option('--threads <n>', 'processor threads', (text) => count('--threads', text))
    .option('--tensorboard', "write an event file of TensorBoard into the run folder's tensorboard/")
    .addOption(
      new Option('--engine <name>', 'own: this program; peft: TRL and PEFT in a Python that has them')
        .choices(['own', 'peft'])
        .default('own'),
    )
    .option('--python <file>', 'of the engine peft (default: LLAMA_XR_PYTHON, else python3)')
    .option('--processes <n>', 'of the engine peft, one a GPU', (text) => count('--processes', text), 1)
    .option(
      '--torch-base <name>',
      'of the engine peft: folder or hub name of the same model (default: the GGUF)',
    )
    .addHelpText(
      'after',
      `
What a recipe decides beside prompts, rank, rate and passes:
  visual                  fusion visual, hybrid: pooled vectors, a grid of cells, and the projector's width
  inputs                  indication and prior report beside the images, where the data set has them
  rates                   of the adapters' B and of the projector, as multiples of the learning rate
  packing, sharePrefix    several examples in a row; what they begin with in common computed once
  targets, scaling        the projections that are adapted; alpha/r or alpha/sqrt(r)
  dropout                 share of what adapters read that training leaves out
  validation              everySteps, studies, grounding: looks at val while training runs
  rareFindings            studies with rare findings visited more often
  findingWeight           words that state a finding weigh more in the loss
  contrast                reports held against the prompts of other studies
  preference              reports held against other reports behind their prompt (DPO); with --from
  promptDropout           prompts that tell nothing, for decoding.guidance
  rates                   faster rates of the adapters' B (LoRA+) and of the projector
  watch, patience, keep   early stopping, and whether the best or the last state becomes the adapter

The run folder's curves.html shows losses, grounding gap, rate and speed while training goes on.

fusion visual shows the model what the encoder saw: soft tokens, which a projector makes of the features of each view and
which is trained with the adapter; hybrid states findings in words as well. Both need --features; a grid needs the maps that
llama-xr encode --maps keeps. A missing view is a learned absence. A second stage (--from) goes on with the projector too, through
the same soft tokens, of the same encoder.

Example:
  llama-xr train --base base.gguf --data data --fusion findings --recipe recipes/iu-findings.json --out run`,
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const {
    base,
    data,
    features,
    encoder = '',
    from,
    rejected,
    out,
    mode,
    device,
    memory,
    threads,
    tensorboard,
  } = flags;
  const read = await readRecipe(flags.recipe);
  const recipe = flags.fusion === undefined ? read : { ...read, fusion: flags.fusion };
  refuseForeign(flags);
  if (flags.engine === 'peft') return await runPeft(flags, recipe);
  const plan = await planTraining({
    base,
    data,
    recipe,
    ...(from !== undefined && { from }),
    ...(rejected !== undefined && { rejected }),
    ...(features !== undefined && { images: { features, encoder } }),
  });
  const { folder, ...result } = await runTraining(
    plan,
    { out, mode, device, precision: flags.precision, memory, threads, tensorboard },
    terminal,
  );
  const { notices } = plan.description;
  terminal.result({ run: out, ...result, notices }, () => words(result, notices, folder));
}

/** What an engine does not heed, with what stands there when nobody asks for it. */
const FOREIGN: Readonly<Record<Flags['engine'], { [flag in keyof Flags]?: Flags[flag] | undefined }>> = {
  own: { python: undefined, processes: 1, torchBase: undefined },
  peft: {
    ...{
      from: undefined,
      rejected: undefined,
      memory: undefined,
      threads: undefined,
      tensorboard: undefined,
    },
    ...{ mode: 'auto', device: 'auto', precision: 'float32' },
  },
};

/** @throws LlamaXrError USAGE for flags that the engine would not heed. */
function refuseForeign(flags: Flags): void {
  const mistakes = new Mistakes();
  for (const [flag, usual] of Object.entries(FOREIGN[flags.engine])) {
    const given = flags[flag as keyof Flags];
    const written = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (given !== usual) mistakes.add(`--${written}: expected ${usual ?? 'none'}, got ${given}`);
  }
  mistakes.throwIfAny('USAGE', `--engine ${flags.engine}`);
}

async function runPeft(flags: Flags, recipe: Recipe): Promise<void> {
  const { base, data, features, encoder = '', out, processes, torchBase } = flags;
  const terminal = openTerminal(flags);
  const python = flags.python ?? process.env.LLAMA_XR_PYTHON ?? 'python3';
  const images = features === undefined ? {} : { images: { features, encoder } };
  const sources = { base, data, recipe, ...images };
  const result = await trainWithPeft(sources, { out, python, processes, torchBase }, terminal);
  terminal.result({ run: out, ...result }, () =>
    [
      ...result.notices.map((notice) => `NOTE: ${notice}`),
      `loss ${result.losses[0]?.toFixed(4)} -> ${result.losses.at(-1)?.toFixed(4)}, ${result.steps} steps, ` +
        `val loss ${result.valLoss?.toFixed(4) ?? 'not measured'}`,
      `run folder ${out}: llama-xr generate --run ${out}`,
    ].join('\n'),
  );
}

function words(
  result: TrainingResult,
  notices: readonly string[],
  { adapter, projector }: RunFolder,
): string {
  const loss = (value: number | null) => value?.toFixed(4) ?? 'not measured';
  return [
    ...notices.map((notice) => `NOTE: ${notice}`),
    `val loss ${loss(result.valLossBefore)} -> ${loss(result.valLoss)}, ${result.steps} steps` +
      `${result.kept === null || result.kept === result.steps ? '' : `, kept that of step ${result.kept}`}, ` +
      `${duration(result.seconds)}, peak ${bytes(result.peakMemoryBytes)}`,
    `adapter in ${adapter}${existsSync(projector) ? `, projector in ${projector}` : ''}`,
    'A falling loss proves nothing yet: llama-xr generate, then llama-xr evaluate.',
  ].join('\n');
}
