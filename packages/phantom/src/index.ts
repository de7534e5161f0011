/** Synthetic chest radiographs with known findings, and reports written from them. */
export { type Comparison, comparisonSvg, writeComparison } from './comparison.ts';
export { type DrawOptions, drawPhantom, type Phantom, type PhantomView } from './draw/phantom.ts';
export {
  findingOf,
  PHANTOM_KINDS,
  type PhantomFinding,
  type PhantomKind,
  type Side,
  sampleFindings,
  type Zone,
} from './findings.ts';
export { type PhantomReport, phantomReport } from './report/report.ts';
export { phantomLabels, phantomTags } from './report/truth.ts';
export { makePhantoms, PHANTOM_TABLE, type PhantomOptions, type PhantomStudy } from './studies.ts';
