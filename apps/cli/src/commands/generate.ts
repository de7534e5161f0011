/** `llama-xr generate`: drafts for a split of a data set, or for the images of one patient. */
import { fail, sha256File, startRun, writeManifest } from '@llama-xr/core';
import { SPLITS, type Split, STUDIES_FILE } from '@llama-xr/dataset';
import { DEVICES, type DeviceChoice } from '@llama-xr/llamacpp';
import { type Command, Option } from 'commander';
import { draftImages } from '../drafts/draft-images.ts';
import { draftStudies } from '../drafts/draft-studies.ts';
import { type EndpointFlags, endpointOptions, servedModel } from '../drafts/endpoint.ts';
import { openRun } from '../drafts/open-run.ts';
import { readWithFeatures } from '../drafts/study-features.ts';
import { count } from '../flags.ts';
import { bytes, duration, type OutputFlags, openTerminal } from '../terminal.ts';
import { version } from '../version.ts';

export interface GenerateFlags extends OutputFlags, EndpointFlags {
  run: string;
  base?: string;
  data?: string;
  split: Split;
  out?: string;
  limit?: number;
  recipe?: string;
  shuffleInputs?: boolean;
  features?: string;
  encoder?: string;
  device?: DeviceChoice;
  threads?: number;
  parallel: number;
}

export function generate(root: Command): void {
  const command = root
    .command('generate')
    .description('draft reports with an adapter: for a split of a data set, or for the images of one patient')
    .argument('[images...]', 'frontal and, if there is one, lateral radiograph (DICOM, PNG, JPEG)')
    .requiredOption('--run <dir>', 'run folder made by llama-xr train')
    .option('--base <file>', 'base model, where it is not where the run says')
    .option('--data <dir>', 'data set made by llama-xr prepare')
    .addOption(new Option('--split <name>', 'which part of it').choices(SPLITS).default('val'))
    .option('--out <file>', 'predictions, one JSON object a line; run again to resume')
    .option('--limit <n>', 'the first n studies alone', (text) => count('--limit', text))
    .option('--recipe <file>', "take the decoding from this recipe instead of the run's")
    .option(
      '--shuffle-inputs',
      'give each study the findings and images of another: what a model that reads its input suffers from',
    )
    .option('--features <file>', "the images' scores of the data set, made by llama-xr encode")
    .option('--encoder <file>', 'encoder for images (default: the one the run was trained with)')
    .addOption(
      new Option('--device <name>', 'where llama.cpp computes; auto: on a GPU where it can (default: cpu)')
        .choices(['auto', ...DEVICES])
        .conflicts('endpoint'),
    )
    .option('--threads <n>', 'processor threads', (text) => count('--threads', text))
    .option('--parallel <n>', 'drafts written at once', (text) => count('--parallel', text), 16)
    .action(run);
  endpointOptions(command).addHelpText(
    'after',
    `
Examples:
  llama-xr generate --run run --data data --split val --out predictions.jsonl
  llama-xr generate --run run frontal.png lateral.png
  llama-xr generate --run run --data data --out predictions.jsonl --device vulkan
  llama-xr generate --run run --data data --out predictions.jsonl --endpoint http://localhost:8000 --model site-a

llama.cpp's builds for GPUs are packages of their own: without, --device says which one to install.`,
  );
}

async function run(images: string[], flags: GenerateFlags): Promise<void> {
  if (images.length > 0) return draftImages(images, flags);
  if (flags.data === undefined || flags.out === undefined) {
    fail('USAGE', 'generate: expected --data and --out, or images');
  }
  const { data, out } = flags;
  const terminal = openTerminal(flags);
  const finish = startRun();
  const dataset = await readWithFeatures(data, flags.features);
  await using opened = await openRun(flags, dataset);
  const result = await draftStudies(opened, dataset, { ...flags, out }, terminal);
  const { description } = opened;
  const dataHash = dataset.manifest.outputs[STUDIES_FILE] ?? '';
  writeManifest(
    `${out}.manifest.json`,
    finish({
      command: 'generate',
      inputs: {
        [description.base.path]: description.base.sha256,
        [data]: dataHash,
        [opened.folder.adapterGguf]: await sha256File(opened.folder.adapterGguf),
      },
      outputs: { [out]: await sha256File(out) },
      config: {
        split: flags.split,
        decoding: opened.decoding,
        shuffledInputs: flags.shuffleInputs ?? false,
        ...(opened.generator.model && { device: opened.generator.model.device }),
        ...(flags.endpoint !== undefined && { endpoint: flags.endpoint, model: servedModel(flags) }),
      },
      seed: description.recipe.seed,
      notices: result.notices,
      versions: { 'llama-xr': version },
    }),
  );
  terminal.result({ out, ...result }, () =>
    [
      ...result.notices.map((notice) => `NOTE: ${notice}`),
      `${result.drafts} drafts, ${result.distinct} of them distinct, ${result.retrieved} training reports as they stand, in ${duration(result.seconds)}` +
        (result.tokens > 0
          ? ` (${Math.round(result.tokens / result.seconds)} tok/s${result.peakMemoryBytes === null ? '' : `, peak ${bytes(result.peakMemoryBytes)}`})`
          : ''),
      `wrote ${out}`,
    ].join('\n'),
  );
}
