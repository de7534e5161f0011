/**
 * Findings as words for a prompt: from tags as they are, from calibrated scores with the certainty that the score
 * carries. A language model reads `pleural effusion, left, small` where decimals are arbitrary tokens to it.
 */
import { FINDING_OF_LABEL, tagInWords, XRV_LABELS } from '@llama-xr/reports';

/** One view's 18 operating-point-normalised scores in the order of XRV_LABELS, each in [0, 1], 0.5 the threshold. */
export type ViewScores = readonly number[];

export interface StudyViewScores {
  readonly frontal: ViewScores | null;
  /** null where no lateral was taken: it is said, never filled in. */
  readonly lateral: ViewScores | null;
}

export interface FindingsInWords {
  readonly present: string;
  /** What the source reports absent; undefined where it does not say. */
  readonly absent?: string;
}

/** `['Opacity/lung/base/left', 'Cardiomegaly/mild']` -> `opacity, lung, base, left; cardiomegaly, mild`. */
export function tagsInWords(tags: readonly string[]): FindingsInWords {
  return { present: tags.length === 0 ? 'not known' : tags.map(tagInWords).join('; ') };
}

/** A score from here on is stated plainly, from 0.5 on as likely, and below 1 - 0.75 as absent. */
const CERTAIN = 0.75;

/** The mean score of the views that there are, per finding, in words. */
export function scoresInWords({ frontal, lateral }: StudyViewScores): FindingsInWords {
  const views = [frontal, lateral].filter((view) => view !== null);
  const best = new Map<string, number>();
  XRV_LABELS.forEach((label, i) => {
    const mean = views.reduce((sum, view) => sum + (view[i] as number), 0) / views.length;
    const finding = FINDING_OF_LABEL[label];
    best.set(finding, Math.max(best.get(finding) ?? 0, mean));
  });
  const sorted = [...best].sort(([, a], [, b]) => b - a);
  const present = sorted
    .filter(([, score]) => score >= 0.5)
    .map(([name, score]) => (score >= CERTAIN ? name : `likely ${name}`));
  const absent = sorted.filter(([, score]) => score < 1 - CERTAIN).map(([name]) => name);
  return { present: present.join('; ') || 'normal', absent: absent.join('; ') || 'not certain' };
}
