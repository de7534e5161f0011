/** The demo's picture: three phantoms of the test split, each beside its report and its draft. */

import type { Dataset, Study } from '@llama-xr/dataset';
import { readRadiograph, toPicture } from '@llama-xr/imaging';
import type { Prediction } from '@llama-xr/metrics';
import { type Comparison, writeComparison } from '@llama-xr/phantom';
import type { DemoFolder } from './demo-folder.ts';

const SHOWN = 3;

/** @returns the path of the PNG. */
export async function drawPicture(
  folder: DemoFolder,
  drafts: readonly Prediction[],
  truth: Dataset,
  caption: string,
): Promise<string> {
  const draftOf = new Map(drafts.map(({ id, prediction }) => [id, prediction]));
  const shown = chooseShown(truth.studies.filter(({ id }) => draftOf.has(id)));
  const comparisons = await Promise.all(
    shown.map((study) => compare(study, draftOf.get(study.id) as string)),
  );
  await writeComparison(folder.picture, comparisons, caption);
  return `${folder.picture}.png`;
}

/** Studies with both views and the most findings, each with none that those before have; chosen without their drafts. */
export function chooseShown(studies: readonly Study[]): Study[] {
  const shown: Study[] = [];
  const met = new Set<string>(['normal']);
  for (const study of studies.toSorted((a, b) => b.tags.length - a.tags.length)) {
    const heads = study.tags.map((tag) => tag.split('/')[0] as string);
    if (shown.length === SHOWN || study.views.length < 2 || heads.some((head) => met.has(head))) continue;
    for (const head of heads) met.add(head);
    shown.push(study);
  }
  return shown;
}

async function compare({ id, views, tags, report }: Study, draft: string): Promise<Comparison> {
  const pictureOf = async (projection: 'frontal' | 'lateral') => {
    const path = views.find((view) => view.projection === projection)?.path;
    return path === undefined ? undefined : toPicture(await readRadiograph(path));
  };
  const [frontal, lateral] = [await pictureOf('frontal'), await pictureOf('lateral')];
  if (frontal === undefined) throw new Error(`study ${id}: a phantom without a frontal view`);
  return { title: `Phantom ${id}`, frontal, ...(lateral && { lateral }), tags, reference: report, draft };
}
