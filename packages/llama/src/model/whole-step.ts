/**
 * A training step as one graph: activations and merged weights never leave ONNX Runtime, and only the loss and the
 * adapter's gradients come out. Fastest; needs memory for all layers at once.
 */
import {
  computesOnCpu,
  type Feeds,
  f32,
  gatherRows,
  gradient,
  i64,
  input,
  open,
  product,
  type Session,
  type SessionOptions,
  type Value,
} from '@llama-xr/onnx';
import type { Tensor } from '@llama-xr/tensor';
import type { ProjectorPass } from '../fusion/projector-pass.ts';
import type { AdapterShape } from './adapter-shape.ts';
import { layerInputs } from './base-inputs.ts';
import { asInt64, type Batch, rowsInLoss } from './batch.ts';
import { DropoutMasks } from './dropout.ts';
import type { FrozenBase } from './frozen-base.ts';
import { headInputs, headLoss, lossInputs } from './head.ts';
import { layer, sequenceInputs, TOKENS } from './layer.ts';
import { layersMergedOnce } from './memory.ts';
import { viewOf } from './parameters.ts';
import type { Step } from './training-engine.ts';

export interface WholeStepOptions {
  /** Into how many equal parts the rows of the head are cut. */
  readonly headChunks: number;
  /** Memory for merged weights, of as many layers as fit: the others dequantize and merge again in the backward pass. */
  readonly keptBytes: number;
}

/**
 * Graph: the loss of a batch and the gradients of all adapters, under the names of the layout; with soft tokens, that of
 * the embeddings, `x`, too.
 */
function wholeStep(
  { config, kinds }: FrozenBase,
  { factor, ...shape }: AdapterShape,
  options: WholeStepOptions,
  soft: boolean,
) {
  const { headChunks, keptBytes } = options;
  // Those that the backward pass comes to first.
  const firstKept = config.layers - layersMergedOnce(config, keptBytes);
  const sequence = sequenceInputs(config);
  const parameters: Record<string, Value> = {};
  let x = input('x', f32, [TOKENS, config.width]);
  if (soft) parameters.x = x;
  for (const [number, kind] of kinds.entries()) {
    const prefix = `layers.${number}.`;
    const weights = layerInputs(config, kind, shape, prefix);
    for (const [name, value] of Object.entries(weights.adapter ?? {})) parameters[`${prefix}${name}`] = value;
    x = layer(x, weights, sequence, config, {
      factor,
      mergeAgain: number < firstKept,
      apart: shape.apart ?? false,
    });
  }
  const count = product('C', headChunks);
  const rows = gatherRows(x, input('rows', i64, [count]));
  return gradient(headLoss(rows, headInputs(config), lossInputs(count), config, headChunks), parameters);
}

/** All that does not change from step to step, under its names in the graph. */
function frozenWeights(base: FrozenBase): Feeds {
  const layers = base.kinds.flatMap((_, layer) =>
    Object.entries(base.layer(layer)).map(([name, feed]) => [`layers.${layer}.${name}`, feed]),
  );
  return { ...base.head, ...Object.fromEntries(layers) };
}

interface WholeAnswer {
  readonly loss: Tensor;
  readonly gradients: Readonly<Record<string, Tensor>>;
}

export class WholeStep implements Step {
  readonly #base: FrozenBase;
  readonly #adapter: AdapterShape;
  readonly #dropout: DropoutMasks;
  readonly #headChunks: number;
  readonly #projector: ProjectorPass | undefined;
  readonly #session: Session<WholeAnswer>;
  /** The frozen weights, under their names in the graph; nothing where they lie on the device. */
  readonly #weights: Feeds;

  private constructor(
    base: FrozenBase,
    adapter: AdapterShape,
    headChunks: number,
    projector: ProjectorPass | undefined,
    session: Session<WholeAnswer>,
    weights: Feeds,
  ) {
    this.#base = base;
    this.#adapter = adapter;
    this.#dropout = new DropoutMasks(base.config, adapter);
    this.#headChunks = headChunks;
    this.#projector = projector;
    this.#session = session;
    this.#weights = weights;
  }

  static async open(
    base: FrozenBase,
    adapter: AdapterShape,
    options: WholeStepOptions,
    session: SessionOptions,
    projector?: ProjectorPass,
  ): Promise<WholeStep> {
    // Rewriting would find what is computed again on purpose and keep it instead.
    const settings: SessionOptions = {
      ...session,
      name: 'training step',
      optimization: 'none',
      memoryPattern: false,
    };
    const graph = wholeStep(base, adapter, options, projector !== undefined);
    const [fed, resident] = computesOnCpu(session.device ?? 'cpu')
      ? [frozenWeights(base), {}]
      : [{}, frozenWeights(base)];
    const opened = await open(graph, settings, resident);
    return new WholeStep(base, adapter, options.headChunks, projector, opened, fed);
  }

  async run(
    batch: Batch,
    parameters: Float32Array,
    gradients: Float32Array,
    dropoutSeed?: string,
  ): Promise<number> {
    const { rows, weights } = this.#paddedRows(batch);
    const adapter = Object.fromEntries(
      this.#adapter.layout.map((slot) => [slot.name, viewOf(parameters, slot)]),
    );
    const into = Object.fromEntries(
      this.#adapter.layout.map((slot) => [`gradients.${slot.name}`, viewOf(gradients, slot)]),
    );
    const dropped = this.#base.kinds.map((_, layer) =>
      this.#dropout.feeds(batch.ids.length, layer, dropoutSeed, `layers.${layer}.`),
    );
    const x = this.#base.embed(batch);
    await this.#projector?.inject(x, batch, parameters);
    const feeds: Feeds = {
      x,
      rows: asInt64(rows),
      labels: asInt64(rows.map((row) => batch.labels[row] as number)),
      weights,
      ...this.#base.sequence(batch),
      ...this.#weights,
      ...adapter,
      ...Object.assign({}, ...dropped),
    };
    const { loss, gradients: found } = await this.#session.run(feeds, into);
    const dx = found.x?.data as Float32Array;
    await this.#projector?.pullBack(dx, batch, parameters, gradients);
    return loss.data[0] as number;
  }

  /** The rows in the loss, filled up with copies of weight 0 until the head's parts are equal. */
  #paddedRows(batch: Batch): { rows: Int32Array; weights: Float32Array } {
    const inLoss = rowsInLoss(batch);
    const chunks = this.#headChunks;
    const rows = new Int32Array(Math.ceil(inLoss.length / chunks) * chunks).fill(inLoss[0] as number);
    rows.set(inLoss);
    const weights = new Float32Array(rows.length);
    inLoss.forEach((row, i) => {
      weights[i] = batch.weights[row] as number;
    });
    return { rows, weights };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
