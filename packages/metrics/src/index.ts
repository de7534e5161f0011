/** Scores of drafted reports, printed beside what a text that reads no image would score. */
export * from './agreement/index.ts';
export {
  type BestConstant,
  bestConstants,
  mostFrequent,
  mostTypical,
} from './baselines/constants.ts';
export { type FeatureReport, nearestByFeatures } from './baselines/nearest-features.ts';
export { templateOfTags, templateReport } from './baselines/template-report.ts';
export {
  BASELINES,
  type Baseline,
  type BaselineOptions,
  type System,
} from './baselines.ts';
export * from './clinical/index.ts';
export * from './clinical/report-errors.ts';
export { CLINICAL, type ErrorsByClass, LOWER_IS_BETTER } from './clinical-scores.ts';
export { Consensus, type Neighbour } from './consensus.ts';
export type { Evidence } from './evidence.ts';
export {
  type FindingCase,
  type FindingScores,
  findingsReader,
  type StatedFindings,
  scoreFindings,
} from './findings.ts';
export * from './grounding/index.ts';
export { type Comparison, inferenceOf } from './inference.ts';
export { type MeteorData, openMeteorData } from './meteor/data.ts';
export { type Prediction, type ReadOptions, readPredictions } from './predictions.ts';
export { type ProtocolRun, runProtocol } from './protocol-run.ts';
export {
  cleanAlphanumeric,
  type Protocol,
  type ProtocolName,
  protocolNamed,
  protocols,
  protocolsWith,
  type SeenText,
  textAsSeen,
} from './protocols.ts';
export { tokenizePtb } from './ptb/ptb-tokenizer.ts';
export { cleanR2gen } from './r2gen.ts';
export { type ScorerName, scorers } from './registry.ts';
export { formatScore, isBeaten, renderTable, type TableRow, type TableView, tablesOf } from './render.ts';
export { type ScoreOptions, score, textsToScore } from './score.ts';
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
export { type BertScoreOptions, bertScore, type TokenVectors } from './scorers/bert-score.ts';
export { bleu } from './scorers/bleu.ts';
export { meteor15 } from './scorers/meteor-15.ts';
export { sentenceBleuNltk } from './scorers/nltk-bleu.ts';
export { meteorNltk } from './scorers/nltk-meteor.ts';
export { rougeScore } from './scorers/rouge-score.ts';
export * from './statistics/index.ts';
export { WordNet, wordNet31 } from './text/wordnet.ts';
export { type TextStatistics, textStatistics } from './text-statistics.ts';
export type { Grounding, Warning } from './warnings.ts';
