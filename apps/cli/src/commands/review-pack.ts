/** `llama-xr review-pack`: a blinded review for radiologists, one page a reader; or how many cases one needs. */
import { resolve } from 'node:path';
import { casesForKappa, casesForPreference } from '@llama-xr/metrics';
import { writePack } from '@llama-xr/review';
import type { Command } from 'commander';
import { reviewCases, reviewImages, studiesById } from '../evaluation/review-cases.ts';
import { count, number } from '../flags.ts';
import { bytes, type OutputFlags, openTerminal } from '../terminal.ts';

export interface ReviewPackFlags extends OutputFlags {
  references?: boolean;
  data?: string;
  out?: string;
  key?: string;
  readers: number;
  repeat: number;
  seed: number;
  limit?: number;
  title?: string;
  plan?: boolean;
  prefer: number;
  power: number;
  halfWidth: number;
  kappa: number;
  prevalence: number;
}

const share = (flag: string) => (text: string) => number(flag, text, 0, 1);

export function reviewPack(root: Command): void {
  root
    .command('review-pack')
    .description(
      'make a blinded, randomised review of reports for radiologists: one web page a reader, no network',
    )
    .argument('[predictions...]', 'drafts of one or two models: one JSON object a line')
    .option('--references', 'put the reference reports among them')
    .option('--data <dir>', 'data set made by llama-xr prepare: its images and indications go into the pages')
    .option('--out <dir>', 'folder for the pages: this is what travels to the readers')
    .option(
      '--key <file>',
      'what undoes the blinding; must not travel (default: beside the folder, OUT.key.json)',
    )
    .option('--readers <n>', 'readers', (text) => count('--readers', text), 3)
    .option(
      '--repeat <share>',
      'share of the cases that come twice',
      (text) => number('--repeat', text, 0, 1 / 3),
      0.1,
    )
    .option('--seed <n>', 'seed of cases, orders and sides', (text) => count('--seed', text), 3407)
    .option('--limit <n>', 'this many cases, drawn by the seed', (text) => count('--limit', text))
    .option('--title <text>', 'heading of the pages')
    .option('--plan', 'make nothing: tell how many cases a study needs')
    .option('--prefer <p>', '--plan: share that prefers the better side', share('--prefer'), 0.65)
    .option('--power <p>', '--plan: chance of showing that preference', share('--power'), 0.8)
    .option(
      '--half-width <w>',
      '--plan: half the width of the interval of kappa',
      share('--half-width'),
      0.15,
    )
    .option('--kappa <k>', '--plan: the kappa that is expected', share('--kappa'), 0.6)
    .option('--prevalence <p>', '--plan: how often the trait is there', share('--prevalence'), 0.5)
    .addHelpText(
      'after',
      `\nExamples:\n  llama-xr review-pack --plan --prefer 0.65\n  llama-xr review-pack drafts.jsonl --references --data data --out pack --readers 3 --limit 60`,
    )
    .action(run);
}

async function run(predictions: string[], flags: ReviewPackFlags): Promise<void> {
  if (flags.plan) return plan(flags);
  const terminal = openTerminal(flags);
  const studies = await studiesById(flags.data);
  const { cases, sources, leftOut, out, key } = await reviewCases(predictions, flags, studies);
  const images = reviewImages(studies, terminal.progress, cases.length);
  const { readers, repeat, seed, title } = flags;
  const written = await writePack(cases, out, key, {
    readers,
    repeat,
    seed,
    sources,
    imagesOf: images.of,
    ...(title === undefined ? {} : { title }),
  });
  terminal.result({ ...written, key, leftOut }, () =>
    [
      `${written.cases} cases, ${written.items} on each page, ${written.pages.length} readers, ${bytes(images.bytes())} of images`,
      ...(written.withoutImages > 0 ? [`NOTE: ${written.withoutImages} cases have no image`] : []),
      ...(leftOut > 0 ? [`NOTE: ${leftOut} reports left out: not every file has their study`] : []),
      ...written.tellTales.map((sign) => `NOTE: readers may recognise the writers by ${sign}`),
      ...written.pages.map((page) => `wrote ${page}`),
      `wrote ${resolve(key)}: keep it here, it says whose report is whose`,
    ].join('\n'),
  );
}

function plan(flags: ReviewPackFlags): void {
  const { prefer: preferred, power, halfWidth, kappa, prevalence } = flags;
  const preference = casesForPreference({ preferred, power });
  const agreement = casesForKappa({ halfWidth, kappa, prevalence });
  const assumed = { preferred, power, halfWidth, kappa, prevalence };
  openTerminal(flags).result({ preference, agreement, assumed }, () =>
    [
      `${preference} cases with a preference show one of ${preferred} against 0.5 with power ${power} (exact binomial test, 5 %, two-sided).`,
      `${agreement} cases read by two readers give a kappa of ${kappa} to within ${halfWidth} (95 %, trait in ${prevalence} of the cases).`,
      'Ties and unread cases come on top. Readers of the same cases are not independent: more cases beat more readers.',
    ].join('\n'),
  );
}
