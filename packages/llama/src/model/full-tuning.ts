/**
 * The other two ways of tuning that QLoRA is measured against: LoRA over a base held in float16, and full tuning, in which every
 * weight of the base is a parameter. Both start from the values that the base's 4 bits stand for, so that all three begin at the
 * same loss but for the rounding to float16.
 */
import { fail } from '@llama-xr/core';
import { open, type Session } from '@llama-xr/onnx';
import { quantize, type Tensor } from '@llama-xr/tensor';
import { matrixFeeds, matrixInput } from './base-inputs.ts';
import { type ParameterSlot, viewOf } from './parameters.ts';
import { openPretrainingEngine, type PretrainingEngine, type PretrainingOptions } from './pretraining.ts';
import { valuesOf } from './row-table.ts';
import {
  type HalfMatrix,
  type LlamaWeights,
  type MatrixForm,
  PROJECTIONS,
  type Projection,
  projectionShape,
} from './weights-type.ts';

/** Matrices of a base in float32, by the graphs that training dequantizes with. */
class Dequantizer implements AsyncDisposable {
  readonly #weights: LlamaWeights;
  readonly #sessions = new Map<string, Session<Tensor>>();

  constructor(weights: LlamaWeights) {
    this.#weights = weights;
  }

  async floats(layer: number, projection: Projection): Promise<Float32Array> {
    const matrix = this.#weights.matrix(layer, projection);
    if (matrix instanceof Float32Array) return matrix;
    const session = await this.#session(
      this.#weights.form(layer, projection),
      projectionShape(this.#weights.config, projection),
    );
    return (await session.run(matrixFeeds('w', matrix))).data as Float32Array;
  }

  async #session(form: MatrixForm, shape: readonly [number, number]): Promise<Session<Tensor>> {
    const key = `${form} ${shape}`;
    let session = this.#sessions.get(key);
    if (session === undefined) {
      session = await open(matrixInput('w', form, shape), { threads: 1, name: 'dequantization' });
      this.#sessions.set(key, session);
    }
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions.values()) await session[Symbol.asyncDispose]();
  }
}

/** The base with the seven matrices of each layer in float16, all in memory; embedding and head stay as they are. */
export async function inFloat16(weights: LlamaWeights): Promise<LlamaWeights> {
  await using dequantizer = new Dequantizer(weights);
  const halves = new Map<string, HalfMatrix>();
  for (let layer = 0; layer < weights.config.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const bytes = quantize('F16', await dequantizer.floats(layer, projection));
      const half = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
      halves.set(`${layer}.${projection}`, { half });
    }
  }
  return {
    ...weights,
    // Getters of a class are not copied.
    config: weights.config,
    embedding: weights.embedding,
    outputNorm: weights.outputNorm,
    output: weights.output,
    norms: (layer) => weights.norms(layer),
    matrix: (layer, projection) => halves.get(`${layer}.${projection}`) as HalfMatrix,
    form: () => 'float16',
  };
}

/**
 * Full tuning: an engine whose parameters are all weights of the base, dequantized.
 * @throws LlamaXrError CONFIG for a base with stretched rotary frequencies, which dense models do not have; DEVICE, ENGINE.
 */
export async function openFullTuningEngine(
  weights: LlamaWeights,
  options: Omit<PretrainingOptions, 'seed'> = {},
): Promise<PretrainingEngine> {
  const { config } = weights;
  if (weights.ropeFactors !== undefined || config.ropeScaling !== undefined)
    fail('CONFIG', 'full tuning: expected a base with plain rotary positions, got stretched frequencies');
  const engine = await openPretrainingEngine(config, options);
  await using dequantizer = new Dequantizer(weights);
  for (const slot of engine.layout)
    viewOf(engine.parameters, slot).set(await valuesOfSlot(weights, slot, dequantizer));
  return engine;
}

async function valuesOfSlot(
  weights: LlamaWeights,
  { name }: ParameterSlot,
  dequantizer: Dequantizer,
): Promise<Float32Array> {
  const { vocabulary } = weights.config;
  if (name === 'embedding') return valuesOf(weights.embedding, vocabulary);
  if (name === 'outputNorm') return weights.outputNorm;
  if (name === 'output') return valuesOf(weights.output ?? weights.embedding, vocabulary);
  const [, layer, part] = name.split('.') as [string, string, string];
  if (part === 'attentionNorm') return weights.norms(Number(layer)).attention;
  if (part === 'feedForwardNorm') return weights.norms(Number(layer)).feedForward;
  return dequantizer.floats(Number(layer), part as Projection);
}
