/** DenseNet-121 as a graph, its weights from files, scores and features behind guards, heads fitted on features. */
export {
  type EncodeOptions,
  encodeStudies,
  type StudyEncoder,
  type StudyToEncode,
} from './encode-studies.ts';
export {
  type EncodedView,
  Encoder,
  type EncoderOptions,
  type EncoderSource,
  FEATURES,
  loadEncoder,
  MAP_SHAPE,
} from './encoder.ts';
export {
  type Features,
  type FeaturesOrigin,
  readFeatures,
  type Side,
  type ViewFeatures,
  writeFeatures,
} from './features-file.ts';
export { averageGrid } from './map-grid.ts';
export { normaliseScores, type OperatingPoints, PATHOLOGIES, type Pathology } from './pathologies.ts';
export { frontalLook, projectionWarnings } from './projection.ts';
export * from './tags/index.ts';
export { checkPixels, INPUT_RANGE, readView, type ViewInput } from './view-input.ts';
