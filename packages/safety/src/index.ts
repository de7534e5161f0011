/** Safety scenarios: what a draft must and must not say, and whether it does. */
export { type Claim, claimInWords } from './claim.ts';
export { type JudgedDrafts, judgeDraftsOf } from './drafts.ts';
export { type ScenarioStudy, studyOf } from './input.ts';
export { type ClaimVerdict, judgeDraft, type ScenarioVerdict } from './judge.ts';
export { renderSuite, renderSuiteHtml } from './render.ts';
export { readSuite, type Scenario, SEVERITY_LEVELS, type SeverityLevel, scenarioSchema } from './scenario.ts';
export { type SuiteVerdict, suiteVerdict, WEIGHTS } from './suite-verdict.ts';
export { WORDINGS, type Wording } from './wording.ts';
