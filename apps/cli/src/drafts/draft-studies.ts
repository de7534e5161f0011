/** Drafts for a split of a data set, resumable, each with what is needed to judge it. */
import { Random } from '@llama-xr/core';
import type { Dataset, Split, Study } from '@llama-xr/dataset';
import type { Terminal } from '../terminal.ts';
import { DraftJudge, draftRequests } from './draft-requests.ts';
import type { OpenedRun } from './open-run.ts';
import { type Draft, PartialPredictions } from './predictions.ts';

export interface DraftStudiesOptions {
  readonly out: string;
  readonly split: Split;
  readonly limit?: number;
  readonly shuffleInputs?: boolean;
}

/** Writes the drafts to `out`. @returns how many there are and what they cost. */
export async function draftStudies(
  run: OpenedRun,
  dataset: Dataset,
  options: DraftStudiesOptions,
  terminal: Terminal,
) {
  const { description, generator } = run;
  const studies = dataset.studies.filter((study) => study.split === options.split).slice(0, options.limit);
  const inputs = options.shuffleInputs ? shuffled(studies, description.recipe.seed) : studies;
  const requests = studies.map((study, i) => ({ id: study.id, study, input: inputs[i] as Study }));
  const notices = [
    ...run.notices,
    ...(options.shuffleInputs ? ['shuffled inputs: each study was given what was seen of another'] : []),
  ];
  const partial = new PartialPredictions(options.out, keyOf(run, dataset, options));
  const judge = new DraftJudge(run, dataset, notices);
  const { tokens, seconds } = await draftRequests(run, requests, judge, partial, terminal);
  const ids = studies.map(({ id }) => id);
  const written = ids.map((id) => partial.get(id) as Draft);
  partial.finish(options.out, ids);
  return {
    drafts: written.length,
    retrieved: written.filter((draft) => draft.retrieved).length,
    distinct: new Set(written.map((draft) => draft.prediction)).size,
    tokens,
    seconds,
    /** Of the generator's process; a server keeps it to itself. */
    peakMemoryBytes: (await generator.usage?.())?.peakMemoryBytes ?? null,
    notices,
  };
}

/** Decides whether drafts that a killed run left still hold. */
const keyOf = (
  { description, decoding, notices }: OpenedRun,
  { manifest }: Dataset,
  options: DraftStudiesOptions,
): string =>
  JSON.stringify([
    description,
    decoding,
    options.split,
    options.shuffleInputs ?? false,
    manifest.outputs,
    ...notices.slice(description.notices.length),
  ]);

/** Each study gets another's input; nobody keeps their own. */
function shuffled(studies: readonly Study[], seed: number): Study[] {
  if (studies.length < 2) return [...studies];
  return new Random(`${seed}:shuffled inputs`).derangement(studies.length).map((i) => studies[i] as Study);
}
