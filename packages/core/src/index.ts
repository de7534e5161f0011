/** What every package stands on: errors, seeded random numbers, whole files, manifests, signatures, progress. */
export { type Energy, measureEnergy, startEnergy } from './energy.ts';
export * from './errors.ts';
export * from './files.ts';
export * from './html.ts';
export * from './manifest.ts';
export * from './progress.ts';
export * from './random.ts';
export * from './signature.ts';
