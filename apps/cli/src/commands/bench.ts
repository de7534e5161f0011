/** `llama-xr bench efficiency`: what QLoRA saves on this machine beside LoRA in 16 bits and full tuning. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, readJson, sha256, sha256File, startRun, writeJson, writeManifest } from '@llama-xr/core';
import { readStudies, STUDIES_FILE } from '@llama-xr/dataset';
import { openBaseWeights, PROJECTIONS } from '@llama-xr/llama';
import { Argument, type Command } from 'commander';
import { efficiencyTable } from '../efficiency/efficiency-table.ts';
import {
  VARIANT_NAMES,
  VARIANTS,
  type Variant,
  type VariantJob,
  type VariantProgress,
  type VariantResult,
} from '../efficiency/variants.ts';
import { count, names, number } from '../flags.ts';
import { inOwnProcess } from '../own-process.ts';
import { type OutputFlags, openTerminal } from '../terminal.ts';
import { version } from '../version.ts';

interface Flags extends OutputFlags {
  base: string;
  data: string;
  recipe: string;
  out: string;
  steps: number;
  studies: number;
  variants: Variant[];
  fullRate: number;
  threads?: number;
}

export function bench(root: Command): void {
  root
    .command('bench')
    .description(
      'measure what ways of tuning a base cost here: time, memory, energy, and the loss they reach',
    )
    .addArgument(new Argument('<what>', 'what to compare').choices(['efficiency']))
    .requiredOption('--base <file>', 'base model in 4 bits (GGUF)')
    .requiredOption('--data <dir>', 'data set made by llama-xr prepare')
    .requiredOption('--recipe <file>', 'recipe: rank, rate, batches')
    .requiredOption('--out <dir>', 'folder for results; run again to go on from the variants that are done')
    .option('--steps <n>', 'optimizer steps of each', (text) => count('--steps', text), 20)
    .option('--studies <n>', 'val studies that losses are taken on', (text) => count('--studies', text), 16)
    .option(
      '--variants <names>',
      `some of ${VARIANTS.join(', ')}`,
      (text) => names('--variants', text, VARIANTS),
      [...VARIANTS],
    )
    .option(
      '--full-rate <share>',
      "share of the recipe's rate that full tuning takes: whole matrices bear less than adapters",
      (text) => number('--full-rate', text, 1e-6, 1),
      0.1,
    )
    .option('--threads <n>', 'processor threads', (text) => count('--threads', text))
    .addHelpText(
      'after',
      `
Each variant runs in a process of its own, so that its peak of memory is its own. Full tuning holds weights, gradients and two
moments in float32: 16 bytes a weight and more. Energy is of the whole machine: measure when nothing else runs.

Example:
  llama-xr bench efficiency --base base.gguf --data data --recipe recipes/iu-findings.json --out efficiency`,
    )
    .action((_what: string, flags: Flags) => run(flags));
}

async function run(flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const finish = startRun();
  const { base, data, recipe, out, steps, studies, fullRate, threads } = flags;
  expectFourBits(base);
  const inputs = {
    [base]: await sha256File(base),
    [data]: (await readStudies(data)).manifest.outputs[STUDIES_FILE] ?? '',
    [recipe]: await sha256File(recipe),
  };
  const identity = sha256(JSON.stringify([Object.values(inputs), steps, studies, fullRate, threads ?? 0]));
  const results: VariantResult[] = [];
  for (const variant of flags.variants) {
    const path = join(out, `${variant}.json`);
    const job: VariantJob = {
      variant,
      base,
      data,
      recipe,
      steps,
      studies,
      fullRate,
      ...(threads && { threads }),
    };
    const done = await doneBefore(path, identity);
    const result =
      done ??
      (await inOwnProcess<VariantResult, VariantProgress>(
        'efficiency/variant-process',
        job,
        ({ step, loss }) =>
          terminal.progress({
            stage: VARIANT_NAMES[variant],
            done: step,
            total: steps,
            note: `loss ${loss.toFixed(3)}`,
          }),
      ));
    if (done === undefined) writeJson(path, { identity, result });
    results.push(result);
  }
  writeManifest(
    join(out, 'manifest.json'),
    finish({
      command: 'bench efficiency',
      inputs,
      outputs: Object.fromEntries(
        await Promise.all(
          flags.variants.map(
            async (variant) => [`${variant}.json`, await sha256File(join(out, `${variant}.json`))] as const,
          ),
        ),
      ),
      config: { steps, studies, fullRate, variants: flags.variants },
      versions: { 'llama-xr': version },
    }),
  );
  terminal.result({ out, steps, studies, results }, () => efficiencyTable(results, steps));
}

/** The three variants start from the values of 4 bits; of another base the report's first row would say what is not so. */
function expectFourBits(base: string): void {
  using weights = openBaseWeights(base);
  for (let layer = 0; layer < weights.config.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const form = weights.form(layer, projection);
      if (form !== 'q4' && !form.startsWith('code4'))
        fail('MODEL', `${base}: layer ${layer}, ${projection}: expected 4 bits, got ${form}`, {
          hint: 'llama-xr quantize writes a base in 4 bits.',
        });
    }
  }
}

/** The result of an earlier run of the same base, data, recipe and length. */
async function doneBefore(path: string, identity: string): Promise<VariantResult | undefined> {
  if (!existsSync(path)) return undefined;
  const found = (await readJson(path)) as { identity?: string; result?: VariantResult };
  return found.identity === identity ? found.result : undefined;
}
