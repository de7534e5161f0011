/** Drafts for a split of a data set, resumable, each with what is needed to judge it. */
import { Random } from '@llama-xr/core';
import { type Dataset, NearestByTags, type Split, type Study } from '@llama-xr/dataset';
import { Consensus } from '@llama-xr/metrics';
import { chooseDraft } from './choose-draft.ts';
import type { OpenedRun } from './open-run.ts';
import { type Draft, PartialPredictions } from './predictions.ts';
import type { Terminal } from './terminal.ts';
import { type WrittenDraft, writeDrafts } from './written-drafts.ts';

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
  const { description, decoding, drafting, generator } = run;
  const studies = dataset.studies.filter((study) => study.split === options.split).slice(0, options.limit);
  const inputs = options.shuffleInputs ? shuffled(studies, description.recipe.seed) : studies;
  const inputOf = new Map(studies.map((study, i) => [study.id, inputs[i] as Study]));
  const judge = new DraftJudge(run, dataset, options.shuffleInputs ?? false);
  const partial = new PartialPredictions(options.out, keyOf(run, dataset, options));
  const left = studies.filter(({ id }) => partial.get(id) === undefined);
  const byId = new Map(left.map((study) => [study.id, study]));
  const prompts = new Map(left.map(({ id }) => [id, drafting.prompts(inputOf.get(id) as Study)]));

  const began = performance.now();
  let tokens = 0;
  terminal.progress({ stage: 'generate', done: partial.size, total: studies.length });
  for await (const { id, drafts } of writeDrafts(generator, run.tokenizer, prompts, {
    decoding,
    seed: description.recipe.seed,
  })) {
    tokens += drafts.reduce((sum, draft) => sum + draft.length, 0);
    partial.add(judge.choose(byId.get(id) as Study, inputOf.get(id) as Study, drafts));
    terminal.progress({ stage: 'generate', done: partial.size, total: studies.length });
  }
  const ids = studies.map(({ id }) => id);
  const written = ids.map((id) => partial.get(id) as Draft);
  partial.finish(options.out, ids);
  return {
    drafts: written.length,
    retrieved: written.filter((draft) => draft.retrieved).length,
    distinct: new Set(written.map((draft) => draft.prediction)).size,
    tokens,
    seconds: (performance.now() - began) / 1000,
    peakMemoryBytes: (await generator.usage()).peakMemoryBytes,
    notices: judge.notices,
  };
}

/** Chooses a study's draft, and puts beside it what it will be judged by. */
class DraftJudge {
  readonly notices: readonly string[];
  readonly #run: OpenedRun;
  readonly #lookup: NearestByTags;
  readonly #consensus: Consensus;

  constructor(run: OpenedRun, dataset: Dataset, shuffledInputs: boolean) {
    this.#run = run;
    this.notices = [
      ...run.description.notices,
      ...(shuffledInputs ? ['shuffled inputs: each study was given the findings of another'] : []),
    ];
    const training = dataset.studies.filter((study) => study.split === 'train');
    this.#lookup = new NearestByTags(training.map((study) => ({ ...study, tags: run.drafting.tags(study) })));
    this.#consensus = new Consensus(training.map(({ report }) => report));
  }

  choose(study: Study, input: Study, drafts: Parameters<typeof chooseDraft>[0]): Draft {
    const tags = this.#run.drafting.tags(input);
    const nearest = this.#lookup.find({ patient: study.patient, tags })[0];
    const { drafting } = this.#run;
    const candidates = [...drafts, ...drafting.retrieved(input).map(retrievedDraft)];
    const chosen = chooseDraft(candidates, tags, drafting.neighbours(input), this.#consensus);
    return {
      id: study.id,
      prediction: chosen.prediction,
      references: [study.report],
      abnormal: study.abnormal,
      input: tags,
      ...(nearest === undefined ? {} : { lookup: nearest.study.report }),
      retrieved: chosen.length === 0,
      logProbability: chosen.logProbability,
      notices: this.notices,
    };
  }
}

/** A training report among the drafts: no token of it was generated. */
const retrievedDraft = (prediction: string): WrittenDraft => ({
  prediction,
  logProbability: null,
  length: 0,
});

/** Decides whether drafts that a killed run left still hold. */
const keyOf = (
  { description, decoding }: OpenedRun,
  { manifest }: Dataset,
  options: DraftStudiesOptions,
): string =>
  JSON.stringify([description, decoding, options.split, options.shuffleInputs ?? false, manifest.outputs]);

/** Each study gets another's input; nobody keeps their own. */
function shuffled(studies: readonly Study[], seed: number): Study[] {
  if (studies.length < 2) return [...studies];
  return new Random(`${seed}:shuffled inputs`).derangement(studies.length).map((i) => studies[i] as Study);
}
