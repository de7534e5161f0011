/** The graphs of a model whose weights are all parameters, and the sessions that run them. */
import {
  crossEntropy,
  type Feeds,
  f32,
  gatherRows,
  gradient,
  i64,
  input,
  linear,
  logProbability,
  open,
  rmsNorm,
  type Session,
  type SessionOptions,
  type Value,
} from '@llama-xr/onnx';
import type { Tensor } from '@llama-xr/tensor';
import { asInt64, type Batch, SequenceFeeds, type TokenBatch, takeRows } from './batch.ts';
import { lossInputs } from './head.ts';
import { type LayerValues, layer, sequenceInputs, TOKENS } from './layer.ts';
import { type ParameterLayout, viewOf } from './parameters.ts';
import { type RopeTables, ropeTables } from './rope.ts';
import type { Scorer, Step } from './training-engine.ts';
import { type LlamaConfig, PROJECTIONS, type Projection } from './weights-type.ts';

/** Logits of all tokens, [B*S, V]. */
function denseLogits(config: LlamaConfig, values: Readonly<Record<string, Value>>): Value {
  const value = (name: string) => values[name] as Value;
  const sequence = sequenceInputs(config);
  let x = gatherRows(value('embedding'), input('ids', i64, [TOKENS])); // [B*S, E]
  for (let number = 0; number < config.layers; number++) {
    const prefix = `layers.${number}.`;
    const base = Object.fromEntries(
      PROJECTIONS.map((projection) => [projection, value(`${prefix}${projection}`)]),
    );
    const weights: LayerValues = {
      attentionNorm: value(`${prefix}attentionNorm`),
      feedForwardNorm: value(`${prefix}feedForwardNorm`),
      base: base as Record<Projection, Value>,
    };
    x = layer(x, weights, sequence, config, { factor: 0 });
  }
  const head = value(config.tiedEmbedding ? 'embedding' : 'output');
  return linear(rmsNorm(x, value('outputNorm'), { eps: config.rmsEps }), head);
}

interface StepAnswer {
  readonly loss: Tensor;
  readonly gradients: Readonly<Record<string, Tensor>>;
}

interface Sessions {
  readonly step: Session<StepAnswer>;
  readonly scores: Session<{ logProbabilities: Tensor }>;
  readonly logits: Session<{ logits: Tensor }>;
}

export class DenseModel implements Step, Scorer {
  readonly #config: LlamaConfig;
  readonly #layout: ParameterLayout;
  readonly #sessions: Sessions;
  readonly #sequences = new SequenceFeeds();
  readonly #tables: RopeTables;

  private constructor(config: LlamaConfig, layout: ParameterLayout, sessions: Sessions) {
    this.#config = config;
    this.#layout = layout;
    this.#sessions = sessions;
    this.#tables = ropeTables({ config }, config.contextLength);
  }

  static async open(
    config: LlamaConfig,
    layout: ParameterLayout,
    session: SessionOptions,
  ): Promise<DenseModel> {
    const values = Object.fromEntries(layout.map(({ name, shape }) => [name, input(name, f32, shape)]));
    const logits = denseLogits(config, values);
    const { labels, weights } = lossInputs(TOKENS);
    const step = gradient(crossEntropy(logits, labels, weights), values);
    return new DenseModel(config, layout, {
      step: await open(step, { ...session, name: 'pretraining step' }),
      scores: await open(
        { logProbabilities: logProbability(logits, labels) },
        { ...session, name: 'scores' },
      ),
      logits: await open({ logits }, { ...session, name: 'logits' }),
    });
  }

  async run(batch: Batch, parameters: Float32Array, gradients: Float32Array): Promise<number> {
    const into = Object.fromEntries(
      this.#layout.map((slot) => [`gradients.${slot.name}`, viewOf(gradients, slot)]),
    );
    const feeds = {
      ...this.#feeds(batch, parameters),
      labels: asInt64(batch.labels),
      weights: batch.weights,
    };
    const { loss } = await this.#sessions.step.run(feeds, into);
    return loss.data[0] as number;
  }

  async logProbabilities(batch: Batch, parameters: Float32Array): Promise<Float32Array> {
    const feeds = { ...this.#feeds(batch, parameters), labels: asInt64(batch.labels) };
    const { logProbabilities } = await this.#sessions.scores.run(feeds);
    return (logProbabilities.data as Float32Array).map((value, i) => (batch.weights[i] === 0 ? 0 : value));
  }

  async logits(tokens: TokenBatch, rows: Int32Array, parameters: Float32Array): Promise<Float32Array> {
    const { logits } = await this.#sessions.logits.run(this.#feeds(tokens, parameters));
    return takeRows(logits.data as Float32Array, this.#config.vocabulary, rows);
  }

  #feeds(tokens: TokenBatch, parameters: Float32Array): Feeds {
    return {
      ids: asInt64(tokens.ids),
      ...this.#sequences.feeds(tokens, this.#tables),
      ...Object.fromEntries(this.#layout.map((slot) => [slot.name, viewOf(parameters, slot)])),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session[Symbol.asyncDispose]();
  }
}
