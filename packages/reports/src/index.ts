/** Report text: sections, sentences, cleaning that keeps negations, findings stated, tags. */

export type { Place, Severity, Side } from './attributes.ts';
export * from './clean.ts';
export * from './findings.ts';
export * from './label.ts';
export type { Polarity } from './scope.ts';
export * from './sections.ts';
export * from './sentences.ts';
export * from './stated.ts';
export * from './tags.ts';
