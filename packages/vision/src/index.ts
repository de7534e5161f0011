/** DenseNet-121 as a graph, its weights from files, features and scores behind guards, heads fitted on them. */
export {
  type EncodedView,
  Encoder,
  type EncoderOptions,
  type EncoderSource,
  loadEncoder,
} from './encoder.ts';
export { PATHOLOGIES, type Pathology } from './pathologies.ts';
export { appearance, projectionWarnings } from './projection.ts';
export { checkPixels, readView, type ViewInput } from './view-input.ts';
