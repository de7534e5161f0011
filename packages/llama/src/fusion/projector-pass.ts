/**
 * Soft tokens in a batch, forward and backward: apart from the model's own graphs, which see rows of embeddings and know
 * nothing of where they come from. Thus all ways of running a step share it.
 */
import { type Answer, type Feeds, open, type Session, type SessionOptions } from '@llama-xr/onnx';
import { asInt64, type SoftRows, type TokenBatch, takeRows } from '../model/batch.ts';
import type { ParameterLayout } from '../model/parameters.ts';
import { backwardProjector, forwardProjector, type ProjectorShape, projectorViews } from './projector.ts';

export class ProjectorPass implements AsyncDisposable {
  readonly shape: ProjectorShape;
  /** E */
  readonly #width: number;
  readonly #layout: ParameterLayout;
  readonly #forward: Session<Answer<ReturnType<typeof forwardProjector>>>;
  readonly #backward: Session<Answer<ReturnType<typeof backwardProjector>>>;

  private constructor(
    shape: ProjectorShape,
    width: number,
    layout: ParameterLayout,
    forward: Session<Answer<ReturnType<typeof forwardProjector>>>,
    backward: Session<Answer<ReturnType<typeof backwardProjector>>>,
  ) {
    this.shape = shape;
    this.#width = width;
    this.#layout = layout;
    this.#forward = forward;
    this.#backward = backward;
  }

  /** @param layout of all that is trained, with the projector's slots among it. */
  static async open(
    shape: ProjectorShape,
    width: number,
    layout: ParameterLayout,
    session: SessionOptions,
  ): Promise<ProjectorPass> {
    const forward = await open(forwardProjector(shape, width), { ...session, name: 'projector' });
    const backward = await open(backwardProjector(shape, width), { ...session, name: 'projector backward' });
    return new ProjectorPass(shape, width, layout, forward, backward);
  }

  /** Puts the vectors of a batch's soft tokens in their rows of x, [B * S, E]. */
  async inject(x: Float32Array, { soft }: TokenBatch, parameters: Float32Array): Promise<void> {
    if (soft === undefined || soft.rows.length === 0) return;
    const found = await this.#forward.run({ ...feedsOf(soft), ...projectorViews(this.#layout, parameters) });
    const vectors = found.soft.data as Float32Array;
    soft.rows.forEach((row, i) => {
      x.set(vectors.subarray(i * this.#width, (i + 1) * this.#width), row * this.#width);
    });
  }

  /** Fills the projector's part of `gradients` from the gradient of x, [B * S, E]. */
  async pullBack(
    dx: Float32Array,
    { soft }: TokenBatch,
    parameters: Float32Array,
    gradients: Float32Array,
  ): Promise<void> {
    const own = projectorViews(this.#layout, gradients);
    if (soft === undefined || soft.rows.length === 0) {
      for (const view of Object.values(own)) view.fill(0);
      return;
    }
    const feeds = {
      ...feedsOf(soft),
      ...projectorViews(this.#layout, parameters),
      dSoft: takeRows(dx, this.#width, soft.rows),
    };
    const into = Object.fromEntries(Object.entries(own).map(([name, view]) => [`gradients.${name}`, view]));
    await this.#backward.run(feeds, into);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#forward[Symbol.asyncDispose]();
    await this.#backward[Symbol.asyncDispose]();
  }
}

const feedsOf = ({ features, slots, present }: SoftRows): Feeds => ({
  features,
  slots: asInt64(slots),
  present: Float32Array.from(present),
});
