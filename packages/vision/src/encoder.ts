/**
 * The encoder: a DenseNet-121 that turns views into 18 finding scores, pooled features and a feature map, behind
 * guards that refuse rather than answer nonsense. Weights come from a file (checkpoint.ts) or from a seed.
 */
import { ENCODER_SIZE } from '@llama-xr/imaging';
import {
  type Answer,
  type Device,
  f32,
  input,
  open,
  type Session,
  type SessionOptions,
} from '@llama-xr/onnx';
import { toFloat32 } from '@llama-xr/tensor';
import { readCheckpoint } from './checkpoint.ts';
import { DENSENET_121, type DenseNetOutputs, denseNet } from './densenet.ts';
import { ConstantOutputGuard, checkFinite } from './guards.ts';
import { inferenceLayers } from './layers.ts';
import { normaliseScores, type OperatingPoints, PATHOLOGIES } from './pathologies.ts';
import { randomWeights } from './random-weights.ts';
import { checkPixels, type ViewInput } from './view-input.ts';

/** Channels, rows and columns of the feature map. */
export const MAP_SHAPE = [1024, 7, 7] as const;
export const FEATURES = MAP_SHAPE[0];

export interface EncoderOptions {
  readonly device?: Device;
  readonly threads?: number;
  /** Views in one pass, 4 where absent: more is no faster on a CPU and takes 12 MB each. */
  readonly batch?: number;
  /** In place of those that the file brings or its name stands for. */
  readonly operatingPoints?: OperatingPoints;
}

/** A file: TorchXRayVision's `.pt`, a state dict, or safetensors. Or a seed, for random weights. */
export type EncoderSource = string | { readonly randomSeed: number };

export interface EncodedView {
  readonly view: ViewInput;
  /** [18] in (0, 1): sigmoid of the logits, in the order of PATHOLOGIES. */
  readonly raw: Float32Array;
  /** [18] in (0, 1): 0.5 is the operating point. */
  readonly normalised: Float32Array;
  /** [1024], not negative */
  readonly pooled: Float32Array;
  /** [1024, 7, 7], before the last ReLU, as `DenseNet.features` gives it */
  readonly map: Float32Array;
}

interface Identity {
  readonly name: string;
  readonly hash: string;
  readonly notices: readonly string[];
  readonly operatingPoints: OperatingPoints | undefined;
}

/**
 * @throws LlamaXrError FILE_* for a file that cannot be read, ENCODER for one that holds no such network or labels in
 * another order (all mistakes at once), DEVICE, ENGINE.
 */
export async function loadEncoder(source: EncoderSource, options: EncoderOptions = {}): Promise<Encoder> {
  const { device, threads, batch = 4 } = options;
  const session: SessionOptions = { ...(device && { device }), ...(threads && { threads }), name: 'encoder' };
  const { weights, ...identity } =
    typeof source === 'string'
      ? await readCheckpoint(source, options.operatingPoints)
      : await randomEncoder(source.randomSeed, session);
  const x = input('x', f32, ['B', DENSENET_121.inputChannels, ENCODER_SIZE, ENCODER_SIZE]);
  const outputs = denseNet(x, DENSENET_121, inferenceLayers(DENSENET_121, weights));
  return new Encoder(identity, await open(outputs, session), batch);
}

async function randomEncoder(seed: number, session: SessionOptions) {
  const { weights, hash } = await randomWeights(DENSENET_121, seed, session);
  const name = `random-weight DenseNet-121 (seed ${seed})`;
  const notices = [`${name}: its 18 scores mean nothing`];
  return { weights, hash, name, notices, operatingPoints: undefined };
}

export class Encoder implements AsyncDisposable {
  /** Names the weights in every artefact. */
  readonly name: string;
  /** SHA-256 of the file, or of the weights drawn. */
  readonly hash: string;
  /** What every reader of the features must know. */
  readonly notices: readonly string[];
  /** Where absent, normalised scores equal the raw ones, and a notice says so. */
  readonly operatingPoints: OperatingPoints | undefined;
  readonly labels = PATHOLOGIES;
  readonly #session: Session<Answer<DenseNetOutputs>>;
  readonly #batch: number;
  readonly #constant = new ConstantOutputGuard();

  constructor(identity: Identity, session: Session<Answer<DenseNetOutputs>>, batch: number) {
    this.name = identity.name;
    this.hash = identity.hash;
    this.notices = identity.notices;
    this.operatingPoints = identity.operatingPoints;
    this.#session = session;
    this.#batch = batch;
  }

  /**
   * Encodes views, in their order.
   * @throws LlamaXrError ENCODER when pixels are out of range, an output is no number, or the outputs do not depend on
   * the image.
   */
  async encode(views: readonly ViewInput[]): Promise<EncodedView[]> {
    for (const view of views) checkPixels(view);
    const encoded: EncodedView[] = [];
    for (let start = 0; start < views.length; start += this.#batch)
      encoded.push(...(await this.#encodeBatch(views.slice(start, start + this.#batch))));
    return encoded;
  }

  async #encodeBatch(views: readonly ViewInput[]): Promise<EncodedView[]> {
    const x = new Float32Array(views.length * ENCODER_SIZE ** 2);
    views.forEach((view, i) => {
      x.set(view.pixels, i * ENCODER_SIZE ** 2);
    });
    const answer = await this.#session.run({ x });
    const [logits, pooled, map] = [answer.logits, answer.pooled, answer.map].map((tensor) => {
      const data = toFloat32(tensor);
      const size = data.length / views.length;
      return views.map((_, i) => data.slice(i * size, (i + 1) * size));
    }) as [Float32Array[], Float32Array[], Float32Array[]];
    return views.map((view, i) =>
      this.#checked(view, logits[i] as Float32Array, pooled[i] as Float32Array, map[i] as Float32Array),
    );
  }

  #checked(view: ViewInput, logits: Float32Array, pooled: Float32Array, map: Float32Array): EncodedView {
    checkFinite(view.name, 'scores', logits);
    checkFinite(view.name, 'features', pooled);
    this.#constant.check(view, logits);
    const raw = logits.map((z) => 1 / (1 + Math.exp(-z)));
    const points = this.operatingPoints;
    return {
      view,
      raw,
      normalised: points === undefined ? raw : normaliseScores(raw, points),
      pooled,
      map,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
