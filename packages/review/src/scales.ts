/**
 * What readers judge by: four ratings of 1 to 5, the six error classes of ReXVal (Yu et al., Patterns 2023), and the
 * grades of RADPEER (American College of Radiology; Goldberg-Stein et al., JACR 2017). The words are ours.
 */
import type { Choice } from './page-data.ts';

export const RATINGS = [
  { id: 'accuracy', name: 'Accuracy', help: '1: mostly untrue of the images, 5: all true' },
  {
    id: 'completeness',
    name: 'Completeness',
    help: '1: what matters is missing, 5: nothing that matters is missing',
  },
  { id: 'clarity', name: 'Clarity', help: '1: hard to understand, 5: reads well' },
  {
    id: 'impact',
    name: 'Clinical impact',
    help: '1: acting on it would harm, 5: safe to act on as it stands',
  },
] as const satisfies readonly Choice[];

export const ERROR_CLASSES = [
  { id: 'false-finding', name: 'False finding', help: 'states what is not there' },
  { id: 'omission', name: 'Omitted finding', help: 'leaves out what is there' },
  { id: 'location', name: 'Location', help: 'puts a finding in the wrong place or side' },
  { id: 'severity', name: 'Severity', help: 'makes a finding larger or smaller than it is' },
  {
    id: 'false-comparison',
    name: 'False comparison',
    help: 'compares with a study that shows no such thing',
  },
  {
    id: 'omitted-comparison',
    name: 'Omitted comparison',
    help: 'leaves out a change since an earlier study',
  },
] as const satisfies readonly Choice[];

/** In order of gravity. a: unlikely to matter for the patient, b: likely to. */
export const RADPEER = [
  { id: '1', name: '1', help: 'I concur' },
  { id: '2a', name: '2a', help: 'understandable miss, unlikely to matter' },
  { id: '2b', name: '2b', help: 'understandable miss, likely to matter' },
  { id: '3a', name: '3a', help: 'should be got right most of the time; unlikely to matter' },
  { id: '3b', name: '3b', help: 'should be got right most of the time; likely to matter' },
  { id: '4a', name: '4a', help: 'should be got right almost every time; unlikely to matter' },
  { id: '4b', name: '4b', help: 'should be got right almost every time; likely to matter' },
] as const satisfies readonly Choice[];

export type RatingId = (typeof RATINGS)[number]['id'];
export type ErrorClassId = (typeof ERROR_CLASSES)[number]['id'];
export type RadpeerGrade = (typeof RADPEER)[number]['id'];

export const RATING_IDS: readonly RatingId[] = RATINGS.map(({ id }) => id);
export const ERROR_CLASS_IDS: readonly ErrorClassId[] = ERROR_CLASSES.map(({ id }) => id);
export const RADPEER_GRADES: readonly RadpeerGrade[] = RADPEER.map(({ id }) => id);
