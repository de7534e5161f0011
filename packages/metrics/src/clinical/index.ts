/** Clinical scores: labels, graphs, errors in classes, the composite and where its weights come from. */
export * from './composite.ts';
export * from './corrupt.ts';
export * from './derive-composite.ts';
export * from './graph-f1.ts';
export * from './label-f1.ts';
export * from './reading.ts';
export * from './report-errors.ts';
export * from './significance.ts';
export * from './tag-statements.ts';
