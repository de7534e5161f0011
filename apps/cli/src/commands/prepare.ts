/** `llama-xr prepare`: a collection as others distribute it, to studies.jsonl and a manifest. */
import {
  type DatasetManifest,
  FINDINGS_SOURCES,
  type FindingsSource,
  FORMATS,
  type Format,
  prepare as prepareData,
  TARGETS,
  type Target,
} from '@llama-xr/dataset';
import { type Command, Option } from 'commander';
import { count } from '../flags.ts';
import { type OutputFlags, openTerminal } from '../terminal.ts';

interface Flags extends OutputFlags {
  format: Format;
  out: string;
  findings?: FindingsSource;
  target: Target;
  images?: string;
  splits: string;
  deidentified: 'keep' | 'drop-word' | 'drop-sentence';
  seed: number;
}

export function prepare(root: Command): void {
  root
    .command('prepare')
    .description(
      'turn a collection of reports and images into studies.jsonl, split by patient and audited for leaks',
    )
    .argument('<source>', 'folder or file of the collection')
    .addOption(new Option('--format <name>', 'what the source is').choices(FORMATS).makeOptionMandatory())
    .requiredOption('--out <dir>', 'folder to make')
    .addOption(
      new Option(
        '--findings <source>',
        'what conditions a draft: tags, expert labels, simulated scores, or the encoder',
      ).choices(FINDINGS_SOURCES),
    )
    .addOption(new Option('--target <section>', 'the text to learn').choices(TARGETS).default('findings'))
    .option('--images <dir>', 'folder of image files (default: images/ beside the source)')
    .option('--splits <how>', "auto: the source's own, else a hash; hash; or an annotation.json", 'auto')
    .addOption(
      new Option('--deidentified <choice>', 'what becomes of XXXX in the report')
        .choices(['keep', 'drop-word', 'drop-sentence'])
        .default('keep'),
    )
    .option('--seed <n>', 'seed of splits and simulated scores', (text) => count('--seed', text), 3407)
    .addHelpText('after', '\nExample:\n  llama-xr prepare annotation.json --format r2gen --out data')
    .action(run);
}

async function run(source: string, flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const { format, out, findings, target, images, splits, deidentified, seed } = flags;
  const { manifest, reused } = await prepareData(source, {
    format,
    out,
    target,
    splits,
    deidentified,
    seed,
    progress: terminal.progress,
    ...(findings === undefined ? {} : { findings }),
    ...(images === undefined ? {} : { images }),
  });
  terminal.result({ out, reused, ...manifest }, () =>
    [reused ? `${out} was there already, made alike.` : `wrote ${out}`, summary(manifest)].join('\n'),
  );
}

function summary({ dataset, notices }: DatasetManifest): string {
  const { counts, skipped, audit } = dataset;
  const parts = Object.entries(counts).map(
    ([split, { studies, patients, abnormal, withImages }]) =>
      `  ${split.padEnd(5)} ${studies} studies of ${patients} patients, ${abnormal} abnormal, ${withImages} with images`,
  );
  const left = Object.entries(skipped).map(([reason, n]) => `  left out: ${n} ${reason}`);
  const leaks = (['val', 'test'] as const)
    .filter((split) => audit[split].studies > 0)
    .map((split) => {
      const { studies, exactInTrain, nearInTrain, distinct } = audit[split];
      return `  leak audit, ${split}: ${exactInTrain} of ${studies} reports equal a training report, ${nearInTrain} are near one; ${distinct} distinct texts`;
    });
  return [
    ...parts,
    ...left,
    ...leaks,
    `  split: ${dataset.splits}`,
    `  licence: ${dataset.licence}`,
    ...notices.map((n) => `NOTE: ${n}`),
  ].join('\n');
}
