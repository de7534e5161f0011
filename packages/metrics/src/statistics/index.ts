/** Statistics of scores: intervals, tests, power, subgroups. Pure functions on arrays. */
export * from './bootstrap.ts';
export * from './comparisons.ts';
export * from './distributions.ts';
export * from './least-squares.ts';
export * from './randomisation.ts';
export { correlation, kendallTau, mean, variance } from './samples.ts';
export * from './statistic.ts';
export * from './subgroups.ts';
