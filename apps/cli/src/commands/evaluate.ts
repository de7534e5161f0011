/** `llama-xr evaluate`: scores of drafts beside what a text that reads no image would score, on a page that can be checked. */
import { fail, sha256File, startRun } from '@llama-xr/core';
import { type Dataset, readStudies, type Split } from '@llama-xr/dataset';
import {
  type Prediction,
  type ProtocolName,
  protocols,
  readPredictions,
  renderTable,
  score,
} from '@llama-xr/metrics';
import { type Command, Option } from 'commander';
import { nearestReports } from '../drafts/study-features.ts';
import { type EvaluationConfig, writeEvaluation } from '../evaluation/evaluation-files.ts';
import { hashModels, scoringWith, writeTextsForRadgraph } from '../evaluation/scoring-models.ts';
import { verifyEvaluation } from '../evaluation/verify-evaluation.ts';
import { count, names } from '../flags.ts';
import { type OutputFlags, openTerminal, type Terminal } from '../terminal.ts';

const PROTOCOLS = Object.keys(protocols) as ProtocolName[];
const DEFAULT_PROTOCOLS: ProtocolName[] = ['plain', 'coco', 'r2gen', 'paper'];

interface Flags extends OutputFlags {
  protocol: ProtocolName[];
  data?: string;
  features?: string;
  meteorData?: string;
  bertscore?: string;
  chexbert?: string;
  radgraph?: string;
  radgraphTexts?: string;
  run?: string;
  out?: string;
  cases: number;
  signingKey?: string;
  seed: number;
  allowEmpty?: boolean;
  verify?: string;
}

export function evaluate(root: Command): void {
  root
    .command('evaluate')
    .description('score drafts, beside what texts that read no image would score')
    .argument(
      '[predictions]',
      'one JSON object a line: id, prediction, references; also abnormal, input, lookup',
    )
    .option(
      '--protocol <names>',
      `how scores are taken, some of ${PROTOCOLS.join(', ')}`,
      (text) => names('--protocol', text, PROTOCOLS),
      DEFAULT_PROTOCOLS,
    )
    .option(
      '--data <dir>',
      'data set: the constant is then its most typical training report; images for the page',
    )
    .option(
      '--features <file>',
      'made by llama-xr encode: adds the report of the nearest image as a baseline',
    )
    .addOption(
      new Option('--meteor-data <dir>', "METEOR-1.5's data: its score is then the jar's").env(
        'LLAMA_XR_METEOR',
      ),
    )
    .option('--bertscore <dir>', 'encoder for BERTScore: model.onnx and its tokenizer')
    .option('--chexbert <dir>', 'CheXbert as ONNX: its labels in place of ours')
    .option('--radgraph <file>', "RadGraph's JSON of the texts: its graphs in place of ours")
    .option('--radgraph-texts <file>', 'write the texts that RadGraph has to read for it, and score nothing')
    .option('--run <dir>', 'run folder that wrote the drafts: a model card is made')
    .option('--out <dir>', 'writes scores.json, report.html, manifest.json (signed) and model-card.md there')
    .option('--cases <n>', 'worst cases shown on the page', (text) => count('--cases', text), 12)
    .option('--signing-key <file>', 'Ed25519 key in PEM form; made if missing (default: one a user)')
    .option('--seed <n>', 'seed of the random and shuffled baselines', (text) => count('--seed', text), 3407)
    .option('--allow-empty', 'score empty predictions instead of refusing them')
    .option('--verify <dir>', 'check the signature of an evaluation, and compute it again')
    .addHelpText(
      'after',
      '\nExamples:\n  llama-xr evaluate predictions.jsonl --data data --run run --out scores\n  llama-xr evaluate --verify scores',
    )
    .action(run);
}

async function run(path: string | undefined, flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  if (flags.verify !== undefined) return verify(flags.verify, path, flags, terminal);
  const predictionsPath = path ?? fail('USAGE', 'evaluate: expected a file of predictions, or --verify DIR');
  const finish = startRun();
  const config: EvaluationConfig = {
    predictions: predictionsPath,
    protocols: flags.protocol,
    data: flags.data ?? null,
    features: flags.features ?? null,
    models: {
      meteorData: flags.meteorData ?? null,
      bertscore: flags.bertscore ?? null,
      chexbert: flags.chexbert ?? null,
      radgraph: flags.radgraph ?? null,
    },
    seed: flags.seed,
    allowEmpty: flags.allowEmpty ?? false,
  };
  if (flags.radgraphTexts !== undefined) return writeTexts(config, flags.radgraphTexts, terminal);
  const { table, predictions, dataset } = await scoreFile(config);
  if (flags.out !== undefined) {
    const { out, cases, signingKey } = flags;
    const files = [predictionsPath, ...(flags.features === undefined ? [] : [flags.features])];
    const hashes = await Promise.all(files.map(async (file) => [file, await sha256File(file)]));
    const models = await hashModels(config.models);
    const inputs = { ...Object.fromEntries(hashes), ...models, ...dataset?.manifest.outputs };
    const place = { out, cases, signingKey, run: flags.run };
    await writeEvaluation({ table, predictions, dataset, config, inputs }, place, finish);
    terminal.say(`wrote ${out}/report.html`);
  }
  terminal.result(table, () => renderTable(table));
}

async function writeTexts(config: EvaluationConfig, path: string, terminal: Terminal): Promise<void> {
  const { predictions, options } = await readScored(config);
  const texts = writeTextsForRadgraph(path, predictions, options);
  terminal.result({ out: path, texts }, () => `wrote ${texts} texts to ${path}`);
}

/** Reads what a configuration names, and scores it. */
export async function scoreFile(config: EvaluationConfig) {
  const { predictions, dataset, options } = await readScored(config);
  const scoring = await scoringWith(config.models, config.protocols, predictions, options);
  const table = score(predictions, { ...options, ...scoring });
  return { table, predictions, dataset };
}

/** The drafts, and what their baselines are made from. */
async function readScored({ predictions: path, data, features, seed, allowEmpty }: EvaluationConfig) {
  const predictions = await readPredictions(path, { allowEmpty });
  const dataset = data === null ? undefined : await readStudies(data);
  const reports = (split: Split) =>
    dataset?.studies.filter((study) => study.split === split).map(({ report }) => report) ?? [];
  const [training, validation] = [reports('train'), reports('val')];
  const views = new Map(dataset?.studies.map((study) => [study.id, study.views]));
  const options = {
    seed,
    traits: (id: string) => ({ views: views.get(id) }),
    ...(training.length > 0 && { training }),
    ...(training.length > 0 && validation.length > 0 && { constants: { training, validation } }),
    ...(features !== null && { features: nearest(dataset, features, predictions) }),
  };
  return { predictions, dataset, options };
}

function nearest(dataset: Dataset | undefined, features: string, predictions: readonly Prediction[]) {
  if (dataset === undefined) return fail('USAGE', '--features: expected --data beside it');
  return nearestReports(
    dataset,
    features,
    predictions.map(({ id }) => id),
  );
}

async function verify(
  folder: string,
  path: string | undefined,
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  const given = {
    ...(path !== undefined && { predictions: path }),
    ...(flags.data !== undefined && { data: flags.data }),
  };
  const result = await verifyEvaluation(folder, given, scoreFile);
  terminal.result(result, () =>
    [
      `signature: valid, key ${result.key}`,
      `files: as they were signed (${Object.keys(result.files).join(', ')})`,
      `scores: computed again, all ${result.numbers} numbers the same`,
    ].join('\n'),
  );
}
