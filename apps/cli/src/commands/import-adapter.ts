/** `llama-xr import-adapter`: a LoRA adapter trained elsewhere, as PEFT keeps it, becomes a run folder. */
import { fail, startRun } from '@llama-xr/core';
import { hasSoftTokens } from '@llama-xr/llama';
import { RunFolder, readRecipe } from '@llama-xr/train';
import type { Command } from 'commander';
import { type OutputFlags, openTerminal } from '../terminal.ts';
import { RECIPE_FILE, takeAdapter } from '../training/peft-engine.ts';

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
  if (new RunFolder(flags.out).exists) fail('RESUME', `${flags.out}: holds a run already`);
  const given = await readRecipe(flags.recipe);
  if (hasSoftTokens(given.fusion))
    fail(
      'CONFIG',
      `${flags.recipe}: fusion: expected findings in words, an adapter from elsewhere has no projector of images, got ${given.fusion}`,
    );
  const { base, data, features, encoder = '' } = flags;
  const images = features === undefined ? {} : { images: { features, encoder } };
  const { adapter, recipe, notices } = await takeAdapter(
    source,
    { base, data, recipe: given, ...images },
    { out: flags.out, name: flags.recipe, finish, record: { command: 'import-adapter' } },
  );
  const adapted = recipe.targets;
  const { rank, alpha } = adapter;
  terminal.result({ run: flags.out, rank, alpha, adapted, notices }, () =>
    [
      ...notices.map((notice) => `NOTE: ${notice}`),
      `adapter of rank ${rank}, alpha ${alpha}, on ${adapted.join(', ')}`,
      `run folder ${flags.out}: llama-xr generate --run ${flags.out}`,
    ].join('\n'),
  );
}
