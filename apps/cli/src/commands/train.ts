/** `llama-xr train`: QLoRA of a base model on a prepared data set. */
import { fail, sha256, sha256File, startRun, writeManifest } from '@llama-xr/core';
import { readStudies, STUDIES_FILE } from '@llama-xr/dataset';
import { loadTokenizer, promptNotices } from '@llama-xr/llama';
import { DEVICES, type Device } from '@llama-xr/onnx';
import { openGguf } from '@llama-xr/tensor';
import {
  type JobEvent,
  type RunDescription,
  RunFolder,
  readRecipe,
  recipeHash,
  runTrainingJob,
  type TrainingData,
} from '@llama-xr/train';
import { readFeatures } from '@llama-xr/vision';
import { type Command, Option } from 'commander';
import { Drafting } from '../drafting.ts';
import { count } from '../flags.ts';
import { withScores } from '../study-features.ts';
import { bytes, duration, type OutputFlags, openTerminal, type Terminal } from '../terminal.ts';
import { version } from '../version.ts';

interface Flags extends OutputFlags {
  base: string;
  data: string;
  features?: string;
  encoder?: string;
  recipe: string;
  out: string;
  mode: 'auto' | 'whole' | 'layered';
  memory?: number;
  device: Device;
  threads?: number;
}

