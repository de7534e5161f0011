/** The cases of a review: reports of one or two models and the references, study by study, and their images. */
import { fail, Random, type ReportProgress, sha256File } from '@llama-xr/core';
import { readStudies, type Study } from '@llama-xr/dataset';
import { type Prediction, readPredictions } from '@llama-xr/metrics';
import { type ImageView, type PageImage, pageImages, type ReviewCase } from '@llama-xr/review';
import type { ReviewPackFlags } from '../commands/review-pack.ts';

export interface ReviewInput {
  readonly cases: readonly ReviewCase[];
  /** System -> file and hash: for the key. */
  readonly sources: Readonly<Record<string, string>>;
  /** Reports of studies that not every file has. */
  readonly leftOut: number;
  readonly out: string;
  readonly key: string;
}

/** @throws LlamaXrError USAGE, and as readPredictions does. */
export async function reviewCases(
  paths: readonly string[],
  flags: ReviewPackFlags,
  studies: ReadonlyMap<string, Study>,
): Promise<ReviewInput> {
  const { references = false, out, limit, seed } = flags;
  if (paths.length < 1 || paths.length > 2)
    fail('USAGE', `review-pack: expected one or two files of drafts, got ${paths.length}`);
  if (out === undefined) fail('USAGE', 'review-pack: expected --out DIR');
  const files = await Promise.all(paths.map((path) => readPredictions(path)));
  const [first, second] = files.map((list) => new Map(list.map((one) => [one.id, one])));
  const shared = [...(first ?? [])].filter(([id]) => second === undefined || second.has(id));
  if (shared.length === 0)
    fail('INPUT', `${paths.join(', ')}: expected drafts of the same studies, got no shared id`);
  const all = shared.map(([id, draft]) => ({
    ...caseOf(draft, second?.get(id), references),
    ...indicationOf(studies.get(id)),
  }));
  const cases = new Random(`review cases:${seed}`).shuffle(all).slice(0, limit);
  const hashes = await Promise.all(paths.map(async (path) => `${path} sha256 ${await sha256File(path)}`));
  const [model = '', other] = hashes;
  return {
    cases,
    sources: {
      model,
      ...(other === undefined ? {} : { other }),
      ...(references ? { reference: model } : {}),
    },
    leftOut: files.reduce((total, list) => total + list.length - shared.length, 0),
    out,
    key: flags.key ?? `${out.replace(/[/\\]+$/, '')}.key.json`,
  };
}

function caseOf(draft: Prediction, other: Prediction | undefined, references: boolean): ReviewCase {
  return {
    id: draft.id,
    reports: {
      model: draft.prediction,
      ...(other === undefined ? {} : { other: other.prediction }),
      ...(references ? { reference: draft.references[0] as string } : {}),
    },
  };
}

const indicationOf = (study: Study | undefined): Pick<ReviewCase, 'indication'> =>
  study?.indication === undefined ? {} : { indication: study.indication };

/** The studies of a data set by id; none where no data set is given. */
export async function studiesById(folder: string | undefined): Promise<ReadonlyMap<string, Study>> {
  const studies = folder === undefined ? [] : (await readStudies(folder)).studies;
  return new Map(studies.map((study) => [study.id, study]));
}

/** The images of each study, ready for a page, and how many bytes they came to. */
export function reviewImages(studies: ReadonlyMap<string, Study>, onProgress: ReportProgress, total: number) {
  let [bytes, done] = [0, 0];
  const of = async (id: string): Promise<PageImage[]> => {
    const views = (studies.get(id)?.views ?? []).filter(
      (view): view is ImageView & typeof view => view.path !== undefined,
    );
    const images = await pageImages(views);
    bytes += images.reduce((sum, { source }) => sum + source.length, 0);
    onProgress({ stage: 'images', done: ++done, total });
    return images;
  };
  return { of, bytes: () => bytes };
}
