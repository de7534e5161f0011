/** Drafts for a split of a data set, resumable, each with what is needed to judge it. */
import { Random } from '@llama-xr/core';
import { type Dataset, inputTags, NearestByTags, type Split, type Study } from '@llama-xr/dataset';
import type { Generation } from '@llama-xr/llamacpp';
import { chooseDraft } from './choose-draft.ts';
import type { OpenedRun } from './open-run.ts';
import { type Draft, PartialPredictions } from './predictions.ts';
import type { Terminal } from './terminal.ts';

export interface DraftStudiesOptions {
  readonly out: string;
  readonly split: Split;
  readonly limit?: number;
  readonly shuffleInputs?: boolean;
}

/** Drafts, and what they cost; the drafts stand in `out`. */
export async function draftStudies(
  run: OpenedRun,
  dataset: Dataset,
  options: DraftStudiesOptions,
  terminal: Terminal,
) {
  const { description, decoding, drafting, generator } = run;
  const findings = dataset.manifest.dataset.findings;
  const studies = dataset.studies.filter((study) => study.split === options.split).slice(0, options.limit);
  const inputs = options.shuffleInputs ? shuffled(studies, description.recipe.seed) : studies;
  const notices = [
    ...description.notices,
    ...(options.shuffleInputs ? ['shuffled inputs: each study was given the findings of another'] : []),
  ];
  const lookup = new NearestByTags(
    dataset.studies.filter((s) => s.split === 'train').map((s) => ({ ...s, tags: inputTags(s, findings) })),
  );
  const key = JSON.stringify([
    description,
    decoding,
    options.split,
    options.shuffleInputs ?? false,
    dataset.manifest.outputs,
  ]);
  const partial = new PartialPredictions(options.out, key);

  const began = performance.now();
  const waiting = new Map(studies.map((study, i) => [study.id, { study, input: inputs[i] as Study }]));
  for (const id of [...waiting.keys()]) if (partial.get(id)) waiting.delete(id);
  const requests = [...waiting].map(([id, { input }]) => ({ id, tokens: drafting.prompt(input) }));
  const { samples, ...sampling } = decoding;
  const written = new Map<string, Generation[]>();
  let tokens = 0;
  for await (const generation of generator.generate(requests, {
    ...sampling,
    samples,
    seed: description.recipe.seed,
  })) {
    tokens += generation.tokens.length;
    const drafts = [...(written.get(generation.id) ?? []), generation];
    written.set(generation.id, drafts);
    if (drafts.length < samples) continue;
    written.delete(generation.id);
    const { study, input } = waiting.get(generation.id) as { study: Study; input: Study };
    const tags = inputTags(input, findings);
    const nearest = lookup.find({ patient: study.patient, tags })[0];
    partial.add({
      id: study.id,
      ...chooseDraft(drafts, run.tokenizer, tags),
      references: [study.report],
      abnormal: study.abnormal,
      input: tags,
      ...(nearest === undefined ? {} : { lookup: nearest.study.report }),
      notices,
    });
    terminal.progress({ stage: 'generate', done: partial.size, total: studies.length });
  }
  const drafts = studies.map((study) => partial.get(study.id) as Draft);
  partial.finish(
    options.out,
    studies.map((study) => study.id),
  );
  return {
    drafts: drafts.length,
    distinct: new Set(drafts.map((draft) => draft.prediction)).size,
    tokens,
    seconds: (performance.now() - began) / 1000,
    peakMemoryBytes: (await generator.usage()).peakMemoryBytes,
    notices,
  };
}

/** Each study gets another's input; nobody keeps their own. */
function shuffled(studies: readonly Study[], seed: number): Study[] {
  if (studies.length < 2) return [...studies];
  return new Random(`${seed}:shuffled inputs`).derangement(studies.length).map((i) => studies[i] as Study);
}
