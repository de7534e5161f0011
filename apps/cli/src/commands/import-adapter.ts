/** `llama-xr import-adapter`: a LoRA adapter trained elsewhere, as PEFT keeps it, becomes a run folder. */
import { join } from 'node:path';
import { fail, sha256File, startRun, writeJson, writeManifest } from '@llama-xr/core';
import {
  type Adapter,
  adaptedProjections,
  adapterParameters,
  hasSoftTokens,
  loadAdapter,
  openBaseWeights,
  saveAdapter,
} from '@llama-xr/llama';
import { AdamW, parseRecipe, type Recipe, RunFolder, readRecipe, saveCheckpoint } from '@llama-xr/train';
import type { Command } from 'commander';
import { type OutputFlags, openTerminal } from '../terminal.ts';
import { identityOf, planTraining } from '../training/training-run.ts';
import { version } from '../version.ts';

/** What `train --recipe` needs to go on from here. */
const RECIPE_FILE = 'recipe.json';

interface Flags extends OutputFlags {
  base: string;
  data: string;
  recipe: string;
  features?: string;
  encoder?: string;
  out: string;
}

export function importAdapter(root: Command): void {
  root
    .command('import-adapter')
    .description('make a run folder of a LoRA adapter trained elsewhere, as PEFT saves it')
    .argument('<folder>', 'folder with adapter_config.json and adapter_model.safetensors')
    .requiredOption('--base <file>', 'base model that it was trained on (GGUF)')
    .requiredOption('--data <dir>', 'data set whose training split gives exemplars and findings')
    .requiredOption(
      '--recipe <file>',
      'recipe whose prompts it was trained with; rank, alpha and targets are read from the adapter',
    )
    .option('--features <file>', "the images' scores, made by llama-xr encode")
    .option('--encoder <file>', 'the encoder that made them: remembered for llama-xr generate on images')
    .requiredOption('--out <dir>', 'run folder to make')
    .addHelpText(
      'after',
      `
Any subset of the seven projections may be adapted; rank patterns, DoRA and trained embeddings are refused.
To train on from it, give its own ${RECIPE_FILE} to llama-xr train with the same --out.

Example:
  llama-xr import-adapter peft-output --base base.gguf --data data --recipe recipes/iu-findings.json --out run`,
    )
    .action(run);
}

async function run(source: string, flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const finish = startRun();
  const folder = new RunFolder(flags.out);
  if (folder.exists) fail('RESUME', `${flags.out}: holds a run already`);
  const given = await readRecipe(flags.recipe);
  if (hasSoftTokens(given.fusion))
    fail(
      'CONFIG',
      `${flags.recipe}: fusion: expected findings in words, an adapter from elsewhere has no projector of images, got ${given.fusion}`,
    );
  const adapter = readAdapter(source, flags.base);
  const recipe = recipeOf(given, adapter, flags.recipe);
  const { base, data, features, encoder = '' } = flags;
  const images = features === undefined ? {} : { images: { features, encoder } };
  const { description } = await planTraining({ base, data, recipe, ...images });

  const parameters = adapterParameters(adapter, recipe);
  saveAdapter(folder.adapter, adapter, { base });
  const identity = identityOf(description);
  saveCheckpoint(folder.checkpoint, parameters, new AdamW(parameters.length, recipe), { identity, step: 0 });
  // Last, so that a folder with a description is a whole run.
  writeJson(join(flags.out, RECIPE_FILE), recipe);
  folder.write(description);

  const weights = join(source, 'adapter_model.safetensors');
  const adapted = recipe.targets;
  const { notices } = description;
  writeManifest(
    folder.manifest,
    finish({
      command: 'import-adapter',
      inputs: {
        [base]: description.base.sha256,
        [data]: description.data.sha256,
        [weights]: await sha256File(weights),
      },
      outputs: { 'adapter/adapter.gguf': await sha256File(folder.adapterGguf) },
      config: { recipe },
      seed: recipe.seed,
      notices,
      versions: { 'llama-xr': version },
    }),
  );
  const { rank, alpha } = adapter;
  terminal.result({ run: flags.out, rank, alpha, adapted, notices }, () =>
    [
      ...notices.map((notice) => `NOTE: ${notice}`),
      `adapter of rank ${rank}, alpha ${alpha}, on ${adapted.join(', ')}`,
      `run folder ${flags.out}: llama-xr generate --run ${flags.out}`,
    ].join('\n'),
  );
}

function readAdapter(source: string, base: string): Adapter {
  using weights = openBaseWeights(base);
  return loadAdapter(source, weights.config);
}

/** The recipe with the adapter's own shape: rank-stabilised scaling is an alpha by now. */
function recipeOf(given: Recipe, adapter: Adapter, name: string): Recipe {
  const { rank, alpha } = adapter;
  const targets = adaptedProjections(adapter);
  return parseRecipe({ ...given, rank, alpha, scaling: 'alpha/r', targets }, name);
}
