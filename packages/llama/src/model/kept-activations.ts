/**
 * What a layered step keeps from its forward pass, so that the backward pass need not compute it again: projections and
 * the residual stream inside a layer, for as many of the last layers as a budget of memory allows. The last ones, since
 * the backward pass comes to them first and gives their memory back. Without a budget every layer is computed again.
 */
import { open, type SessionOptions } from '@llama-xr/onnx';
import type { AdapterShape } from './adapter-shape.ts';
import { type BackwardSession, backwardLayer } from './backward-layer.ts';
import type { LayerKind } from './base-inputs.ts';
import { type Keeping, type KeepingSession, keepingLayer } from './forward-pass.ts';
import type { FrozenBase } from './frozen-base.ts';
import type { LlamaConfig } from './weights-type.ts';

/** Bytes that a layer keeps for a token: q, k, v, the residual stream after attention, gate and up. */
export function keptBytes({ width, feedForward, heads, kvHeads, headSize }: LlamaConfig): number {
  return 4 * ((heads + 2 * kvHeads) * headSize + width + 2 * feedForward);
}

export class KeptActivations implements AsyncDisposable {
  readonly #config: LlamaConfig;
  readonly #budget: number;
  readonly #forward: ReadonlyMap<LayerKind, KeepingSession>;
  readonly #backward: ReadonlyMap<LayerKind, BackwardSession>;

  private constructor(
    config: LlamaConfig,
    budget: number,
    forward: ReadonlyMap<LayerKind, KeepingSession>,
    backward: ReadonlyMap<LayerKind, BackwardSession>,
  ) {
    this.#config = config;
    this.#budget = budget;
    this.#forward = forward;
    this.#backward = backward;
  }

  /** @param budget bytes that may be kept. */
  static async open(
    { config, kinds }: FrozenBase,
    adapter: AdapterShape,
    budget: number,
    session: SessionOptions,
  ): Promise<KeptActivations> {
    const forward = new Map<LayerKind, KeepingSession>();
    const backward = new Map<LayerKind, BackwardSession>();
    for (const kind of new Set(kinds)) {
      forward.set(kind, await open(keepingLayer(config, kind, adapter), { ...session, name: 'layer, kept' }));
      const graph = backwardLayer(config, kind, adapter, true);
      backward.set(kind, await open(graph, { ...session, name: 'layer backward, kept' }));
    }
    return new KeptActivations(config, budget, forward, backward);
  }

  /** What a step of so many tokens keeps. */
  step(tokens: number): StepActivations {
    const layers = Math.floor(this.#budget / (tokens * keptBytes(this.#config)));
    const first = Math.max(0, this.#config.layers - layers);
    return new StepActivations(first, this.#forward, this.#backward);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of [...this.#forward.values(), ...this.#backward.values()])
      await session[Symbol.asyncDispose]();
  }
}

/** The activations of one step. */
export class StepActivations implements Keeping {
  readonly first: number;
  readonly sessions: ReadonlyMap<LayerKind, KeepingSession>;
  readonly #backward: ReadonlyMap<LayerKind, BackwardSession>;
  readonly #kept = new Map<number, Readonly<Record<string, Float32Array>>>();

  constructor(
    first: number,
    sessions: ReadonlyMap<LayerKind, KeepingSession>,
    backward: ReadonlyMap<LayerKind, BackwardSession>,
  ) {
    this.first = first;
    this.sessions = sessions;
    this.#backward = backward;
  }

  take(layer: number, kept: Readonly<Record<string, Float32Array>>): void {
    this.#kept.set(layer, kept);
  }

  /** The backward graph of a layer and what it is fed with beyond the plain one, given away; undefined where nothing was kept. */
  give(
    layer: number,
    kind: LayerKind,
  ): { session: BackwardSession; feeds: Record<string, Float32Array> } | undefined {
    const kept = this.#kept.get(layer);
    const session = this.#backward.get(kind);
    if (kept === undefined || session === undefined) return undefined;
    this.#kept.delete(layer);
    const feeds = Object.fromEntries(Object.entries(kept).map(([name, array]) => [`kept.${name}`, array]));
    return { session, feeds };
  }
}
