/**
 * Which errors matter to a patient, by rule: the rules that split each class of errors in two. They are ours, written from what a
 * referring physician would do next, and no rating of any test set was looked at.
 *
 * - A finding is *minor* when it is old, degenerative or a sign that alone changes nothing: what is not listed matters.
 * - Findings of one *family* are each other's neighbours in words (an opacity that another reader calls an infiltrate): taking one
 *   for the other is an error, not a significant one.
 * - What a report only suspects is not significant, said or left out.
 */
import type { Finding } from '@llama-xr/reports';

const MINOR: ReadonlySet<string> = new Set<Finding | (string & {})>([
  'granuloma',
  'scarring',
  'pleural thickening',
  'blunted costophrenic angle',
  'copd',
  'hyperinflation',
  'low lung volumes',
  'elevated diaphragm',
  'hernia',
  'bone deformity',
  'osteopenia',
  'spine degeneration',
  'spine curvature',
  'tortuous aorta',
  'aortic calcification',
  'implanted device',
  'surgical material',
]);

export function isMinor(finding: string): boolean {
  return MINOR.has(finding);
}

const FAMILIES: readonly (readonly string[])[] = [
  [
    'opacity',
    'consolidation',
    'infiltrate',
    'pneumonia',
    'infection',
    'aspiration',
    'atelectasis',
    'volume loss',
  ],
  ['pleural effusion', 'blunted costophrenic angle', 'pleural thickening'],
  ['edema', 'congestion', 'interstitial markings'],
  ['fibrosis', 'scarring', 'interstitial markings'],
  ['nodule', 'mass', 'lung lesion', 'granuloma'],
  ['emphysema', 'copd', 'hyperinflation', 'bulla'],
  ['enlarged mediastinum', 'prominent hilum', 'tortuous aorta'],
  ['fracture', 'bone deformity'],
  ['catheter', 'tube', 'implanted device'],
];

/** The findings that another reader might have called this one. */
export function relativesOf(finding: string): ReadonlySet<string> {
  const known = RELATIVES.get(finding);
  if (known !== undefined) return known;
  const relatives = new Set(FAMILIES.filter((family) => family.includes(finding)).flat());
  relatives.delete(finding);
  RELATIVES.set(finding, relatives);
  return relatives;
}

const RELATIVES = new Map<string, ReadonlySet<string>>();

const DEGREE: Readonly<Record<string, number>> = {
  borderline: 0,
  mild: 1,
  small: 1,
  moderate: 2,
  large: 3,
  severe: 3,
};

/** 0 borderline, 1 mild or small, 2 moderate, 3 large or severe; undefined for a word that is no degree. */
export function degreeOf(severity: string): number | undefined {
  return DEGREE[severity];
}

const ZONE: Readonly<Record<string, string>> = {
  base: 'lower',
  'lower lobe': 'lower',
  retrocardiac: 'lower',
  'middle lobe': 'middle',
  lingula: 'middle',
  hilum: 'middle',
  'upper lobe': 'upper',
  apex: 'upper',
};

/** The height in the lung that a place stands for: readers do not part a base from a lower lobe. Others stand for none. */
export function zoneOf(place: string): string | undefined {
  return ZONE[place];
}

const COURSE: Readonly<Record<string, string>> = {
  new: 'worse',
  increased: 'worse',
  decreased: 'better',
  resolved: 'better',
  unchanged: 'same',
};

/** `worse`, `better` or `same`: two words of one course do not contradict each other. */
export function courseOf(change: string): string {
  return COURSE[change] ?? change;
}
