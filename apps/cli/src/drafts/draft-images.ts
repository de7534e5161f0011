/**
 * A draft for the images of one patient: the encoder reads them, its findings go into the prompt in the form that the run
 * was trained on, and the draft comes with what it rests on.
 */
import { fail, sha256File } from '@llama-xr/core';
import { type FindingsSource, inputTags, readStudies, type Study } from '@llama-xr/dataset';
import { Consensus } from '@llama-xr/metrics';
import { cleanForDisplay } from '@llama-xr/reports';
import { type RunDescription, RunFolder } from '@llama-xr/train';
import {
  type EncodedView,
  type Encoder,
  loadEncoder,
  PATHOLOGIES,
  projectionWarnings,
  readTagHeads,
  readView,
} from '@llama-xr/vision';
import type { GenerateFlags } from '../commands/generate.ts';
import { openTerminal } from '../terminal.ts';
import { chooseDraft, likeliestDraft } from './choose-draft.ts';
import { encoderSource } from './encoder-source.ts';
import { openRun } from './open-run.ts';
import { readyPrompts } from './ready-prompts.ts';
import { seenBy } from './study-images.ts';
import { writeDrafts } from './written-drafts.ts';

const SIDES = ['frontal', 'lateral'] as const;

export async function draftImages(images: readonly string[], flags: GenerateFlags): Promise<void> {
  if (images.length > SIDES.length)
    fail('USAGE', `images: expected a frontal and at most one lateral, got ${images.length} files`);
  const description = await new RunFolder(flags.run).read();
  const encoderName =
    flags.encoder ||
    description.images?.encoder ||
    fail('USAGE', `${flags.run}: was trained without images: name the encoder with --encoder FILE`);
  const terminal = openTerminal(flags);
  const dataset = await readStudies(flags.data ?? description.data.path);
  await using encoder = await loadEncoder(
    encoderSource(encoderName),
    flags.threads === undefined ? {} : { threads: flags.threads },
  );
  const seen = await look(images, encoder);
  await using run = await openRun(flags, dataset);
  const { study, source } = await asTrained(seen, encoder, description, dataset.manifest.dataset.findings);
  const [frontal, lateral] = seen.encoded;
  const shown = run.projector && seenBy(run.projector, encoder, { frontal, lateral });
  const asked = new Map([[study.id, run.drafting.prompts(study, source, shown)]]);
  const prompts = await readyPrompts(asked, run.projector);
  const training = dataset.studies.filter(({ split }) => split === 'train');
  for await (const { drafts } of writeDrafts(run.generator, run.tokenizer, prompts, {
    decoding: run.decoding,
    seed: description.recipe.seed,
  })) {
    const { tellsFindings } = run.drafting;
    const tags = tellsFindings ? run.drafting.tags(study, source) : [];
    const consensus = new Consensus(training.map(({ report }) => report));
    const { prediction, logProbability } = tellsFindings
      ? chooseDraft(drafts, tags, run.drafting.neighbours(study, source), consensus, run.decoding.omissions)
      : likeliestDraft(drafts);
    const notices = [...new Set([...encoder.notices, ...run.notices])];
    const result = {
      draft: prediction,
      findings: tags,
      scores: seen.study.scores,
      logProbability,
      images,
      encoder: encoder.name,
      notices,
      warnings: seen.warnings,
    };
    terminal.result({ ...result, labels: PATHOLOGIES }, () =>
      [
        ...notices.map((notice) => `NOTE: ${notice}`),
        ...seen.warnings.map((warning) => `warning: ${warning}`),
        `DRAFT, unsigned: not to be used before a radiologist has read the images`,
        tellsFindings
          ? `Findings the draft rests on: ${tags.join('; ')}`
          : 'The draft rests on what the encoder saw of the images, not on named findings',
        '',
        cleanForDisplay(prediction),
      ].join('\n'),
    );
  }
}

interface Seen {
  readonly study: Study;
  /** Frontal, and lateral where there is one. */
  readonly encoded: readonly EncodedView[];
  readonly warnings: readonly string[];
}

/** Reads the images and scores them. */
async function look(images: readonly string[], encoder: Encoder): Promise<Seen> {
  const views = await Promise.all(
    images.map((path, i) => readView(path, SIDES[i] as (typeof SIDES)[number])),
  );
  const encoded = await encoder.encode(views);
  const scores = (i: number): number[] | null =>
    encoded[i] === undefined ? null : [...encoded[i].normalised];
  const study: Study = {
    id: images.join(' '),
    patient: images.join(' '),
    split: 'test',
    views: images.map((path, i) => ({ id: path, path, projection: SIDES[i] as (typeof SIDES)[number] })),
    findings: '',
    impression: '',
    report: '',
    tags: [],
    scores: { frontal: scores(0), lateral: scores(1), source: 'encoder' },
    abnormal: false,
  };
  return { study, encoded, warnings: projectionWarnings(views) };
}

/**
 * A run that was trained on tags read by heads gets what these heads read; on other tags or labels, what the scores say
 * as tags; one trained on scores, the scores.
 */
async function asTrained(
  { study, encoded }: Seen,
  encoder: Encoder,
  { images }: RunDescription,
  trainedOn: FindingsSource,
): Promise<{ study: Study; source: FindingsSource }> {
  if (trainedOn === 'simulated' || trainedOn === 'encoder') return { study, source: 'encoder' };
  const tags =
    images?.heads === undefined
      ? inputTags(study, 'encoder')
      : await readTags(encoded, encoder, images.heads);
  return { study: { ...study, tags: [...tags] }, source: 'mesh' };
}

async function readTags(
  [frontal, lateral]: readonly EncodedView[],
  encoder: Encoder,
  { path, sha256 }: { path: string; sha256: string },
): Promise<readonly string[]> {
  if ((await sha256File(path)) !== sha256)
    fail('MODEL', `${path}: not the heads that the run was trained with (sha256 differs)`);
  const heads = readTagHeads(path);
  if (heads.encoderHash !== encoder.hash)
    fail('ENCODER', `${path}: fitted on the features of another encoder than ${encoder.name}`);
  return heads.read({ frontal: frontal?.map ?? null, lateral: lateral?.map ?? null }).tags;
}
