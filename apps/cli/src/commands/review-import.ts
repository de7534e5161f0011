/** `llama-xr review-import`: the readers' results unblinded, with ratings, errors, preference and agreement. */
import { join } from 'node:path';
import { sha256File, startRun, writeFileAtomic, writeJson, writeManifest } from '@llama-xr/core';
import {
  readKey,
  readResults,
  renderOutcome,
  renderOutcomeHtml,
  reviewOutcome,
  unblind,
} from '@llama-xr/review';
import type { Command } from 'commander';
import { count } from '../flags.ts';
import { type OutputFlags, openTerminal } from '../terminal.ts';
import { version } from '../version.ts';

interface Flags extends OutputFlags {
  key: string;
  out?: string;
  seed: number;
}

export function reviewImport(root: Command): void {
  root
    .command('review-import')
    .description("unblind the readers' results: ratings, errors, preference, agreement")
    .argument('<results...>', 'the files that the readers exported from their pages')
    .requiredOption('--key <file>', 'the key that review-pack wrote')
    .option('--out <dir>', 'writes review.json, review.html and manifest.json there')
    .option('--seed <n>', 'seed of the intervals', (text) => count('--seed', text), 3407)
    .addHelpText(
      'after',
      '\nExample:\n  llama-xr review-import results-*.json --key pack.key.json --out review',
    )
    .action(run);
}

async function run(paths: string[], { key: keyPath, out, seed, ...flags }: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const finish = startRun();
  const key = await readKey(keyPath);
  const results = await readResults(paths, key);
  const outcome = reviewOutcome(unblind(results, key), { seed });
  if (out !== undefined) {
    const files = { json: join(out, 'review.json'), html: join(out, 'review.html') };
    writeJson(files.json, outcome);
    writeFileAtomic(files.html, renderOutcomeHtml(outcome));
    const hash = async (path: string) => [path, await sha256File(path)] as const;
    writeManifest(
      join(out, 'manifest.json'),
      finish({
        command: 'review-import',
        inputs: Object.fromEntries(await Promise.all([keyPath, ...paths].map(hash))),
        outputs: Object.fromEntries(await Promise.all(Object.values(files).map(hash))),
        config: { sources: key.sources },
        seed,
        versions: { 'llama-xr': version },
      }),
    );
  }
  terminal.result(outcome, () => renderOutcome(outcome));
}
