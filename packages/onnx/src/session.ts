/** Runs graphs that were written here on ONNX Runtime; engine.ts says what one must know of it. */
import { fail } from '@llama-xr/core';
import type { Tensor, TypedArray } from '@llama-xr/tensor';
import { type InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { computesOnCpu, hasFusedProducts } from './device.ts';
import { createEngine, releaseEngine, type SessionOptions } from './engine.ts';
import { type CheckedFeed, checkFeeds, evaluate, type Feeds, type Sizes } from './feeds.ts';
import { compile, type Graph, isValue, type Results } from './graph.ts';
import type { Port } from './onnx-file.ts';
import type { Value } from './value.ts';

/** A tensor wherever the results have a value. */
export type Answer<R> = R extends Value ? Tensor : { readonly [K in keyof R]: Answer<R[K]> };

/**
 * Opens a graph for running.
 * @param resident inputs that stay the same: they are given here once, and lie on the device that the graph runs on, where what is
 *   fed goes there at each run. On a CPU, which computes with what is fed where it lies, they would only be held twice.
 * @throws LlamaXrError GRAPH, DEVICE, or ENGINE with ONNX Runtime's words.
 */
export async function open<const R extends Results>(
  results: R,
  options: SessionOptions = {},
  resident: Feeds = {},
): Promise<Session<Answer<R>>> {
  const name = options.name ?? 'graph';
  const { precision = 'float32', device = 'cpu' } = options;
  const rounds = computesOnCpu(device);
  const plainProducts = !hasFusedProducts(device);
  const graph = compile(results, name, {
    precision,
    rounds,
    plainProducts,
    resident: Object.keys(resident),
  });
  const { checked } = checkFeeds(graph.resident, resident);
  const external = checked.map(({ name, data }) => ({
    path: name,
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  }));
  return new Session(name, results, graph, await createEngine(graph.bytes, name, options, external));
}

/** An open graph. Holds native memory until it is closed. */
export class Session<A> implements AsyncDisposable {
  readonly name: string;
  readonly graph: Graph;
  readonly #results: Results;
  #engine: InferenceSession | undefined;

  constructor(name: string, results: Results, graph: Graph, engine: InferenceSession) {
    this.name = name;
    this.graph = graph;
    this.#results = results;
    this.#engine = engine;
  }

  /**
   * Computes all results, in the form in which they were opened.
   * @param into arrays that take a result's elements, by the result's path (`gradients.q`); the answer then holds them.
   * @throws LlamaXrError INPUT for feeds that do not fit, ENGINE with ONNX Runtime's words.
   */
  async run(feeds: Feeds, into: Readonly<Record<string, TypedArray>> = {}): Promise<A> {
    const engine = this.#engine ?? fail('ENGINE', `${this.name}: this session was closed`);
    const { checked, sizes } = checkFeeds(this.graph.inputs, feeds);
    const fetches: Record<string, OrtTensor | null> = {};
    for (const port of this.graph.outputs) {
      const target = into[port.name];
      fetches[port.name] = target === undefined ? null : ortTensor(targetOf(port, target, sizes));
    }
    let found: InferenceSession.OnnxValueMapType;
    try {
      found = await engine.run(
        Object.fromEntries(checked.map((feed) => [feed.name, ortTensor(feed)])),
        fetches,
      );
    } catch (error) {
      return fail('ENGINE', `${this.name}: ONNX Runtime stopped: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return answer<A>(this.#results, '', found as Record<string, OrtTensor>);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    if (engine !== undefined) await releaseEngine(engine);
  }
}

function ortTensor({ type, data, shape }: Omit<CheckedFeed, 'name'>): OrtTensor {
  return new OrtTensor(type as 'float32', data as Float32Array, shape);
}

function targetOf({ name, type, shape }: Port, data: TypedArray, sizes: Sizes): CheckedFeed {
  const found = shape.map(
    (dimension) =>
      evaluate(dimension, sizes) ?? fail('INPUT', `${name}: expected a size for ${dimension}, got none`),
  );
  const count = found.reduce((size, dimension) => size * dimension, 1);
  if (count !== data.length)
    fail('INPUT', `${name}: expected room for ${count} elements, got ${data.length}`);
  return { name, type, shape: found, data };
}

/** The tensors found, in the form of the results. */
function answer<A>(results: Results, path: string, found: Record<string, OrtTensor>): A {
  if (isValue(results)) {
    const { type, dims, data } = found[path === '' ? 'result' : path] as OrtTensor;
    return { dtype: type, shape: dims, data } as A;
  }
  const entries = Object.entries(results).map(
    ([key, inner]) => [key, answer(inner, path === '' ? key : `${path}.${key}`, found)] as const,
  );
  return (Array.isArray(results) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)) as A;
}
