/**
 * What each form of fusion brings: none, scores, findings, visual, hybrid, each drafted from its own input and from another
 * study's. On phantoms, whose truth is known, and on IU X-ray with simulated scores, where there are no images to see.
 * Re-makes the tables of docs/experiments/fusion.md between their markers from the outcomes in OUT.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, readJson, writeFileAtomic, writeJson } from '@llama-xr/core';
import { type Dataset, readStudies, type Split } from '@llama-xr/dataset';
import { FUSIONS, type Fusion } from '@llama-xr/llama';
import { type Prediction, readPredictions, score, scoreFindings } from '@llama-xr/metrics';
import { statedFindings } from '@llama-xr/reports';
import { parseRecipe, type Recipe } from '@llama-xr/train';
import { countSides } from '../apps/cli/src/demo/reading-quality.ts';
import { draftStudies } from '../apps/cli/src/drafts/draft-studies.ts';
import { openRun } from '../apps/cli/src/drafts/open-run.ts';
import { readWithFeatures } from '../apps/cli/src/drafts/study-features.ts';
import { names } from '../apps/cli/src/flags.ts';
import { openTerminal } from '../apps/cli/src/terminal.ts';
import { planTraining, runTraining, type TrainingPlan } from '../apps/cli/src/training/training-run.ts';

const HELP = `npx node scripts/ablation.ts OUT --demo DEMO [--iu DATA --base BASE.gguf]
  OUT           folder of the runs; what is done there is not done again
  --demo DIR    folder that llama-xr demo made: phantoms, features, base
  --iu DIR      IU X-ray prepared with --findings simulated; --base is its model (GGUF)
  --only LIST   some of ${FUSIONS.join(',')}, in the order in which they are to be run
  --seeds LIST  seeds of the phantoms' runs (default 1,2); IU has one
  --reports N   a pass of IU learns from so many reports, the same in every mode (default all)
  --threads N   of training and drafting (default 1)
  --doc FILE    the page whose tables are made anew (default docs/experiments/fusion.md)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    demo: { type: 'string' },
    iu: { type: 'string' },
    base: { type: 'string' },
    only: { type: 'string', default: FUSIONS.join() },
    seeds: { type: 'string', default: '1,2' },
    reports: { type: 'string' },
    threads: { type: 'string', default: '1' },
    doc: { type: 'string', default: join(import.meta.dirname, '../docs/experiments/fusion.md') },
    help: { type: 'boolean', default: false },
  },
});

/** A data set to try the fusions on. */
interface Arena {
  readonly name: 'phantoms' | 'iu';
  readonly base: string;
  readonly data: string;
  /** The same studies with what was drawn as their tags. */
  readonly truth?: string;
  readonly images?: { readonly encoder: string; readonly features: string };
  readonly fusions: readonly Fusion[];
  readonly splits: readonly Split[];
  readonly seeds: readonly number[];
  /** Of a pass; all where absent. */
  readonly reports?: number;
  readonly recipe: object;
}

const GREEDY = { maxTokens: 120 };

/** As recipes/demo.json, with one greedy draft, so that nothing but the prompt chooses it. */
function phantoms(demo: string): Arena {
  return {
    name: 'phantoms',
    base: join(demo, 'base.gguf'),
    data: join(demo, 'read'),
    truth: join(demo, 'data'),
    images: { encoder: 'random:7', features: join(demo, 'features.safetensors') },
    fusions: FUSIONS,
    splits: ['val', 'test'],
    seeds: values.seeds.split(',').map(Number),
    recipe: {
      ...{
        template: 'plain',
        loss: 'response',
        maxTokens: 320,
        rank: 32,
        alpha: 64,
        passes: 6,
        batchSize: 8,
      },
      ...{ learningRate: 3e-3, schedule: 'cosine', warmupSteps: 20, floor: 0.05, decoding: GREEDY },
      ...{ visual: { pooled: true, grid: 3, hidden: 256 }, validation: { grounding: 56 } },
    },
  };
}

