/**
 * Frontal or lateral, from what a file says of itself: ViewPosition, else PatientOrientation, else the words of its
 * descriptions. Says nothing where these say nothing or both; looking at the pixels is not done here.
 */
import type { DataSet } from './data-set.ts';

export type Projection = 'frontal' | 'lateral';

const VIEW: Record<string, Projection> = {
  PA: 'frontal',
  AP: 'frontal',
  LL: 'lateral',
  RL: 'lateral',
  LAT: 'lateral',
  LATERAL: 'lateral',
  'LARGE LATERAL': 'lateral',
  LLAT: 'lateral',
  RLAT: 'lateral',
};
const FRONTAL_WORDS = /\b(PA|AP|FRONTAL|P\.?A\.?)\b/i;
const LATERAL_WORDS = /\b(LAT|LATERAL|LL|RL)\b/i;

export function projectionOf(dataSet: DataSet): Projection | undefined {
  const view = VIEW[dataSet.text('ViewPosition')?.toUpperCase() ?? ''];
  if (view !== undefined) return view;
  // The direction of a row: towards left or right in a frontal view, anterior or posterior in a lateral one.
  const row = dataSet.texts('PatientOrientation')[0]?.[0];
  if (row === 'L' || row === 'R') return 'frontal';
  if (row === 'A' || row === 'P') return 'lateral';
  const words = `${dataSet.text('SeriesDescription') ?? ''} ${dataSet.text('ProtocolName') ?? ''}`;
  const frontal = FRONTAL_WORDS.test(words);
  return frontal === LATERAL_WORDS.test(words) ? undefined : frontal ? 'frontal' : 'lateral';
}
