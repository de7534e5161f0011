/**
 * Findings as words for a prompt: from tags as they are, from calibrated scores with the certainty that the score
 * carries. A language model reads `pleural effusion, left, small` where decimals are arbitrary tokens to it.
 */
import { FINDING_OF_LABEL, type Finding, tagFindings, tagInWords, XRV_LABELS } from '@llama-xr/reports';

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

/** What a chest report usually denies by name when it is not there. */
const USUALLY_DENIED: readonly Finding[] = [
  'pneumothorax',
  'pleural effusion',
  'consolidation',
  'opacity',
  'edema',
  'cardiomegaly',
  'nodule',
];

/**
 * `['Opacity/lung/base/left', 'Cardiomegaly/mild']` -> `opacity, lung, base, left; cardiomegaly, mild`. Absent is what
 * reports usually deny and no tag names: tags are taken for complete.
 */
export function tagsInWords(tags: readonly string[]): FindingsInWords {
  if (tags.length === 0) return { present: 'not known' };
  const named = tagFindings(tags);
  return {
    present: tags.map(tagInWords).join('; '),
    absent: USUALLY_DENIED.filter((finding) => !named.has(finding)).join('; ') || 'not certain',
  };
}

/** Scores from which a finding is stated, called likely, called possible; below the last it is reported absent. */
const CERTAIN = 0.75;
const LIKELY = 0.5;
export const POSSIBLE = 0.2;
const ABSENT = 0.05;

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
    .filter(([, score]) => score >= POSSIBLE)
    .map(([name, score]) => `${certainty(score)}${name}`);
  const absent = sorted.filter(([, score]) => score < ABSENT).map(([name]) => name);
  return { present: present.join('; ') || 'normal', absent: absent.join('; ') || 'not certain' };
}

function certainty(score: number): string {
  if (score >= CERTAIN) return '';
  return score >= LIKELY ? 'likely ' : 'possible ';
}