/** As recipes/iu-simulated.json, without exemplars: they would tell of findings in every mode. */
function iuXray(data: string, base: string): Arena {
  return {
    name: 'iu',
    base,
    data,
    fusions: ['none', 'scores', 'findings'],
    splits: ['val'],
    seeds: [3407],
    ...(values.reports !== undefined && { reports: Number(values.reports) }),
    recipe: {
      ...{
        template: 'plain',
        loss: 'response',
        maxTokens: 512,
        rank: 16,
        alpha: 32,
        passes: 1,
        batchSize: 6,
      },
      ...{ learningRate: 1e-3, schedule: 'linear', warmupSteps: 20, floor: 0.02, decoding: GREEDY },
      ...{ normalShare: 0.5, validation: { grounding: 64 } },
    },
  };
}

interface Quality {
  readonly f1: number;
  readonly rougeL: number;
  readonly distinct: number;
  /** Studies that share the most common draft. */
  readonly commonest: number;
  readonly sides?: { readonly right: number; readonly wrong: number };
}

interface Outcome {
  readonly arena: Arena['name'];
  readonly fusion: Fusion;
  readonly seed: number;
  readonly studies: number;
  readonly valLoss: number | null;
  readonly groundingGap: number | null;
  readonly trainSeconds: number;
  readonly real: Quality;
  readonly shuffled: Quality;
}

const terminal = openTerminal({});
const threads = Number(values.threads);

async function runFusion(out: string, arena: Arena, fusion: Fusion, seed: number): Promise<void> {
  const folder = join(out, `${arena.name}-${fusion}-${seed}`);
  const known = join(folder, 'outcome.json');
  if (existsSync(known)) return;
  terminal.say(`== ${arena.name}, fusion ${fusion}, seed ${seed}`);
  mkdirSync(folder, { recursive: true });
  const recipe: Recipe = parseRecipe({ name: `fusion-${fusion}`, ...arena.recipe, fusion, seed }, 'ablation');
  const { base, data, images } = arena;
  const plan = firstReports(
    await planTraining({ base, data, recipe, ...(images && { images }) }),
    arena.reports,
  );
  const run = join(folder, 'run');
  const trained = await runTraining(plan, { out: run, mode: 'auto', device: 'cpu', threads }, terminal);
  const dataset = await readWithFeatures(data, images?.features);
  const outcome: Outcome = {
    arena: arena.name,
    fusion,
    seed,
    studies: dataset.studies.filter(({ split }) => arena.splits.includes(split)).length,
    valLoss: trained.valLoss,
    groundingGap: trained.groundingGap,
    trainSeconds: trained.seconds,
    real: await quality(arena, dataset, await drafts(arena, dataset, folder, false)),
    shuffled: await quality(arena, dataset, await drafts(arena, dataset, folder, true)),
  };
  writeJson(known, outcome);
}

/** The plan with the first reports of each pass alone; the order is that of the studies, whatever the fusion. */
function firstReports(plan: TrainingPlan, count = Number.POSITIVE_INFINITY): TrainingPlan {
  const passes = plan.data.passes.map((examples) => examples.slice(0, count));
  return { ...plan, data: { ...plan.data, passes } };
}

/** Drafts of all splits, from each study's own input or from another's of its split. */
async function drafts(arena: Arena, dataset: Dataset, folder: string, shuffleInputs: boolean) {
  const { images } = arena;
  const flags = {
    run: join(folder, 'run'),
    parallel: 16,
    threads,
    ...(images && { features: images.features }),
  };
  await using run = await openRun(flags, dataset);
  const found: Prediction[] = [];
  for (const split of arena.splits) {
    const out = join(folder, `${shuffleInputs ? 'shuffled' : 'real'}-${split}.jsonl`);
    if (!existsSync(out)) await draftStudies(run, dataset, { out, split, shuffleInputs }, terminal);
    found.push(...(await readPredictions(out, { allowEmpty: true })));
  }
  return found;
}

