/** `llama-xr merge`: base and adapter as one GGUF, and how far that drifts from the two kept apart. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail, sha256File, startRun, writeManifest } from '@llama-xr/core';
import { hasSoftTokens, MERGED_TYPES, type MergeDrift, type MergedType, mergeAdapter } from '@llama-xr/llama';
import { type Example, type RunDescription, RunFolder } from '@llama-xr/train';
import { type Command, Option } from 'commander';
import { count } from '../flags.ts';
import { type OutputFlags, openTerminal } from '../terminal.ts';
import { type LossDrift, measureLossDrift, textExamples } from '../training/merge-drift.ts';
import { planTraining } from '../training/training-run.ts';
import { version } from '../version.ts';

interface Flags extends OutputFlags {
  run: string;
  base?: string;
  out: string;
  type: Lowercase<MergedType>;
  text?: string;
  data?: string;
  limit: number;
  threads?: number;
}

export function merge(root: Command): void {
  root
    .command('merge')
    .description('merge the adapter of a run into its base: one GGUF, and how far it drifts')
    .requiredOption('--run <dir>', 'run folder with the adapter')
    .option('--base <file>', 'base model, where it is not where the run says')
    .requiredOption('--out <file>', 'GGUF to write')
    .addOption(
      new Option('--type <name>', 'what the merged matrices are rounded to')
        .choices(MERGED_TYPES.map((type) => type.toLowerCase()))
        .default('q8_0'),
    )
    .option('--text <file>', 'measure the loss on this text')
    .option(
      '--data <dir>',
      "measure the loss on val studies of this data set (default: the run's, if it is there)",
    )
    .option('--limit <n>', 'val studies to measure on', (text) => count('--limit', text), 32)
    .option('--threads <n>', 'processor threads', (text) => count('--threads', text))
    .addHelpText(
      'after',
      `
A second rounding to 4 bits can undo much of what the adapter learned; 8 bits hardly touch it. The loss shows it.

Example:
  llama-xr merge --run run --out merged.gguf --type q8_0`,
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const finish = startRun();
  const { out, threads } = flags;
  const type = flags.type.toUpperCase() as MergedType;
  const folder = new RunFolder(flags.run);
  const description = await folder.read();
  const base = flags.base ?? description.base.path;
  if (resolve(out) === resolve(base)) fail('USAGE', `--out: expected another file than the base, got ${out}`);
  if ((await sha256File(base)) !== description.base.sha256) {
    fail('MODEL', `${base}: not the base that ${flags.run} was trained on (sha256 differs)`);
  }
  const adapter = folder.adapterGguf;
  const examples = await examplesOf(flags, description, base);
  const drift = mergeAdapter(base, adapter, out, { type, progress: terminal.progress });
  const loss =
    examples.length === 0
      ? null
      : await measureLossDrift({ base, adapter, merged: out, examples, threads }, terminal);
  const notices = [...description.notices, ...blindness(description)];
  writeManifest(
    `${out}.manifest.json`,
    finish({
      command: 'merge',
      inputs: { [base]: description.base.sha256, [adapter]: await sha256File(adapter) },
      outputs: { [out]: await sha256File(out) },
      config: { type, drift, loss },
      notices,
      versions: { 'llama-xr': version },
    }),
  );
  terminal.result({ out, type, ...drift, loss, notices }, () =>
    [...notices.map((notice) => `NOTE: ${notice}`), ...words(out, type, drift, loss)].join('\n'),
  );
}

/** What must be said of the merged file of a run by sight. */
const blindness = ({ recipe: { fusion } }: RunDescription): string[] =>
  hasSoftTokens(fusion)
    ? [
        `fusion ${fusion}: the projector of images is not in the merged file, and its drift is measured on --text alone`,
      ]
    : [];

/** A text, or val studies as the run's recipe prompts them; none where there is nothing to measure on. */
async function examplesOf(flags: Flags, { data, recipe }: RunDescription, base: string): Promise<Example[]> {
  if (flags.text !== undefined) return textExamples(flags.text, base);
  const folder = flags.data ?? (existsSync(data.path) ? data.path : undefined);
  // The merged file has no projector: behind images there is nothing to compare.
  if (folder === undefined || hasSoftTokens(recipe.fusion)) return [];
  const plan = await planTraining({ base, data: folder, recipe });
  return plan.data.val.slice(0, flags.limit);
}

function words(out: string, type: MergedType, drift: MergeDrift, loss: LossDrift | null): string[] {
  const percent = (share: number) =>
    `${share < 0.1 ? (100 * share).toPrecision(2) : Math.round(100 * share)} %`;
  return [
    `${drift.matrices} matrices in ${type}: rounding is ${percent(drift.weightError)} of the weights, ` +
      `${percent(drift.updateError)} of the adapter's update`,
    ...(loss === null ? ['drift of the loss not measured: give --text or --data'] : lossWords(loss, percent)),
    `wrote ${out}`,
  ];
}

function lossWords(loss: LossDrift, percent: (share: number) => string): string[] {
  const { examples, tokens, base, adapter, merged } = loss;
  const share = Math.abs(merged - adapter) / Math.abs(base - adapter);
  return [
    `loss on ${examples} texts, ${tokens} tokens: base ${base.toFixed(4)}, adapter ${adapter.toFixed(4)}, merged ${merged.toFixed(4)}`,
    `drift ${(merged - adapter).toFixed(4)}${base === adapter ? '' : `, ${percent(share)} of what the adapter changed`}`,
  ];
}
