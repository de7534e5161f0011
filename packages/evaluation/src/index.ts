/** The evaluation of a run as a whole: what it is worth, case by case, on one page that can be checked. */
export {
  type ComparedScore,
  type Cost,
  compareEvaluations,
  type Evaluated,
  renderComparison,
} from './comparison-table.ts';
export { type ModelCardSources, modelCard } from './model-card.ts';
export type { Case } from './page/cases.ts';
export { type PageOptions, renderPage } from './page/page.ts';
export { type Pooled, pool } from './pooled.ts';
export { type Difference, differencesOf } from './recomputed.ts';
export { type WorstCase, worstCases } from './worst-cases.ts';
