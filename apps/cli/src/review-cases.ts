/** The cases of a review: reports of one or two models and the references, study by study, and their images. */
import { fail, Random, type ReportProgress, sha256File } from '@llama-xr/core';
import { readStudies } from '@llama-xr/dataset';
import { type Prediction, readPredictions } from '@llama-xr/metrics';
import { type ImageView, type PageImage, pageImages, type ReviewCase } from '@llama-xr/review';
import type { ReviewPackFlags } from './commands/review-pack.ts';

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
export async function reviewCases(paths: readonly string[], flags: ReviewPackFlags): Promise<ReviewInput> {
  const { references = false, out, limit, seed } = flags;
  if (paths.length < 1 || paths.length > 2)
    fail('USAGE', `review-pack: expected one or two files of drafts, got ${paths.length}`);
  if (out === undefined) fail('USAGE', 'review-pack: expected --out DIR');
  const files = await Promise.all(paths.map((path) => readPredictions(path)));
  const [first, second] = files.map((list) => new Map(list.map((one) => [one.id, one])));
  const shared = [...(first ?? [])].filter(([id]) => second === undefined || second.has(id));
  if (shared.length === 0)
    fail('INPUT', `${paths.join(', ')}: expected drafts of the same studies, got no shared id`);
  const all = shared.map(([id, draft]) => caseOf(draft, second?.get(id), references));
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

/** Images of a study from its data set; none where no data set is given or a study has no file. */
export async function reviewImages(folder: string | undefined, onProgress: ReportProgress, total: number) {
  const studies = folder === undefined ? [] : (await readStudies(folder)).studies;
  const viewsOf = new Map(studies.map(({ id, views }) => [id, views]));
  let [bytes, done] = [0, 0];
  const of = async (id: string): Promise<PageImage[]> => {
    const views = (viewsOf.get(id) ?? []).filter(
      (view): view is ImageView & typeof view => view.path !== undefined,
    );
    const images = await pageImages(views);
    bytes += images.reduce((sum, { source }) => sum + source.length, 0);
    onProgress({ stage: 'images', done: ++done, total });
    return images;
  };
  return { of, bytes: () => bytes };
}
