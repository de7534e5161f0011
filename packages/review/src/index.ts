/** Reader studies: blinded packs of reports as pages, and what comes of the answers. */
export { type Agreement, agreementBetween, agreementWithin, type SelfAgreement } from './agreement.ts';
export {
  type DividingCase,
  type PairOutcome,
  type ReviewOutcome,
  reviewOutcome,
  type SystemOutcome,
} from './outcome.ts';
export { type PackOptions, type ReviewCase, type ReviewKey, type WrittenPack, writePack } from './pack.ts';
export type { ErrorMark, ItemAnswer, PageImage, ReviewPage, ReviewResults } from './page-data.ts';
export { renderPage } from './page-html.ts';
export { type ImageView, pageImages } from './page-images.ts';
export { assemblePageScript, BUILT_SCRIPT, pageScript } from './page-script.ts';
export { type PlannedItem, type PlannedReader, planReview } from './plan.ts';
export { renderOutcome, renderOutcomeHtml } from './render.ts';
export { readKey, readResults } from './results.ts';
export { ERROR_CLASSES, RADPEER, RATINGS } from './scales.ts';
export { type Opinion, type Preference, type Unblinded, unblind } from './unblind.ts';
