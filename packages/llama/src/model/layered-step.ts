/**
 * A training step layer by layer, with recomputation (Chen et al. 2016, arXiv 1604.06174): forward keeps each layer's
 * input alone; backward computes the layer once more and goes back through it in the same graph. Least memory.
 */
import { open, type SessionOptions } from '@llama-xr/onnx';
import type { ProjectorPass } from '../fusion/projector-pass.ts';
import type { AdapterShape } from './adapter-shape.ts';
import { type BackwardSession, backwardLayer } from './backward-layer.ts';
import type { LayerKind } from './base-inputs.ts';
import { type Batch, rowsInLoss } from './batch.ts';
import { DropoutMasks } from './dropout.ts';
import { adapterViews, ForwardPass } from './forward-pass.ts';
import type { FrozenBase } from './frozen-base.ts';
import { KeptActivations } from './kept-activations.ts';
import type { StreamedHead } from './streamed-head.ts';
import type { Step } from './training-engine.ts';

export class LayeredStep implements Step {
  readonly #base: FrozenBase;
  readonly #adapter: AdapterShape;
  readonly #forward: ForwardPass;
  readonly #dropout: DropoutMasks;
  readonly #projector: ProjectorPass | undefined;
  readonly #layers: ReadonlyMap<LayerKind, BackwardSession>;
  readonly #head: StreamedHead;
  readonly #kept: KeptActivations | undefined;

  private constructor(
    base: FrozenBase,
    adapter: AdapterShape,
    forward: ForwardPass,
    head: StreamedHead,
    projector: ProjectorPass | undefined,
    layers: ReadonlyMap<LayerKind, BackwardSession>,
    kept: KeptActivations | undefined,
  ) {
    this.#base = base;
    this.#adapter = adapter;
    this.#forward = forward;
    this.#dropout = new DropoutMasks(base.config, adapter);
    this.#projector = projector;
    this.#layers = layers;
    this.#head = head;
    this.#kept = kept;
  }

  /** @param keptBytes that activations may take which the backward pass would else compute again. */
  static async open(
    base: FrozenBase,
    adapter: AdapterShape,
    forward: ForwardPass,
    head: StreamedHead,
    keptBytes: number,
    session: SessionOptions,
    projector?: ProjectorPass,
  ): Promise<LayeredStep> {
    const layers = new Map<LayerKind, BackwardSession>();
    for (const kind of new Set(base.kinds))
      layers.set(
        kind,
        await open(backwardLayer(base.config, kind, adapter), { ...session, name: 'layer backward' }),
      );
    // With dropout, training goes forward through other graphs than scoring.
    const training =
      adapter.dropout === 0 ? forward : await ForwardPass.open(base, adapter, head, session, projector);
    const kept = keptBytes > 0 ? await KeptActivations.open(base, adapter, keptBytes, session) : undefined;
    return new LayeredStep(base, adapter, training, head, projector, layers, kept);
  }

  async run(
    batch: Batch,
    parameters: Float32Array,
    gradients: Float32Array,
    dropoutSeed?: string,
  ): Promise<number> {
    const inputs: Float32Array[] = [];
    const keeping = this.#kept?.step(batch.ids.length);
    const hidden = await this.#forward.hidden(batch, parameters, { inputs, keeping, dropoutSeed });
    const { loss, dHidden } = await this.#runHead(batch, hidden);
    const sequence = this.#base.sequence(batch);
    let dy = dHidden;
    for (let layer = inputs.length - 1; layer >= 0; layer--) {
      const kind = this.#base.kinds[layer] as LayerKind;
      const plain = { session: this.#layers.get(kind) as BackwardSession, feeds: {} };
      const { session, feeds: kept } = keeping?.give(layer, kind) ?? plain;
      const adapter = adapterViews(this.#adapter, layer, parameters);
      const x = inputs.pop() as Float32Array;
      const dropped = this.#dropout.feeds(batch.ids.length, layer, dropoutSeed);
      const feeds = { x, dy, ...kept, ...sequence, ...this.#base.layer(layer), ...adapter, ...dropped };
      const { dx } = await session.run(feeds, adapterViews(this.#adapter, layer, gradients, 'gradients.'));
      dy = dx.data as Float32Array;
    }
    await this.#projector?.pullBack(dy, batch, parameters, gradients);
    return loss;
  }

  /** The loss, and its gradient with respect to the last hidden state: zero in rows outside the loss. */
  async #runHead(batch: Batch, hidden: Float32Array): Promise<{ loss: number; dHidden: Float32Array }> {
    const { width } = this.#base.config;
    const rows = rowsInLoss(batch);
    const { loss, dRows } = await this.#head.learn(batch, hidden, rows);
    const dHidden = new Float32Array(hidden.length);
    rows.forEach((row, i) => {
      dHidden.set(dRows.subarray(i * width, (i + 1) * width), row * width);
    });
    return { loss, dHidden };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#layers.values()) await session[Symbol.asyncDispose]();
    await this.#kept?.[Symbol.asyncDispose]();
    if (this.#adapter.dropout > 0) await this.#forward[Symbol.asyncDispose]();
  }
}
