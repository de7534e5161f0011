/** Collections of studies: reading them, splitting them by patient, auditing them for leaks, and looking in them. */
export * from './audit.ts';
export { Calibration } from './calibration.ts';
export * from './exemplars.ts';
export { ImageLikeness } from './image-likeness.ts';
export { inputTags, OPERATING_POINT } from './input-tags.ts';
export { jaccard } from './near-duplicates.ts';
export * from './nearest.ts';
export * from './prepare.ts';
export { SIMULATED_AUC, SIMULATED_NOTICE, simulateScores, truthOf } from './simulate.ts';
export { hashSplit } from './splits.ts';
export * from './store.ts';
export * from './study.ts';
