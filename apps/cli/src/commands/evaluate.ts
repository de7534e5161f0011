/** `llama-xr evaluate`: scores of drafts beside what a text that reads no image would score. */
import { join } from 'node:path';
import { sha256File, startRun, writeFileAtomic, writeJson, writeManifest } from '@llama-xr/core';
import { readStudies } from '@llama-xr/dataset';
import {
  type ProtocolName,
  protocols,
  readPredictions,
  renderHtml,
  renderTable,
  score,
} from '@llama-xr/metrics';
import type { Command } from 'commander';
import { count, names } from '../flags.ts';
import { type OutputFlags, openTerminal } from '../terminal.ts';
import { version } from '../version.ts';

const PROTOCOLS = Object.keys(protocols) as ProtocolName[];
const DEFAULT_PROTOCOLS: ProtocolName[] = ['plain', 'coco', 'r2gen', 'paper'];

interface Flags extends OutputFlags {
  protocol: ProtocolName[];
  data?: string;
  out?: string;
  seed: number;
  allowEmpty?: boolean;
}

export function evaluate(root: Command): void {
  root
    .command('evaluate')
    .description('score drafts, beside what texts that read no image would score')
    .argument(
      '<predictions>',
      'one JSON object a line: id, prediction, references; also abnormal, input, lookup',
    )
    .option(
      '--protocol <names>',
      `how scores are taken, some of ${PROTOCOLS.join(', ')}`,
      (text) => names('--protocol', text, PROTOCOLS),
      DEFAULT_PROTOCOLS,
    )
    .option('--data <dir>', 'data set: the constant baseline is then its most typical training report')
    .option('--out <dir>', 'writes scores.json, report.html and manifest.json there')
    .option('--seed <n>', 'seed of the random and shuffled baselines', (text) => count('--seed', text), 3407)
    .option('--allow-empty', 'score empty predictions instead of refusing them')
    .addHelpText(
      'after',
      '\nExample:\n  llama-xr evaluate predictions.jsonl --protocol plain,coco,r2gen,paper --out scores',
    )
    .action(run);
}

async function run(path: string, flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const finish = startRun();
  const predictions = await readPredictions(path, { allowEmpty: flags.allowEmpty ?? false });
  const training =
    flags.data === undefined
      ? undefined
      : (await readStudies(flags.data)).studies.filter((study) => study.split === 'train');
  const table = score(predictions, {
    protocols: flags.protocol,
    seed: flags.seed,
    ...(training === undefined ? {} : { training: training.map((study) => study.report) }),
  });
  if (flags.out !== undefined) {
    const outputs = {
      'scores.json': join(flags.out, 'scores.json'),
      'report.html': join(flags.out, 'report.html'),
    };
    writeJson(outputs['scores.json'], table);
    writeFileAtomic(outputs['report.html'], renderHtml(table));
    const hashes = await Promise.all(
      Object.entries(outputs).map(async ([name, file]) => [name, await sha256File(file)]),
    );
    writeManifest(
      join(flags.out, 'manifest.json'),
      finish({
        command: 'evaluate',
        inputs: { [path]: await sha256File(path) },
        outputs: Object.fromEntries(hashes),
        config: { protocols: flags.protocol, data: flags.data ?? null },
        seed: flags.seed,
        notices: table.notices,
        versions: { 'llama-xr': version },
      }),
    );
  }
  terminal.result(table, () => renderTable(table));
}