export function train(root: Command): void {
  root
    .command('train')
    .description('adapt a base model to reports by QLoRA; run it again to resume')
    .requiredOption('--base <file>', 'base model in 4 bits (GGUF)')
    .requiredOption('--data <dir>', 'data set made by llama-xr prepare')
    .option('--features <file>', "the images' scores, made by llama-xr encode")
    .option('--encoder <file>', 'the encoder that made them: remembered for llama-xr generate on images')
    .requiredOption('--recipe <file>', 'recipe: JSON with comments, see recipes/')
    .requiredOption('--out <dir>', 'run folder: adapter, log, checkpoint, manifest')
    .addOption(
      new Option('--mode <way>', 'whole: fastest; layered: least memory')
        .choices(['auto', 'whole', 'layered'])
        .default('auto'),
    )
    .option('--memory <GB>', 'memory that a step may use, in GB', (text) => count('--memory', text))
    .addOption(new Option('--device <name>', 'where to compute').choices(DEVICES).default('auto'))
    .option('--threads <n>', 'processor threads', (text) => count('--threads', text))
    .addHelpText(
      'after',
      '\nExample:\n  llama-xr train --base base.gguf --data data --recipe recipes/iu-findings.json --out run',
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const finish = startRun();
  const { description, data } = await plan(flags);
  const folder = await claim(flags.out, description);
  terminal.say(summary(data, description));
  const { recipe, base, data: dataset, images, notices } = description;
  const { mode, device, memory, threads } = flags;
  const events = runTrainingJob({
    base: base.path,
    folder: flags.out,
    recipe,
    data,
    identity: identityOf(description),
    mode,
    device,
    ...(memory !== undefined && { memoryBytes: memory * 1e9 }),
    ...(threads !== undefined && { threads }),
  });
  const result = await follow(events, terminal);
  const inputs = [base, dataset, ...(images ? [images.features] : [])].map(({ path, sha256 }) => [
    path,
    sha256,
  ]);
  writeManifest(
    folder.manifest,
    finish({
      command: 'train',
      inputs: Object.fromEntries(inputs),
      outputs: { 'adapter/adapter.gguf': await sha256File(folder.adapterGguf) },
      config: { recipe, mode: result.mode },
      seed: recipe.seed,
      device,
      notices,
      versions: { 'llama-xr': version },
    }),
  );
  terminal.result({ run: flags.out, ...result, notices }, () => words(result, notices, folder));
}

/** Everything that decides the run: base, data, recipe, and the examples made of them. */
async function plan(flags: Flags): Promise<{ description: RunDescription; data: TrainingData }> {
  const recipe = await readRecipe(flags.recipe);
  const { studies: bare, manifest } = await readStudies(flags.data);
  const features = flags.features === undefined ? undefined : readFeatures(flags.features);
  const studies = features === undefined ? bare : withScores(bare, features, flags.features as string);
  using gguf = openGguf(flags.base);
  const drafting = new Drafting({
    recipe,
    tokenizer: loadTokenizer(gguf),
    findings: manifest.dataset.findings,
    train: studies.filter((study) => study.split === 'train'),
  });
  const description: RunDescription = {
    version: 1,
    base: { path: flags.base, sha256: await sha256File(flags.base) },
    data: { path: flags.data, sha256: manifest.outputs[STUDIES_FILE] ?? '' },
    recipe,
    ...(flags.features !== undefined && {
      images: {
        encoder: flags.encoder ?? '',
        features: { path: flags.features, sha256: await sha256File(flags.features) },
      },
    }),
    notices: [
      ...manifest.notices,
      ...(features?.origin.notices ?? []),
      ...promptNotices(studies, recipe.fusion),
    ],
  };
  return { description, data: drafting.trainingData(studies.filter((study) => study.split === 'val')) };
}

/** Takes the folder for this run, or goes on with the run that is there. */
async function claim(path: string, description: RunDescription): Promise<RunFolder> {
  const folder = new RunFolder(path);
  if (!folder.exists) folder.write(description);
  else if (identityOf(await folder.read()) !== identityOf(description)) {
    fail('RESUME', `${path}: holds a run of another recipe, base model or data set`);
  }
  return folder;
}

/** Two runs are the same when recipe, base, data and features are, wherever they lie. */
const identityOf = ({ recipe, base, data, images }: RunDescription): string =>
  sha256(
    [recipeHash(recipe), base.sha256, data.sha256, ...(images ? [images.features.sha256] : [])].join(' '),
  );

type Result = Awaited<ReturnType<typeof follow>>;

function words(result: Result, notices: readonly string[], { adapter }: RunFolder): string {
  const loss = (value: number | null) => value?.toFixed(4) ?? 'not measured';
  return [
    ...notices.map((notice) => `NOTE: ${notice}`),
    `val loss ${loss(result.valLossBefore)} -> ${loss(result.valLoss)}, ${result.steps} steps, ` +
      `${duration(result.seconds)}, peak ${bytes(result.peakMemoryBytes)}`,
    `adapter in ${adapter}`,
    'A falling loss proves nothing yet: llama-xr generate, then llama-xr evaluate.',
  ].join('\n');
}

function summary({ passes, val }: TrainingData, { recipe }: RunDescription): string {
  const tokens = passes.flat().reduce((sum, example) => sum + example.tokens.length, 0);
  return `${recipe.name}: ${passes.length} passes, ${passes.map((p) => p.length).join(' + ')} examples, ${tokens} tokens; ${val.length} val studies`;
}

async function follow(events: AsyncIterable<JobEvent>, terminal: Terminal) {
  const result = {
    mode: '',
    steps: 0,
    seconds: 0,
    peakMemoryBytes: 0,
    tokensPerSecond: 0,
    valLossBefore: null as number | null,
    valLoss: null as number | null,
  };
  let tokens = 0;
  const began = performance.now();
  for await (const event of events) {
    if (event.type === 'open') {
      result.mode = event.mode;
      terminal.say(
        `${event.trainable.toLocaleString('en-US')} trainable numbers, steps run ${event.mode}, opened in ${duration(event.seconds)}`,
      );
    } else if (event.type === 'resume') terminal.say(`resumed after step ${event.step}`);
    else if (event.type === 'step') {
      tokens += event.tokens;
      result.steps = event.step;
      terminal.progress({
        stage: 'train',
        done: event.step,
        total: event.of,
        note: `loss ${event.loss.toFixed(3)}  ${event.tokensPerSecond.toFixed(0)} tok/s`,
      });
    } else if (event.type === 'validation') {
      if (event.step === 0) result.valLossBefore = event.loss;
      result.valLoss = event.loss;
      terminal.say(`step ${event.step}: val loss ${event.loss.toFixed(4)} on ${event.examples} studies`);
    } else if (event.type === 'saved') result.peakMemoryBytes = event.peakMemoryBytes;
  }
  result.seconds = (performance.now() - began) / 1000;
  result.tokensPerSecond = tokens / result.seconds;
  return result;
}
