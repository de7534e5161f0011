/**
 * `llama-xr counterfactual`: one finding of each study's input is taken out, and one put in; the study is drafted with and without.
 * A model that reads its input changes that finding and no other.
 */
import { fail, Random, sha256File, startRun, writeJsonLines, writeManifest } from '@llama-xr/core';
import { type Dataset, SPLITS, type Split, STUDIES_FILE, type Study } from '@llama-xr/dataset';
import { hasFindings, hasSoftTokens } from '@llama-xr/llama';
import { type CounterfactualScore, type Flip, findingsReader, scoreCounterfactual } from '@llama-xr/metrics';
import { RunFolder } from '@llama-xr/train';
import { type Command, Option } from 'commander';
import { DraftJudge, type DraftRequest, draftRequests } from '../drafts/draft-requests.ts';
import { FindingFlipper } from '../drafts/flip-findings.ts';
import { type OpenedRun, openRun } from '../drafts/open-run.ts';
import { type Draft, PartialPredictions } from '../drafts/predictions.ts';
import { readWithFeatures } from '../drafts/study-features.ts';
import { count } from '../flags.ts';
import { duration, type OutputFlags, openTerminal } from '../terminal.ts';
import { version } from '../version.ts';

interface CounterfactualFlags extends OutputFlags {
  run: string;
  base?: string;
  data: string;
  split: Split;
  out: string;
  limit?: number;
  recipe?: string;
  features?: string;
  threads?: number;
  parallel: number;
}

export function counterfactual(root: Command): void {
  root
    .command('counterfactual')
    .description('flip one finding of the input: does the draft change in that, and in nothing else?')
    .requiredOption('--run <dir>', 'run folder made by llama-xr train')
    .option('--base <file>', 'base model, where it is not where the run says')
    .requiredOption('--data <dir>', 'data set made by llama-xr prepare')
    .addOption(new Option('--split <name>', 'which part of it').choices(SPLITS).default('val'))
    .requiredOption('--out <file>', 'pairs of drafts, one JSON object a line; run again to resume')
    .option('--limit <n>', 'the first n studies alone', (text) => count('--limit', text))
    .option('--recipe <file>', "take the decoding from this recipe instead of the run's")
    .option('--features <file>', "the images' scores of the data set, made by llama-xr encode")
    .option('--threads <n>', 'processor threads', (text) => count('--threads', text))
    .option('--parallel <n>', 'drafts written at once', (text) => count('--parallel', text), 16)
    .action(run);
}

/** A request for the draft of a study with a finding flipped. */
interface FlippedRequest extends DraftRequest {
  readonly finding: string;
  readonly flip: Flip;
}

async function run(flags: CounterfactualFlags): Promise<void> {
  const terminal = openTerminal(flags);
  const finish = startRun();
  const { fusion } = (await new RunFolder(flags.run).read()).recipe;
  if (hasSoftTokens(fusion) && !hasFindings(fusion))
    fail(
      'USAGE',
      `${flags.run}: reads images alone (fusion ${fusion}): it is told no finding that could be flipped`,
      {
        hint: 'llama-xr generate --shuffle-inputs shows whether it reads them.',
      },
    );
  const dataset = await readWithFeatures(flags.data, flags.features);
  await using opened = await openRun(flags, dataset);
  const { description } = opened;
  const studies = dataset.studies.filter(({ split }) => split === flags.split).slice(0, flags.limit);
  const flipped = flipsOf(studies, opened, dataset);
  const plain = studies.map((study) => ({ id: study.id, study, input: study }));
  const key = JSON.stringify([description, opened.decoding, flags.split, dataset.manifest.outputs]);
  const partial = new PartialPredictions(flags.out, key);
  const judge = new DraftJudge(opened, dataset, description.notices);
  const { seconds } = await draftRequests(opened, [...plain, ...flipped], judge, partial, terminal);

  const pairs = flipped.map((request) => pairOf(request, partial));
  const score = scoreCounterfactual(pairs, findingsReader());
  const lines = pairs.map((pair, i) => ({ ...pair, ...score.outcomes[i] }));
  writeJsonLines(flags.out, lines);
  partial.close();
  writeManifest(
    `${flags.out}.manifest.json`,
    finish({
      command: 'counterfactual',
      inputs: {
        [description.base.path]: description.base.sha256,
        [flags.data]: dataset.manifest.outputs[STUDIES_FILE] ?? '',
        [opened.folder.adapterGguf]: await sha256File(opened.folder.adapterGguf),
      },
      outputs: { [flags.out]: await sha256File(flags.out) },
      config: { split: flags.split, decoding: opened.decoding },
      seed: description.recipe.seed,
      notices: description.notices,
      versions: { 'llama-xr': version },
    }),
  );
  const { outcomes: _, ...summary } = score;
  terminal.result({ out: flags.out, studies: studies.length, seconds, ...summary }, () =>
    inWords(score, studies.length, seconds, flags.out),
  );
}

function flipsOf(
  studies: readonly Study[],
  { description, drafting }: OpenedRun,
  { manifest, studies: all }: Dataset,
): FlippedRequest[] {
  const train = all.filter(({ split }) => split === 'train');
  const flipper = new FindingFlipper(manifest.dataset.findings, train);
  return studies.flatMap((study) => {
    const random = new Random(`${description.recipe.seed}:flips of ${study.id}`);
    const flips = flipper.flips(study, drafting.tags(study), random);
    return flips.map((one) => ({ id: `${study.id}: ${one.finding} ${one.flip}`, study, ...one }));
  });
}

function pairOf({ id, study, finding, flip }: FlippedRequest, drafts: PartialPredictions) {
  const [before, after] = [drafts.get(study.id) as Draft, drafts.get(id) as Draft];
  const inputs = { inputBefore: before.input, inputAfter: after.input };
  return { id: study.id, finding, flip, before: before.prediction, after: after.prediction, ...inputs };
}

function inWords(score: CounterfactualScore, studies: number, seconds: number, out: string): string {
  const share = ({ estimate, low, high }: CounterfactualScore['flipRate']) =>
    Number.isNaN(estimate) ? '-' : `${percent(estimate)} (95 %: ${percent(low)} to ${percent(high)})`;
  const line = (
    name: string,
    { pairs, flipRate, cleanRate, collateralPerPair }: CounterfactualScore['byFlip'][Flip],
  ) =>
    `${name.padEnd(10)}${String(pairs).padStart(5)} pairs: followed ${share(flipRate)}, and nothing else changed ${share(cleanRate)}; ` +
    `${Number.isNaN(collateralPerPair) ? '-' : collateralPerPair.toFixed(2)} other findings a pair`;
  const others = score.collateral.slice(0, 5).map(({ finding, count: times }) => `${finding} ${times}`);
  return [
    line('all', score),
    line('added', score.byFlip.added),
    line('removed', score.byFlip.removed),
    `no chance to see the flip in ${score.noChance} pairs; the same text in ${share(score.sameText)}`,
    ...(others.length === 0 ? [] : [`changed beside: ${others.join(', ')}`]),
    `${studies} studies in ${duration(seconds)}; wrote ${out}`,
  ].join('\n');
}

const percent = (part: number) => `${(100 * part).toFixed(0)} %`;
