/** Scores of drafted reports, printed beside what a text that reads no image would score. */
export { type ScorerName, scorers } from './registry.ts';
export { type Pair, type Scorer, type ScorerRun, type Scores, scorePairs } from './scorer.ts';
