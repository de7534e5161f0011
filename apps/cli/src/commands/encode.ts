/** `llama-xr encode`: features and 18 scores of every view, by a DenseNet-121. */
import { readStudies } from '@llama-xr/dataset';
import { DEVICES, type Device } from '@llama-xr/onnx';
import { encodeStudies, loadEncoder } from '@llama-xr/vision';
import { type Command, Option } from 'commander';
import { encoderSource } from '../drafts/encoder-source.ts';
import { count } from '../flags.ts';
import { type OutputFlags, openTerminal } from '../terminal.ts';

interface Flags extends OutputFlags {
  data: string;
  encoder: string;
  out: string;
  maps?: boolean;
  device: Device;
  threads?: number;
}

export function encode(root: Command): void {
  root
    .command('encode')
    .description('run the image encoder over a data set; run it again to resume')
    .requiredOption('--data <dir>', 'data set made by llama-xr prepare, with images')
    .requiredOption('--encoder <file>', "TorchXRayVision's .pt or safetensors; random:SEED for tests")
    .requiredOption('--out <file>', 'features, as safetensors')
    .option('--maps', 'keep the 7 x 7 feature maps too (100 kB a view)')
    .addOption(new Option('--device <name>', 'where to compute').choices(DEVICES).default('auto'))
    .option('--threads <n>', 'processor threads', (text) => count('--threads', text))
    .addHelpText(
      'after',
      '\nExample:\n  llama-xr encode --data data --encoder densenet121.pt --out features.safetensors',
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const { studies } = await readStudies(flags.data);
  const seen = studies.filter((study) => study.views.some((view) => view.path !== undefined));
  const { device, threads } = flags;
  await using encoder = await loadEncoder(encoderSource(flags.encoder), {
    device,
    ...(threads === undefined ? {} : { threads }),
  });
  const { ids, origin, frontal, lateral } = await encodeStudies(
    seen.map(({ id, views }) => ({
      id,
      views: views.map(({ path, projection }) => ({ projection, ...(path === undefined ? {} : { path }) })),
    })),
    encoder,
    flags.out,
    { maps: flags.maps ?? false, progress: terminal.progress },
  );
  const views = (present: Uint8Array): number => present.reduce((sum, one) => sum + one, 0);
  const summary = {
    out: flags.out,
    studies: ids.length,
    withoutImages: studies.length - seen.length,
    frontal: views(frontal.present),
    lateral: views(lateral.present),
  };
  terminal.result(
    { ...summary, encoder: origin.encoder, notices: origin.notices, warnings: origin.warnings },
    () =>
      [
        ...origin.notices.map((notice) => `NOTE: ${notice}`),
        ...origin.warnings.slice(0, 10).map((warning) => `warning: ${warning}`),
        ...(origin.warnings.length > 10
          ? [`... and ${origin.warnings.length - 10} more warnings, in the file`]
          : []),
        `${summary.frontal} frontal and ${summary.lateral} lateral views of ${summary.studies} studies, ${summary.withoutImages} studies without images`,
        `wrote ${flags.out}`,
      ].join('\n'),
  );
}
