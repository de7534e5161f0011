/** Report text: sections, sentences, cleaning that keeps negations, findings stated, tags. */

export type { Change, Form, Place, Severity, Side } from './attributes.ts';
export * from './clean.ts';
export * from './comparisons.ts';
export type { Device, Site } from './device-lexicon.ts';
export type { Placement } from './device-placement.ts';
export * from './findings.ts';
export * from './label.ts';
export * from './schemes.ts';
export type { Doubt, Polarity } from './scope.ts';
export * from './sections.ts';
export * from './sentences.ts';
export * from './stated.ts';
export * from './tags.ts';
