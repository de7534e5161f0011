/** Scores of drafted reports, printed beside what a text that reads no image would score. */
export * from './agreement/index.ts';
export {
  BASELINES,
  type Baseline,
  type BaselineOptions,
  mostTypical,
  type System,
} from './baselines.ts';
export * from './clinical/index.ts';
export * from './clinical/report-errors.ts';
export { Consensus, type Neighbour } from './consensus.ts';
export {
  type FindingCase,
  type FindingScores,
  findingsReader,
  type StatedFindings,
  scoreFindings,
} from './findings.ts';
export * from './grounding/index.ts';
export { type Comparison, comparisonsOf, intervalsOf } from './inference.ts';
export { type Prediction, type ReadOptions, readPredictions } from './predictions.ts';
export {
  cleanAlphanumeric,
  type Protocol,
  type ProtocolName,
  protocolNamed,
  protocols,
} from './protocols.ts';
export { tokenizePtb } from './ptb/ptb-tokenizer.ts';
export { cleanR2gen } from './r2gen.ts';
export { type ScorerName, scorers } from './registry.ts';
export { formatScore, isBeaten, renderTable, type TableView, tablesOf } from './render.ts';
export { type ScoreOptions, score } from './score.ts';
export type { BySubset, BySystem, ScoresByName, ScoreTable, Subset } from './score-table.ts';
export {
  meanScorer,
  type Pair,
  RunningSum,
  type Scorer,
  type ScorerRun,
  type Scores,
  scorePairs,
} from './scorer.ts';
export { bleu } from './scorers/bleu.ts';
export { sentenceBleuNltk } from './scorers/nltk-bleu.ts';
export { meteorNltk } from './scorers/nltk-meteor.ts';
export * from './statistics/index.ts';
export { WordNet, wordNet31 } from './text/wordnet.ts';
export { type TextStatistics, textStatistics } from './text-statistics.ts';
export type { Grounding, Warning } from './warnings.ts';
