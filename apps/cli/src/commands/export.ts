/** `llama-xr export`: a training run for another engine. */
import { resolve } from 'node:path';
import { sha256File, startRun, writeManifest } from '@llama-xr/core';
import { readRecipe } from '@llama-xr/train';
import { type Command, Option } from 'commander';
import { count } from '../flags.ts';
import { type OutputFlags, openTerminal } from '../terminal.ts';
import { exportPlan } from '../training/peft-engine.ts';
import { planTraining } from '../training/training-run.ts';
import { checkRecipe, type TrlExport } from '../training/trl-export.ts';
import { version } from '../version.ts';

interface Flags extends OutputFlags {
  to: 'trl';
  base: string;
  torchBase?: string;
  data: string;
  recipe: string;
  features?: string;
  processes: number;
  out: string;
}

export function exportRun(root: Command): void {
  root
    .command('export')
    .description('write a training run for TRL and PEFT under torchrun, where one machine is outgrown')
    .addOption(new Option('--to <stack>', 'who trains').choices(['trl']).makeOptionMandatory())
    .requiredOption('--base <file>', 'base model (GGUF): its tokenizer makes the examples')
    .option(
      '--torch-base <name>',
      'what the script loads: a folder or hub name of the same model (default: the GGUF)',
    )
    .requiredOption('--data <dir>', 'data set made by llama-xr prepare')
    .requiredOption('--recipe <file>', 'recipe: JSON with comments, see recipes/')
    .option('--features <file>', "the images' scores, made by llama-xr encode")
    .option('--processes <n>', 'how many torchrun starts, one a GPU', (text) => count('--processes', text), 2)
    .requiredOption('--out <dir>', 'folder to make: examples, settings, train.py, launch.sh')
    .addHelpText(
      'after',
      `
The examples hold report text: keep the folder where the data may be.

Example:
  llama-xr export --to trl --base base.gguf --torch-base ./llama-3.1-8b --data data --recipe recipes/iu-findings.json --out trl
  (there, with trl, peft and torch: sh trl/launch.sh)
  llama-xr import-adapter trl/adapter --base base.gguf --data data --recipe trl/recipe.json --out run`,
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const finish = startRun();
  const { base, data, features, processes, out } = flags;
  const recipe = await readRecipe(flags.recipe);
  checkRecipe(recipe, processes);
  const images = features === undefined ? {} : { images: { features, encoder: '' } };
  const plan = await planTraining({ base, data, recipe, ...images });
  const torchBase = flags.torchBase ?? resolve(base);
  const exported = exportPlan(plan, { out, processes, torchBase });
  const { notices } = plan.description;
  const files = ['train.jsonl', 'val.jsonl', 'settings.json', 'recipe.json', 'train.py', 'launch.sh'];
  writeManifest(
    `${out}/manifest.json`,
    finish({
      command: 'export',
      inputs: { [base]: plan.description.base.sha256, [data]: plan.description.data.sha256 },
      outputs: Object.fromEntries(
        await Promise.all(files.map(async (file) => [file, await sha256File(`${out}/${file}`)] as const)),
      ),
      config: { recipe, processes, torchBase },
      seed: recipe.seed,
      notices,
      versions: { 'llama-xr': version },
    }),
  );
  terminal.result({ out, ...exported, notices }, () => words(out, exported, notices));
}

function words(out: string, { train, val, tokens, launch }: TrlExport, notices: readonly string[]): string {
  return [
    ...notices.map((notice) => `NOTE: ${notice}`),
    `${train} training examples, ${tokens} tokens; ${val} for validation, in ${out}`,
    `run there: ${launch}   (or sh ${out}/launch.sh)`,
    `then: llama-xr import-adapter ${out}/adapter --recipe ${out}/recipe.json ...`,
  ].join('\n');
}