async function quality(arena: Arena, dataset: Dataset, found: readonly Prediction[]): Promise<Quality> {
  const cases = found.map(({ prediction, references }) => ({ draft: prediction, references, input: [] }));
  const training = dataset.studies.filter(({ split }) => split === 'train').map(({ report }) => report);
  const table = score(found, { protocols: ['alnum'], training, seed: 3407 });
  const texts = Map.groupBy(found, ({ prediction }) => prediction);
  const truth = arena.truth === undefined ? undefined : await readStudies(arena.truth);
  return {
    f1: scoreFindings(cases, statedFindings).microF1,
    rougeL: table.protocols.alnum?.all?.model?.['ROUGE-L'] ?? Number.NaN,
    distinct: texts.size,
    commonest: Math.max(...[...texts.values()].map(({ length }) => length)),
    ...(truth && { sides: countSides(found, truth.studies) }),
  };
}

/** A row for each fusion: the runs of its seeds beside each other. */
function tableOf(outcomes: readonly Outcome[]): string {
  const rows = Object.entries(Object.groupBy(outcomes, ({ fusion }) => fusion)).map(([fusion, runs]) => {
    const each = (cell: (run: Outcome) => string) => runs.map(cell).join(', ');
    const both = (cell: (of: Quality, run: Outcome) => string) => [
      each((run) => cell(run.real, run)),
      each((run) => cell(run.shuffled, run)),
    ];
    const number = (value: number | null, digits: number) => value?.toFixed(digits) ?? '-';
    return [
      fusion,
      each(({ valLoss }) => number(valLoss, 3)),
      each(({ groundingGap }) => number(groundingGap, 3)),
      ...both(({ f1 }) => number(f1, 3)),
      ...both(({ rougeL }) => number(rougeL, 3)),
      ...both(({ sides }) => (sides === undefined ? '-' : `${sides.right} : ${sides.wrong}`)),
      each(({ real, studies }) => `${real.distinct} (${Math.round((100 * real.commonest) / studies)} %)`),
      runs.some(({ real, studies }) => real.distinct < studies / 8) ? 'collapsed' : '',
    ];
  });
  const head = [
    ...['fusion', 'val loss', 'grounding gap', 'finding F1', 'shuffled', 'ROUGE-L', 'shuffled'],
    ...['sides right : wrong', 'shuffled', 'distinct (commonest)', ''],
  ];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Puts a table between its markers in the page. */
function remake(page: string, name: Arena['name'], outcomes: readonly Outcome[]): void {
  const [start, end] = [`<!-- ablation: ${name} -->`, `<!-- end: ${name} -->`];
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) fail('FILE_FORMAT', `${page}: expected ${start} and ${end}, got none`);
  const made = `${text.slice(0, from)}${start}\n${tableOf(outcomes)}\n${text.slice(to)}`;
  writeFileAtomic(page, made);
}

async function outcomesOf(out: string, { name, fusions, seeds }: Arena): Promise<Outcome[]> {
  const paths = fusions.flatMap((fusion) =>
    seeds.map((seed) => join(out, `${name}-${fusion}-${seed}`, 'outcome.json')),
  );
  return Promise.all(
    paths.filter((path) => existsSync(path)).map((path) => readJson(path) as Promise<Outcome>),
  );
}

async function main(): Promise<void> {
  const [out] = positionals;
  if (values.help || out === undefined) return console.log(HELP);
  const arenas = [
    ...(values.demo === undefined ? [] : [phantoms(values.demo)]),
    ...(values.iu === undefined
      ? []
      : [iuXray(values.iu, values.base ?? fail('USAGE', '--base: expected the model for --iu'))]),
  ];
  const only = names('--only', values.only, FUSIONS);
  for (const arena of arenas) {
    for (const seed of arena.seeds)
      for (const fusion of only.filter((one) => arena.fusions.includes(one))) {
        await runFusion(out, arena, fusion, seed);
        remake(values.doc, arena.name, await outcomesOf(out, arena));
      }
    console.log(`${arena.name}\n${tableOf(await outcomesOf(out, arena))}`);
  }
}

await main();
