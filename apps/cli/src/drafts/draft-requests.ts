/** Drafts for studies and inputs of any choice: written by the run's generator, chosen and put beside what they are judged by. */
import { type Dataset, NearestByTags, type Study } from '@llama-xr/dataset';
import { Consensus } from '@llama-xr/metrics';
import type { Terminal } from '../terminal.ts';
import { chooseDraft, likeliestDraft } from './choose-draft.ts';
import type { OpenedRun } from './open-run.ts';
import type { Draft, PartialPredictions } from './predictions.ts';
import { readyPrompts } from './ready-prompts.ts';
import { type StudyDrafts, type WrittenDraft, writeDrafts } from './written-drafts.ts';

export interface DraftRequest {
  /** Of the draft; several drafts of one study differ in it. */
  readonly id: string;
  readonly study: Study;
  /** The study whose findings stand in the prompt: the same one, another, or it with a finding changed. */
  readonly input: Study;
}

/** Drafts what is not there yet and adds it to `partial`. @returns tokens generated, and seconds. */
export async function draftRequests(
  run: OpenedRun,
  requests: readonly DraftRequest[],
  judge: DraftJudge,
  partial: PartialPredictions,
  terminal: Terminal,
): Promise<{ tokens: number; seconds: number }> {
  const left = requests.filter(({ id }) => partial.get(id) === undefined);
  const byId = new Map(left.map((request) => [request.id, request]));
  const began = performance.now();
  const tell = () =>
    terminal.progress({ stage: 'generate', done: requests.length - byId.size, total: requests.length });
  let tokens = 0;
  tell();
  for await (const { id, drafts } of draftsOf(run, left)) {
    tokens += drafts.reduce((sum, draft) => sum + draft.length, 0);
    partial.add(judge.choose(byId.get(id) as DraftRequest, drafts));
    byId.delete(id);
    tell();
  }
  return { tokens, seconds: (performance.now() - began) / 1000 };
}

/** Studies whose vectors are in memory at once: at E = 4096 and 20 soft tokens 84 MB. */
const SEEN_AT_ONCE = 256;

/** Runs that read images go through the studies in parts; else equal prompts are found among all of them. */
async function* draftsOf(run: OpenedRun, requests: readonly DraftRequest[]): AsyncGenerator<StudyDrafts> {
  const { generator, tokenizer, drafting, projector, decoding, description } = run;
  const atOnce = projector === undefined ? requests.length : SEEN_AT_ONCE;
  for (let i = 0; i < requests.length; i += atOnce) {
    const part = requests.slice(i, i + atOnce);
    const asked = new Map(part.map(({ id, input }) => [id, drafting.prompts(input)]));
    const prompts = await readyPrompts(asked, projector);
    yield* writeDrafts(generator, tokenizer, prompts, { decoding, seed: description.recipe.seed });
  }
}

/** Chooses a study's draft, and puts beside it what it will be judged by. */
export class DraftJudge {
  readonly #run: OpenedRun;
  readonly #notices: readonly string[];
  readonly #lookup: NearestByTags;
  readonly #consensus: Consensus;

  /** @param notices what every reader of these drafts must see */
  constructor(run: OpenedRun, dataset: Dataset, notices: readonly string[]) {
    this.#run = run;
    this.#notices = notices;
    const training = dataset.studies.filter((study) => study.split === 'train');
    this.#lookup = new NearestByTags(training.map((study) => ({ ...study, tags: run.drafting.tags(study) })));
    this.#consensus = new Consensus(training.map(({ report }) => report));
  }

  choose({ id, study, input }: DraftRequest, drafts: readonly WrittenDraft[]): Draft {
    const { drafting } = this.#run;
    const tags = drafting.tags(input);
    const nearest = this.#lookup.find({ patient: study.patient, tags })[0];
    const candidates = [...drafts, ...drafting.retrieved(input).map(retrievedDraft)];
    // Tags that the prompt does not tell come from the report itself, and must not choose its draft.
    const { tellsFindings } = drafting;
    const chosen = tellsFindings
      ? chooseDraft(
          candidates,
          tags,
          drafting.neighbours(input),
          this.#consensus,
          this.#run.decoding.omissions,
        )
      : likeliestDraft(drafts);
    return {
      id,
      prediction: chosen.prediction,
      references: [study.report],
      abnormal: study.abnormal,
      ...(tellsFindings && { input: tags }),
      ...(nearest === undefined ? {} : { lookup: nearest.study.report }),
      retrieved: chosen.length === 0,
      logProbability: chosen.logProbability,
      notices: this.#notices,
    };
  }
}

/** A training report among the drafts: no token of it was generated. */
const retrievedDraft = (prediction: string): WrittenDraft => ({
  prediction,
  logProbability: null,
  length: 0,
});
