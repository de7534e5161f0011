/** Agreement of readers, and how many cases and readers a study needs. */
export {
  cohenKappa,
  fleissKappa,
  type Kappa,
  type KappaOptions,
  type KappaWeights,
  weightedKappa,
} from './kappa.ts';
export { krippendorffAlpha, type MeasurementLevel } from './krippendorff.ts';
export {
  casesForKappa,
  casesForPreference,
  type KappaPlan,
  type PreferencePlan,
  preferencePower,
} from './sample-size.ts';
