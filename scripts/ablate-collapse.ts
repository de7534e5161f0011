/**
 * Each switch against template collapse, alone, on phantoms whose findings are read badly: most findings are rare, two in five of
 * those that are there are not told, and most of what is told is not there, as with the simulated scores of docs/experiments.md.
 * No image is drawn. A model that looks for the likeliest report writes normal ones.
 *
 * Usage: npx node scripts/ablate-collapse.ts OUT [--base BASE.gguf] [--seeds 1,2] [--only none,guidance] [--passes 3]
 * The base is the demo's, of this script's own texts where none is given. Prints a table, and keeps all runs in OUT.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fail, Random, silent, writeFileAtomic } from '@llama-xr/core';
import type { Study } from '@llama-xr/dataset';
import { loadTokenizer } from '@llama-xr/llama';
import { openGenerator } from '@llama-xr/llamacpp';
import { scoreFindings } from '@llama-xr/metrics';
import { type PhantomFinding, phantomReport, phantomTags, sampleFindings } from '@llama-xr/phantom';
import { statedFindings } from '@llama-xr/reports';
import { openGguf } from '@llama-xr/tensor';
import { parseRecipe, RunFolder, runTrainingJob, type TrainingData } from '@llama-xr/train';
import { DEMO_SIZE } from '../apps/cli/src/demo/demo-folder.ts';
import { reportTexts } from '../apps/cli/src/demo/phantom-data.ts';
import { makeTinyBase } from '../apps/cli/src/demo/tiny-base.ts';
import { Drafting } from '../apps/cli/src/drafts/drafting.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    base: { type: 'string' },
    seeds: { type: 'string', default: '1,2' },
    only: { type: 'string', default: '' },
    passes: { type: 'string', default: '3' },
  },
});
const out = positionals[0] ?? fail('USAGE', 'ablate-collapse: expected a folder');
mkdirSync(out, { recursive: true });

const TRAIN = 480;
const VAL = 120;
const RARE: readonly PhantomFinding['kind'][] = ['nodule', 'pneumothorax', 'edema', 'implanted device'];
const RARE_KEPT = 0.15;
const TOLD = 0.6;

/** A switch: fields of the recipe; `from` goes on from the run of another, `adapter` drafts with its adapter and trains nothing. */
interface Switch {
  readonly fields: object;
  readonly from?: string;
  readonly adapter?: string;
}

const SWITCHES: Readonly<Record<string, Switch>> = {
  none: { fields: {} },
  rareFindings: { fields: { rareFindings: 0.2 } },
  normalShare: { fields: { normalShare: 0.5 } },
  findingWeight: { fields: { findingWeight: 4 } },
  exemplars: { fields: { exemplars: 1 } },
  'contrast, logistic': { fields: { contrast: { share: 0.5 } } },
  'contrast, hinge': { fields: { contrast: { share: 0.5, form: 'hinge' } } },
  promptDropout: { fields: { promptDropout: 0.2 } },
  'promptDropout, guidance 2': { fields: { decoding: { guidance: 2 } }, adapter: 'promptDropout' },
  'promptDropout, guidance 3': { fields: { decoding: { guidance: 3 } }, adapter: 'promptDropout' },
  preference: { fields: { preference: {}, passes: 1, learningRate: 5e-4 }, from: 'none' },
  'preference, likelihood 1': {
    fields: { preference: { likelihood: 1 }, passes: 1, learningRate: 5e-4 },
    from: 'none',
  },
  'LoRA+ 8': { fields: { rates: { b: 8 }, learningRate: 1e-3 } },
  'all three: weight, contrast, promptDropout': {
    fields: { findingWeight: 4, promptDropout: 0.2, contrast: { share: 0.5 } },
  },
  'all three, guidance 2': {
    fields: { decoding: { guidance: 2 } },
    adapter: 'all three: weight, contrast, promptDropout',
  },
};

/** Findings as they come at a hospital: the rare ones are rare. */
function rareOnes(random: Random): PhantomFinding[] {
  return sampleFindings(random).filter(({ kind }) => !RARE.includes(kind) || random.chance(RARE_KEPT));
}

/** Studies with the truth in their reports, and in their tags what a bad reader makes of it. */
function drawStudies(seed: number): Study[] {
  const random = new Random(`ablation:${seed}`);
  return Array.from({ length: TRAIN + VAL }, (_, i): Study => {
    const truth = rareOnes(random);
    const seen = truth.filter(() => random.chance(TOLD));
    const imagined = [...rareOnes(random), ...rareOnes(random)];
    const tags = new Set([...phantomTags(seen), ...phantomTags(imagined)].filter((tag) => tag !== 'normal'));
    const { findings, impression } = phantomReport(truth, random);
    return {
      id: `s${i}`,
      patient: `p${i}`,
      split: i < TRAIN ? 'train' : 'val',
      views: [],
      findings,
      impression,
      report: findings,
      tags: tags.size > 0 ? [...tags] : ['normal'],
      abnormal: truth.length > 0,
    };
  });
}

interface Outcome {
  readonly loss: number;
  readonly gap: number;
  readonly f1: number;
  readonly distinct: number;
  readonly trainSeconds: number;
  readonly draftSeconds: number;
}

