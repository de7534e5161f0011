/**
 * For tests of derivatives: compares what reverse mode gives with central differences, in float64. With a step of
 * 1e-5 and values around 1, the two agree to about 1e-9 where the derivative is right.
 */
import { Random } from '@llama-xr/core';
import type { Tensor } from '@llama-xr/tensor';
import type { Feeds } from './feeds.ts';
import { pullback } from './gradient.ts';
import { open } from './session.ts';
import { f64, input, type Value } from './value.ts';

export interface DerivativeCase {
  /** Shapes of the inputs that are differentiated; they are drawn normal unless given. */
  readonly parameters: Readonly<Record<string, { shape: readonly number[]; data?: Float64Array }>>;
  /** What else is fed. */
  readonly feeds?: Feeds;
  readonly build: (parameters: Record<string, Value>) => Value;
  readonly seed?: number;
}

const STEP = 1e-5;

/**
 * The largest difference between <gradient, direction> and the central difference along it, over all parameters and
 * some random directions, relative to the size of the terms.
 */
export async function derivativeError({
  parameters,
  feeds = {},
  build,
  seed = 1,
}: DerivativeCase): Promise<number> {
  const random = new Random(seed);
  const draw = (shape: readonly number[]) =>
    Float64Array.from({ length: shape.reduce((size, d) => size * d, 1) }, () => random.normal());
  const names = Object.keys(parameters);
  const at: Record<string, { shape: readonly number[]; data: Float64Array }> = {};
  for (const [name, { shape, data }] of Object.entries(parameters))
    at[name] = { shape, data: data ?? draw(shape) };
  const values = Object.fromEntries(names.map((name) => [name, input(name, f64, at[name]?.shape ?? [])]));
  const y = build(values);
  const probe = input('probe', f64, y.shape);
  const gradients = pullback([[y, probe]], Object.values(values)) as Value[];

  // ONNX Runtime would fuse x sigmoid(x) into an operator that it has in float32 only.
  const session = { threads: 1, optimization: 'none' } as const;
  await using forward = await open({ y }, session);
  await using backward = await open(gradients, session);
  const first = (await forward.run({ ...feeds, ...at })).y;
  const weights = draw(first.shape);
  const found = await backward.run({ ...feeds, ...at, probe: { shape: first.shape, data: weights } });
  const along = async (name: string, direction: Float64Array, step: number): Promise<number> => {
    const { shape, data } = at[name] as { shape: readonly number[]; data: Float64Array };
    const moved = { shape, data: data.map((x, i) => x + step * (direction[i] as number)) };
    return dot((await forward.run({ ...feeds, ...at, [name]: moved })).y, weights);
  };
  let worst = 0;
  for (const [i, name] of names.entries()) {
    for (let trial = 0; trial < 2; trial++) {
      const direction = draw(at[name]?.shape ?? []);
      const analytic = dot(found[i] as Tensor, direction);
      const numeric =
        ((await along(name, direction, STEP)) - (await along(name, direction, -STEP))) / (2 * STEP);
      worst = Math.max(worst, Math.abs(analytic - numeric) / (1 + Math.abs(analytic) + Math.abs(numeric)));
    }
  }
  return worst;
}

function dot({ data }: Tensor, other: Float64Array): number {
  return (data as Float64Array).reduce((sum, x, i) => sum + x * (other[i] as number), 0);
}
