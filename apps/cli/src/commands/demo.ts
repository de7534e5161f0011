/** `llama-xr demo`: the whole way from images to scored drafts on phantoms, without a download. */
import { join } from 'node:path';
import { startRun, writeManifest } from '@llama-xr/core';
import { readStudies } from '@llama-xr/dataset';
import { readRecipe } from '@llama-xr/train';
import type { Command } from 'commander';
import { DEMO_SIZE, DemoFolder, type DemoSettings } from '../demo/demo-folder.ts';
import { demoWords } from '../demo/demo-words.ts';
import { draftTestStudies, scoreDrafts } from '../demo/draft-and-score.ts';
import { drawPicture } from '../demo/draw-comparison.ts';
import { ownRecipe } from '../demo/own-recipe.ts';
import { drawPhantoms, prepareData, reportTexts } from '../demo/phantom-data.ts';
import { ENCODER, encodeImages, readFindings } from '../demo/read-findings.ts';
import { countSides, weakFindings } from '../demo/reading-quality.ts';
import { makeTinyBase } from '../demo/tiny-base.ts';
import { count } from '../flags.ts';
import { type OutputFlags, openTerminal, type Terminal } from '../terminal.ts';
import { planTraining, runTraining } from '../training/training-run.ts';
import { version } from '../version.ts';

interface Flags extends OutputFlags {
  out: string;
  seed: number;
}

export function demo(root: Command): void {
  root
    .command('demo')
    .description(
      'draw phantoms, learn to read them, draft their reports and score the drafts: four minutes, no download',
    )
    .option('--out <dir>', 'folder for all that is made; run again to resume', 'demo')
    .option('--seed <n>', 'another seed draws other phantoms', (text) => count('--seed', text), 3407)
    .addHelpText('after', '\nExample:\n  llama-xr demo --out demo')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const terminal = openTerminal(flags);
  const finish = startRun();
  const folder = new DemoFolder(flags.out);
  const settings: DemoSettings = { seed: flags.seed, ...DEMO_SIZE };
  await folder.claim(settings);
  const steps = new Steps(terminal);
  const { read, result } = await folder.fill(async () => {
    const read = await readPhantoms(folder, settings, steps);
    await learn(folder, settings, steps);
    return { read, result: await draftAndJudge(folder, settings, read, steps) };
  });
  const { table, picture, notices } = result;
  const manifest = finish({
    command: 'demo',
    outputs: read.dataset.manifest.outputs,
    config: { settings, seconds: steps.seconds },
    seed: settings.seed,
    notices,
    versions: { 'llama-xr': version },
  });
  writeManifest(folder.manifest, manifest);
  const { findings, protocols, texts, warnings } = table;
  const { seconds } = manifest;
  const { sides, weak } = result;
  terminal.result(
    {
      findings: findings.all,
      protocols,
      sides,
      weak,
      texts,
      warnings,
      picture,
      out: folder.path,
      notices,
      seconds,
      steps: steps.seconds,
    },
    () => demoWords({ ...result, seconds, report: folder.report, run: join(flags.out, 'run') }),
  );
}

type Read = Awaited<ReturnType<typeof readPhantoms>>;

/** Images to findings: steps 1 to 4. */
async function readPhantoms(folder: DemoFolder, settings: DemoSettings, steps: Steps) {
  const { studies, pixels } = settings;
  await steps.run(
    'draw',
    `${studies} phantom patients are drawn as X-rays: 16-bit DICOM, ${pixels} pixels square, each with a report.`,
    (progress) => drawPhantoms(folder, settings, progress),
  );
  await steps.run(
    'prepare',
    'Studies are split by patient, and searched for reports that leak from one part to another.',
    (progress) => prepareData(folder, settings, progress),
  );
  const truth = await readStudies(folder.data);
  await steps.run(
    'encode',
    'A DenseNet-121 with random weights turns every image into features. It has learned nothing; its features still differ.',
    (progress) => encodeImages(folder, truth.studies, progress),
  );
  const { heads, dataset } = await steps.run(
    'heads',
    'Heads are fitted on the training features: they read findings, sides and degrees.',
    () => readFindings(folder, truth),
  );
  return { truth, heads, dataset };
}

/** Findings to an adapter: steps 5 and 6. */
async function learn(folder: DemoFolder, settings: DemoSettings, steps: Steps): Promise<void> {
  const base = await steps.run(
    'pretrain',
    'A tiny Llama learns the language of reports, from texts alone, and is quantized to 4 bits.',
    (progress) => makeTinyBase(folder.path, reportTexts(settings), progress),
  );
  await steps.run('train', 'QLoRA teaches it to write what the heads have read.', async () => {
    const images = { encoder: ENCODER, features: folder.features, heads: folder.heads };
    const recipe = await readRecipe(ownRecipe('demo'));
    const plan = await planTraining({ base, data: folder.read, recipe, images });
    await runTraining(plan, { out: folder.run, mode: 'auto', device: 'cpu' }, steps.terminal);
  });
}

const CAPTION =
  'Phantoms (drawn, no patients) beside what was drawn, the report, and the draft of a tiny Llama';

/** Drafts and what they are worth: steps 7 to 9. */
async function draftAndJudge(folder: DemoFolder, settings: DemoSettings, read: Read, steps: Steps) {
  const { truth, heads, dataset } = read;
  const drafts = await steps.run(
    'generate',
    'It drafts the reports of test patients that neither heads nor adapter have seen.',
    () => draftTestStudies(folder, dataset, steps.terminal),
  );
  const table = await steps.run(
    'evaluate',
    'The drafts are scored, beside texts that read no image.',
    async () => scoreDrafts(folder, drafts, dataset, settings.seed),
  );
  const picture = await steps.run(
    'picture',
    'Three phantoms are drawn beside their reports and drafts.',
    () => drawPicture(folder, drafts, truth, CAPTION),
  );
  const shown = truth.studies.find(({ split, views }) => split === 'test' && views.length === 2);
  return {
    table,
    picture,
    sides: countSides(drafts, truth.studies),
    weak: weakFindings(heads),
    notices: table.notices,
    example: shown?.views.flatMap(({ path }) => path ?? []) ?? [],
  };
}

/** Numbers the steps, says what each is for, and keeps the time. */
class Steps {
  readonly terminal: Terminal;
  readonly seconds: Record<string, number> = {};
  static readonly #count = 9;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  async run<T>(
    name: string,
    words: string,
    work: (progress: Terminal['progress']) => Promise<T>,
  ): Promise<T> {
    const began = performance.now();
    this.terminal.say(`${Object.keys(this.seconds).length + 1}/${Steps.#count}  ${words}`);
    const result = await work(this.terminal.progress);
    this.seconds[name] = (performance.now() - began) / 1000;
    return result;
  }
}
