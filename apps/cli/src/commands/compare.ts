/** `llama-xr compare`: evaluations of several sites, folds, seeds or models side by side, with what they cost. */
import { basename, join } from 'node:path';
import { fail, readJson } from '@llama-xr/core';
import { compareEvaluations, type Evaluated, renderComparison } from '@llama-xr/evaluation';
import type { ScoreTable } from '@llama-xr/metrics';
import type { Command } from 'commander';
import { type EvaluationManifest, MANIFEST, SCORES } from '../evaluation/evaluation-files.ts';
import { type OutputFlags, openTerminal } from '../terminal.ts';

export function compare(root: Command): void {
  root
    .command('compare')
    .description('evaluations side by side: sites, folds, seeds or models, pooled, and what they cost')
    .argument('<evaluations...>', 'folders made by llama-xr evaluate --out; NAME=DIR gives one a name')
    .addHelpText(
      'after',
      '\nExample:\n  llama-xr compare north=scores-north south=scores-south west=scores-west',
    )
    .action(run);
}

async function run(given: readonly string[], flags: OutputFlags): Promise<void> {
  const terminal = openTerminal(flags);
  const evaluations = await Promise.all(given.map(read));
  const names = evaluations.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    fail('USAGE', `compare: expected a name for each evaluation, got ${twice} twice; use NAME=DIR`);
  const compared = compareEvaluations(evaluations);
  const costs = evaluations.map(({ name, drafting, training }) => ({ name, drafting, training }));
  terminal.result({ evaluations: costs, scores: compared }, () => renderComparison(evaluations, compared));
}

async function read(given: string): Promise<Evaluated> {
  const [, name, folder] = /^(?:([^=]+)=)?(.+)$/s.exec(given) as unknown as [
    string,
    string | undefined,
    string,
  ];
  const scores = (await readJson(join(folder, SCORES))) as ScoreTable;
  if (typeof scores?.intervals !== 'object')
    fail('FILE_FORMAT', `${join(folder, SCORES)}: expected the scores of llama-xr evaluate, with intervals`);
  const { costs } = (await readJson(join(folder, MANIFEST))) as EvaluationManifest;
  return { name: name ?? basename(folder), scores, ...costs };
}
