/** Generation, scoring and token probabilities by llama.cpp, in a process of its own. */
export { type Generation, type Generator, openGenerator, type Scored } from './generator.ts';
export { DEVICES, type Device, type DeviceChoice, nativeLibraries } from './library.ts';
export {
  type EndpointGenerator,
  type EndpointOptions,
  openEndpoint,
  type TextCodec,
} from './openai-endpoint.ts';
export type { GenerationOptions, GenerationRequest, GeneratorOptions, ScoringRequest } from './options.ts';
export type { ModelFacts, PromptTokens, SoftTokens, Usage } from './protocol.ts';
export type { Sampling } from './sampling.ts';
