/**
 * Training of a whole small Llama in float32: embedding, norms and matrices are the parameters. For models that are
 * made here, such as the demo's; the derivative is what reverse mode makes of the same layers.
 */
import { Random } from '@llama-xr/core';
import type { Device } from '@llama-xr/onnx';
import { DenseModel } from './dense-model.ts';
import { layOut, type ParameterLayout, viewOf } from './parameters.ts';
import { floatTable } from './row-table.ts';
import { LocalEngine, type TrainingEngine } from './training-engine.ts';
import { type LlamaConfig, type LlamaWeights, PROJECTIONS, projectionShape } from './weights-type.ts';

export interface PretrainingOptions {
  /** Seed of the first weights. */
  readonly seed?: number | string;
  readonly device?: Device;
  readonly threads?: number;
}

/** An engine whose parameters are a whole model. */
export interface PretrainingEngine extends TrainingEngine {
  /** The model as it stands; its arrays are views of `parameters`. */
  readonly weights: LlamaWeights;
}

/** All tensors of a model: `embedding`, `layers.<l>.attentionNorm`, `layers.<l>.q` ..., `outputNorm`, `output`. */
export function pretrainingLayout(config: LlamaConfig): ParameterLayout {
  const { width, vocabulary, layers, tiedEmbedding } = config;
  const tensors = [{ name: 'embedding', shape: [vocabulary, width] as readonly number[] }];
  for (let number = 0; number < layers; number++) {
    const prefix = `layers.${number}.`;
    tensors.push(
      { name: `${prefix}attentionNorm`, shape: [width] },
      { name: `${prefix}feedForwardNorm`, shape: [width] },
    );
    for (const projection of PROJECTIONS)
      tensors.push({ name: `${prefix}${projection}`, shape: projectionShape(config, projection) });
  }
  tensors.push({ name: 'outputNorm', shape: [width] });
  if (!tiedEmbedding) tensors.push({ name: 'output', shape: [vocabulary, width] });
  return layOut(tensors);
}

/**
 * Opens a model with random weights for training.
 * @throws LlamaXrError CONFIG, DEVICE, ENGINE.
 */
export async function openPretrainingEngine(
  config: LlamaConfig,
  { seed = 0, ...session }: PretrainingOptions = {},
): Promise<PretrainingEngine> {
  const layout = pretrainingLayout(config);
  const model = await DenseModel.open(config, layout, session);
  const engine = new LocalEngine(config, layout, model, model);
  initialize(config, layout, engine.parameters, new Random(seed));
  return Object.assign(engine, { weights: weightsOf(config, layout, engine.parameters) });
}

/**
 * Normal with deviation 0.02, norms 1, and matrices that write to the residual stream smaller by sqrt(2 layers), as
 * GPT-2 has it (Radford et al. 2019).
 */
function initialize(
  config: LlamaConfig,
  layout: ParameterLayout,
  parameters: Float32Array,
  random: Random,
): void {
  for (const slot of layout) {
    const values = viewOf(parameters, slot);
    const residual = slot.name.endsWith('.o') || slot.name.endsWith('.down');
    const deviation = 0.02 / (residual ? Math.sqrt(2 * config.layers) : 1);
    if (slot.name.endsWith('Norm')) values.fill(1);
    else for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal();
  }
}

/** The model that a flat array of parameters holds; shares its memory. */
export function weightsOf(
  config: LlamaConfig,
  layout: ParameterLayout,
  parameters: Float32Array,
): LlamaWeights {
  const views = new Map(layout.map((slot) => [slot.name, viewOf(parameters, slot)]));
  const view = (name: string) => views.get(name) as Float32Array;
  return {
    config,
    matrix: (number, projection) => view(`layers.${number}.${projection}`),
    norms: (number) => ({
      attention: view(`layers.${number}.attentionNorm`),
      feedForward: view(`layers.${number}.feedForwardNorm`),
    }),
    form: () => 'float32',
    embedding: floatTable(view('embedding'), config.width),
    outputNorm: view('outputNorm'),
    ...(config.tiedEmbedding ? {} : { output: floatTable(view('output'), config.width) }),
  };
}
