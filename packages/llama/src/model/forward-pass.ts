/**
 * The model forward, one session run a layer: hidden states, log probabilities, logits. No more memory than one
 * layer's weights in float32 and the hidden state.
 */
import { type Answer, f32, input, open, type Session, type SessionOptions, type Value } from '@llama-xr/onnx';
import type { Tensor } from '@llama-xr/tensor';
import type { ProjectorPass } from '../fusion/projector-pass.ts';
import type { AdapterShape } from './adapter-shape.ts';
import { type LayerKind, layerInputs } from './base-inputs.ts';
import { type Batch, rowsInLoss, type TokenBatch } from './batch.ts';
import { DropoutMasks } from './dropout.ts';
import type { FrozenBase } from './frozen-base.ts';
import { layer, sequenceInputs, TOKENS } from './layer.ts';
import { viewOf } from './parameters.ts';
import type { StreamedHead } from './streamed-head.ts';
import type { Scorer } from './training-engine.ts';
import type { LlamaConfig } from './weights-type.ts';

/** Graph: one layer, x to y. */
function forwardLayer(config: LlamaConfig, kind: LayerKind, adapter: AdapterShape): { y: Value } {
  const x = input('x', f32, [TOKENS, config.width]);
  const weights = layerInputs(config, kind, adapter);
  return { y: layer(x, weights, sequenceInputs(config), config, adapter) };
}

/** Graph: as {@link forwardLayer}, with what its backward pass would else compute again. */
export function keepingLayer(config: LlamaConfig, kind: LayerKind, adapter: AdapterShape) {
  const x = input('x', f32, [TOKENS, config.width]);
  const kept: Record<string, Value> = {};
  const keep = (name: string, value: Value) => {
    kept[name] = value;
    return value;
  };
  const weights = layerInputs(config, kind, adapter);
  return { y: layer(x, weights, sequenceInputs(config), config, { ...adapter, keep }), kept };
}

export type KeepingSession = Session<Answer<ReturnType<typeof keepingLayer>>>;

/** The layers from `first` on also give what they keep, which `take` gets. */
export interface Keeping {
  readonly first: number;
  readonly sessions: ReadonlyMap<LayerKind, KeepingSession>;
  take(layer: number, kept: Readonly<Record<string, Float32Array>>): void;
}

/** The adapter tensors of one layer as views of a flat array, by their names within the layer and a prefix. */
export function adapterViews(
  { layout }: AdapterShape,
  layer: number,
  flat: Float32Array,
  prefix = '',
): Record<string, Float32Array> {
  const own = `layers.${layer}.`;
  const slots = layout.filter(({ name }) => name.startsWith(own));
  return Object.fromEntries(
    slots.map((slot) => [`${prefix}${slot.name.slice(own.length)}`, viewOf(flat, slot)]),
  );
}

function arraysOf(tensors: Readonly<Record<string, Tensor>>): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data as Float32Array]));
}

type LayerSession = Session<Answer<ReturnType<typeof forwardLayer>>>;

export class ForwardPass implements Scorer {
  readonly #base: FrozenBase;
  readonly #adapter: AdapterShape;
  readonly #dropout: DropoutMasks;
  readonly #head: StreamedHead;
  readonly #projector: ProjectorPass | undefined;
  readonly #layers: ReadonlyMap<LayerKind, LayerSession>;

  private constructor(
    base: FrozenBase,
    adapter: AdapterShape,
    head: StreamedHead,
    projector: ProjectorPass | undefined,
    layers: ReadonlyMap<LayerKind, LayerSession>,
  ) {
    this.#base = base;
    this.#adapter = adapter;
    this.#dropout = new DropoutMasks(base.config, adapter);
    this.#head = head;
    this.#projector = projector;
    this.#layers = layers;
  }

  /**
   * @param adapter with dropout, hidden states are those of training; for scoring it has none.
   * @param head is closed with this.
   * @param projector makes soft tokens, and is closed by who opened it.
   */
  static async open(
    base: FrozenBase,
    adapter: AdapterShape,
    head: StreamedHead,
    session: SessionOptions,
    projector?: ProjectorPass,
  ): Promise<ForwardPass> {
    const { config } = base;
    const layers = new Map<LayerKind, LayerSession>();
    for (const kind of new Set(base.kinds))
      layers.set(kind, await open(forwardLayer(config, kind, adapter), { ...session, name: 'layer' }));
    return new ForwardPass(base, adapter, head, projector, layers);
  }

  /**
   * The hidden state after the last layer, [B * S, E].
   * @param options.inputs takes each layer's input, where they are wanted.
   * @param options.dropoutSeed decides what is left out, where the adapter has dropout.
   */
  async hidden(
    batch: TokenBatch,
    parameters: Float32Array,
    {
      inputs,
      keeping,
      dropoutSeed,
    }: { inputs?: Float32Array[]; keeping?: Keeping | undefined; dropoutSeed?: string | undefined } = {},
  ): Promise<Float32Array> {
    const sequence = this.#base.sequence(batch);
    let x = this.#base.embed(batch);
    await this.#projector?.inject(x, batch, parameters);
    for (const [layer, kind] of this.#base.kinds.entries()) {
      inputs?.push(x);
      const adapter = adapterViews(this.#adapter, layer, parameters);
      const dropped = this.#dropout.feeds(batch.ids.length, layer, dropoutSeed);
      const feeds = { x, ...sequence, ...this.#base.layer(layer), ...adapter, ...dropped };
      if (keeping === undefined || layer < keeping.first) {
        const { y } = await (this.#layers.get(kind) as LayerSession).run(feeds);
        x = y.data as Float32Array;
      } else {
        const { y, kept } = await (keeping.sessions.get(kind) as KeepingSession).run(feeds);
        keeping.take(layer, arraysOf(kept));
        x = y.data as Float32Array;
      }
    }
    return x;
  }

  async logProbabilities(batch: Batch, parameters: Float32Array): Promise<Float32Array> {
    const hidden = await this.hidden(batch, parameters);
    const rows = rowsInLoss(batch);
    const found = await this.#head.logProbabilities(batch, hidden, rows);
    const result = new Float32Array(batch.ids.length);
    rows.forEach((row, i) => {
      result[row] = found[i] as number;
    });
    return result;
  }

  async logits(tokens: TokenBatch, rows: Int32Array, parameters: Float32Array): Promise<Float32Array> {
    return this.#head.logits(await this.hidden(tokens, parameters), rows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#layers.values()) await session[Symbol.asyncDispose]();
    await this.#head[Symbol.asyncDispose]();
  }
}