const recipeOf = (fields: object, seed: number) =>
  parseRecipe(
    {
      name: 'ablation',
      passes: Number(values.passes),
      maxTokens: 224,
      rank: 32,
      alpha: 64,
      learningRate: 3e-3,
      schedule: 'cosine',
      warmupSteps: 20,
      floor: 0.05,
      validation: { grounding: VAL },
      ...fields,
      decoding: { maxTokens: 100, ...(fields as { decoding?: object }).decoding },
      seed,
    },
    'ablation',
  );

const folderOf = (name: string, seed: number) =>
  new RunFolder(join(out, `${name.replace(/[^\w]+/g, '-')}-${seed}`));

async function runSwitch(name: string, base: string, seed: number): Promise<Outcome> {
  const { fields, adapter } = SWITCHES[name] as Switch;
  const folder = folderOf(name, seed);
  const known = join(folder.path, 'outcome.json');
  if (existsSync(known)) return JSON.parse(readFileSync(known, 'utf8')) as Outcome;
  mkdirSync(folder.path, { recursive: true });
  const recipe = recipeOf(fields, seed);
  const studies = drawStudies(seed);
  const [train = [], val = []] = (['train', 'val'] as const).map((split) =>
    studies.filter((study) => study.split === split),
  );
  using gguf = openGguf(base);
  const tokenizer = loadTokenizer(gguf);
  const drafting = new Drafting({ recipe, tokenizer, findings: 'mesh', train });
  const trained =
    adapter === undefined
      ? await trainSwitch(name, base, seed, drafting.trainingData(val))
      : { ...(await runSwitch(adapter, base, seed)), trainSeconds: 0 };
  const began = performance.now();
  const { adapterGguf } = folderOf(adapter ?? name, seed);
  const drafts = await draft(base, adapterGguf, drafting, val, recipe.decoding, tokenizer);
  const cases = val.map(({ id, report, tags }) => ({
    draft: drafts.get(id) ?? '',
    references: [report],
    input: tags,
  }));
  const outcome: Outcome = {
    ...trained,
    f1: scoreFindings(cases, statedFindings).microF1,
    distinct: new Set(drafts.values()).size,
    draftSeconds: (performance.now() - began) / 1000,
  };
  writeFileAtomic(known, JSON.stringify(outcome));
  return outcome;
}

async function trainSwitch(name: string, base: string, seed: number, data: TrainingData) {
  const { fields, from } = SWITCHES[name] as Switch;
  const began = performance.now();
  let [loss, gap] = [Number.NaN, Number.NaN];
  for await (const event of runTrainingJob({
    base,
    folder: folderOf(name, seed).path,
    recipe: recipeOf(fields, seed),
    data,
    identity: 'ablation',
    mode: 'whole',
    threads: 1,
    ...(from !== undefined && { from: { adapter: folderOf(from, seed).adapter } }),
  }))
    if (event.type === 'validation') [loss, gap] = [event.loss, event.groundingGap ?? Number.NaN];
  return { loss, gap, trainSeconds: (performance.now() - began) / 1000 };
}

/** One greedy draft a study. */
async function draft(
  base: string,
  adapter: string,
  drafting: Drafting,
  studies: readonly Study[],
  { maxTokens, guidance }: { maxTokens: number; guidance: number },
  tokenizer: ReturnType<typeof loadTokenizer>,
): Promise<Map<string, string>> {
  await using generator = await openGenerator({
    base,
    adapter,
    threads: 1,
    parallel: 16,
    contextTokens: 400,
  });
  const requests = studies.flatMap((study) => {
    const [prompt] = drafting.prompts(study);
    if (prompt === undefined) return [];
    const { tokens, contrast } = prompt;
    return [{ id: study.id, tokens, ...(contrast && { contrast: { tokens: contrast.tokens } }) }];
  });
  const drafts = new Map<string, string>();
  for await (const { id, tokens } of generator.generate(requests, { maxTokens, guidance }))
    drafts.set(id, tokenizer.decode([...tokens]).trim());
  return drafts;
}

/** What a draft that repeats its input would score: the sight that there is. */
function repeating(seed: number): number {
  const val = drawStudies(seed).filter(({ split }) => split === 'val');
  const cases = val.map(({ tags, report }) => ({ draft: `${tags.join('. ')}.`, references: [report] }));
  return scoreFindings(cases, statedFindings).microF1;
}

const texts = reportTexts({ seed: 1, ...DEMO_SIZE });
const base = values.base ?? (await makeTinyBase(out, texts, silent));
const seeds = values.seeds.split(',').map(Number);
const names = values.only === '' ? Object.keys(SWITCHES) : values.only.split(';');
console.log(
  `Repeating the input: finding F1 ${seeds.map((seed) => repeating(seed).toFixed(3)).join(', ')}\n`,
);
console.log(
  '| switch | val loss | grounding gap | finding F1 | distinct of 120 | training, s | drafting, s |',
);
console.log('|---|---|---|---|---|---|---|');
for (const name of names) {
  const outcomes: Outcome[] = [];
  for (const seed of seeds) outcomes.push(await runSwitch(name, base, seed));
  const column = (field: keyof Outcome, digits: number) =>
    outcomes.map((outcome) => outcome[field].toFixed(digits)).join(', ');
  console.log(
    `| ${name} | ${column('loss', 3)} | ${column('gap', 3)} | ${column('f1', 3)} | ${column('distinct', 0)} | ${column('trainSeconds', 0)} | ${column('draftSeconds', 0)} |`,
  );
}
