/** The Llama model: graphs, weights, tokenizer, prompts, fusion, LoRA adapters. */
export type { Batch, TokenBatch } from './model/batch.ts';
export {
  type AdapterEngine,
  openTrainingEngine,
  type TrainingEngine,
  type TrainingOptions,
} from './model/engine.ts';
export { type StepMode, wholeStepBytes } from './model/memory.ts';
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
export * from './model/weights-type.ts';
export { type BaseWeights, openBaseWeights } from './weights/base-weights.ts';
export { llamaConfigOfGguf } from './weights/gguf-weights.ts';
export { llama3RopeFactors } from './weights/rope-scaling.ts';
export { interleaveRotaryRows, separateRotaryRows } from './weights/rotary-rows.ts';
