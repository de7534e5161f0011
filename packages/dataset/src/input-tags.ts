/** What a draft may know of a study: the findings that its source states, as tags, whatever form they came in. */
import { FINDING_OF_LABEL, NIH_LABELS, XRV_LABELS } from '@llama-xr/reports';
import type { FindingsSource } from './store.ts';
import type { Study, StudyScores } from './study.ts';

/** The operating point of a calibrated score (Cohen et al., TorchXRayVision: below it a finding counts as absent). */
export const OPERATING_POINT = 0.5;

/**
 * Tags of the findings that the source reports present; ['normal'] when it reports none, [] when it says nothing of
 * the study.
 * @param threshold the score from which a finding counts as reported
 */
export function inputTags(study: Study, source: FindingsSource, threshold = OPERATING_POINT): string[] {
  if (source === 'mesh') return [...study.tags];
  const present = source === 'labels' ? presentLabels(study) : presentScores(study.scores, threshold);
  if (present === undefined) return [];
  const tags = [...new Set(present.map((label) => FINDING_OF_LABEL[label]))];
  return tags.length > 0 ? tags : ['normal'];
}

function presentLabels({ labels }: Study) {
  return labels === undefined ? undefined : NIH_LABELS.filter((label) => labels[label] === 1);
}

/** Labels whose mean score over the views reaches the threshold. */
function presentScores(scores: StudyScores | undefined, threshold: number) {
  if (scores === undefined) return undefined;
  const views = [scores.frontal, scores.lateral].filter((view) => view !== null);
  return XRV_LABELS.filter((_, i) => {
    const mean = views.reduce((sum, view) => sum + (view[i] as number), 0) / views.length;
    return mean >= threshold;
  });
}
