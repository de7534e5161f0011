/** Training: recipes, schedules, AdamW, the loop, checkpoints, the run folder. */
export * from './adamw.ts';
export * from './batches.ts';
export * from './checkpoint.ts';
export { curvesPage } from './curves.ts';
export * from './example.ts';
export * from './grounding.ts';
export * from './job.ts';
export * from './packing.ts';
export * from './recipe.ts';
export * from './run-folder.ts';
export * from './run-log.ts';
export * from './sampling.ts';
export * from './schedule.ts';
export * from './trainer.ts';
export * from './validation.ts';
export * from './watch.ts';
