/** From what a source says to a study that can be learned: text, part, images, findings; or the reason to leave it out. */
import { cleanForTraining, type DeidentifiedChoice, isAbnormal, NIH_LABELS } from '@llama-xr/reports';
import type { SourceRecord } from './record.ts';
import { SIMULATED_NOTICE, simulateScores, truthOf } from './simulate.ts';
import type { NihLabels } from './sources/gold-labels.ts';
import type { ImageIndex } from './sources/images.ts';
import type { FindingsSource, Target } from './store.ts';
import type { Split, Study, StudyView } from './study.ts';

export interface Choices {
  readonly findings: FindingsSource;
  readonly target: Target;
  readonly deidentified: DeidentifiedChoice;
  readonly seed: number;
  readonly images: ImageIndex | undefined;
  /** Leave out studies none of whose images was found. */
  readonly requireImages: boolean;
  /** Undefined for a patient whom the split leaves out. */
  readonly splitOf: (record: SourceRecord) => Split | undefined;
}

/** A study, or why there is none. */
export type Selection = { readonly study: Study } | { readonly skipped: string };

export function selectStudy(record: SourceRecord, choices: Choices): Selection {
  const split = choices.splitOf(record);
  if (split === undefined) return { skipped: 'not in the given splits' };
  const report = targetText(record, choices);
  if (report === undefined)
    return { skipped: `no ${choices.target === 'both' ? 'findings or no impression' : choices.target} text` };
  if (record.views.length === 0) return { skipped: 'no image' };
  const views = viewsOf(record, choices.images);
  if (choices.requireImages && views.every((view) => view.path === undefined)) {
    return { skipped: 'no image file' };
  }
  const blind = record.tags.length === 0 && (choices.findings === 'mesh' || record.labels === undefined);
  if (blind && choices.findings !== 'encoder')
    return { skipped: `no tags${choices.findings === 'mesh' ? '' : ' or labels'}` };
  return { study: buildStudy(record, choices, split, report, views) };
}

function targetText(record: SourceRecord, { target, deidentified }: Choices): string | undefined {
  const clean = (text: string) => cleanForTraining(text, { deidentified });
  const findings = clean(record.findings);
  const impression = clean(record.impression);
  if (target === 'both') {
    return findings && impression ? `Findings: ${findings} Impression: ${impression}` : undefined;
  }
  return (target === 'findings' ? findings : impression) || undefined;
}

function viewsOf(record: SourceRecord, images: ImageIndex | undefined): StudyView[] {
  return record.views.map(({ id, projection, files }) => {
    const path = images?.find(files);
    return { id, projection, ...(path !== undefined && { path }) };
  });
}

function buildStudy(
  record: SourceRecord,
  { findings, seed }: Choices,
  split: Split,
  report: string,
  views: StudyView[],
): Study {
  const labels = findings === 'labels' ? (record.labels ?? labelsFromTags(record)) : record.labels;
  const scores =
    findings === 'simulated' ? simulateScores(record.id, truth(record), seen(views), seed) : undefined;
  return {
    id: record.id,
    patient: record.patient,
    split,
    views,
    findings: record.findings,
    impression: record.impression,
    report,
    ...(record.indication && { indication: record.indication }),
    ...(record.comparison && { comparison: record.comparison }),
    tags: [...record.tags],
    ...(labels && { labels }),
    ...(scores && { scores }),
    abnormal: isAbnormalRecord(record),
  };
}

/** Tags decide where there are any; otherwise what the report says. */
function isAbnormalRecord({ tags, findings, impression }: SourceRecord): boolean {
  if (tags.length > 0) return tags.some((tag) => tag.toLowerCase() !== 'normal');
  return isAbnormal(`${findings}\n\n${impression}`);
}

/** The views a simulated reader sees; of views without a projection the first is taken for frontal, the second for lateral. */
function seen(views: readonly StudyView[]): { frontal: boolean; lateral: boolean } {
  const known = views.filter((view) => view.projection !== 'unknown');
  if (known.length === 0) return { frontal: true, lateral: views.length > 1 };
  const has = (projection: StudyView['projection']) => known.some((view) => view.projection === projection);
  return { frontal: has('frontal'), lateral: has('lateral') };
}

function truth(record: SourceRecord): ReturnType<typeof truthOf> {
  return truthOf(record.tags, record.labels);
}

function labelsFromTags(record: SourceRecord): NihLabels {
  const all = truthOf(record.tags, undefined);
  return Object.fromEntries(NIH_LABELS.map((label) => [label, all[label]]));
}

/** What must be said of studies chosen so. */
export function noticesOf(records: readonly SourceRecord[], { findings, images }: Choices): string[] {
  const notices: string[] = [];
  if (findings === 'simulated') notices.push(SIMULATED_NOTICE);
  const unlabelled = records.filter((record) => record.labels === undefined).length;
  if (findings !== 'encoder' && findings !== 'mesh' && unlabelled > 0) {
    notices.push(`${unlabelled} of ${records.length} studies have no gold labels: their tags stand in`);
  }
  if (findings === 'encoder' && images === undefined)
    notices.push('no image files were found: prepare again with images before encode');
  return notices;
}
