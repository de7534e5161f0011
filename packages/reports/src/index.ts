/** Report text: sections, sentences, cleaning that keeps negations, findings stated, tags. */

export {
  CHANGES,
  type Change,
  type Form,
  PLACES,
  type Place,
  SEVERITIES,
  type Severity,
  SIDES,
  type Side,
} from './attributes.ts';
export * from './clean.ts';
export * from './comparisons.ts';
export { DEVICES, type Device, SITES, type Site } from './device-lexicon.ts';
export type { Placement } from './device-placement.ts';
export * from './findings.ts';
export * from './graph.ts';
export * from './label.ts';
export * from './label-scores.ts';
export * from './report-lines.ts';
export * from './schemes.ts';
export type { Doubt, Polarity } from './scope.ts';
export * from './sections.ts';
export * from './sentences.ts';
export * from './stated.ts';
export * from './tags.ts';
