/** The Llama model: graphs, weights, tokenizer, prompts, fusion, LoRA adapters. */

export {
  type Adapter,
  adaptedProjections,
  adapterOf,
  adapterParameters,
  loadAdapter,
  restoreAdapter,
  saveAdapter,
} from './adapter/adapter.ts';
export {
  MERGED_TYPES,
  type MergeDrift,
  type MergedType,
  type MergeOptions,
  mergeAdapter,
} from './adapter/merge.ts';
export { isProjectorSlot, type ProjectorShape, projectorLayout } from './fusion/projector.ts';
export {
  loadProjector,
  type Projector,
  type ProjectorFile,
  type ProjectorOrigin,
  readProjector,
  restoreProjector,
  saveProjector,
} from './fusion/projector-file.ts';
export {
  SOFT_VIEWS,
  type SoftInput,
  type SoftPrompt,
  type SoftSettings,
  type SoftView,
  softSlots,
} from './fusion/soft-input.ts';
export {
  type FeatureScale,
  gatherFeatures,
  measureScale,
  type StudyVectors,
  standardise,
  type ViewVectors,
} from './fusion/view-features.ts';
export { ADAPTER_SCALINGS, type AdapterScaling } from './model/adapter-shape.ts';
export type { Batch, SoftRows, TokenBatch } from './model/batch.ts';
export { checkTrainingDevice, type DeviceCheck } from './model/device-check.ts';
export { type AdapterEngine, openTrainingEngine, type TrainingOptions } from './model/engine.ts';
export { inFloat16, openFullTuningEngine } from './model/full-tuning.ts';
export { keptBytes } from './model/kept-activations.ts';
export { holdingFor, mergedBytes, type StepMode, wholeStepBytes } from './model/memory.ts';
export {
  type AdapterFactors,
  adapterLayout,
  initializeAdapter,
  type ParameterLayout,
  type ParameterSlot,
  parameterCount,
  readFactors,
  viewOf,
  writeFactors,
} from './model/parameters.ts';
export {
  openPretrainingEngine,
  type PretrainingEngine,
  type PretrainingOptions,
} from './model/pretraining.ts';
export { floatTable, valuesOf } from './model/row-table.ts';
export { PART_LOGITS, PART_WEIGHTS } from './model/streamed-head.ts';
export type { TrainingEngine } from './model/training-engine.ts';
export { openPretrainingWorker, openTrainingWorker } from './model/training-worker.ts';
export * from './model/weights-type.ts';
export {
  type EncodedExample,
  type EncodedPrompt,
  encodeExample,
  encodePrompt,
} from './prompt/encode-example.ts';
export { POSSIBLE } from './prompt/findings-in-words.ts';
export {
  FUSIONS,
  type Fusion,
  hasFindings,
  hasSoftTokens,
  type Prompt,
  type PromptStudy,
  promptFor,
  promptNotices,
} from './prompt/prompt.ts';
export { TEMPLATES, type TemplateName } from './prompt/templates.ts';
export { type BpeVocabulary, createBpeTokenizer } from './tokenizer/byte-bpe.ts';
export { type EncoderTokenizer, openEncoderTokenizer } from './tokenizer/encoder-tokenizer.ts';
export { loadTokenizer, openTokenizer } from './tokenizer/load-tokenizer.ts';
export type { Tokenizer } from './tokenizer/tokenizer.ts';
export { TRAINED_PRE, trainByteBpe } from './tokenizer/train-byte-bpe.ts';
export { vocabularyMetadata } from './tokenizer/vocabulary-metadata.ts';
export { type BaseWeights, openBaseWeights } from './weights/base-weights.ts';
export { llamaMetadata } from './weights/gguf-metadata.ts';
export { GGUF_NAMES, llamaConfigOfGguf } from './weights/gguf-weights.ts';
export { convertLlama2c } from './weights/llama2c.ts';
export { LLAMA_3_1_8B, type RandomLlamaOptions, writeRandomLlama } from './weights/random-llama.ts';
export { llama3RopeFactors } from './weights/rope-scaling.ts';
export { interleaveRotaryRows, separateRotaryRows } from './weights/rotary-rows.ts';
export { type GgufOptions, writeLlamaGguf } from './weights/write-gguf.ts';
export { type Nf4Folder, writeNf4Folder } from './weights/write-nf4.ts';
