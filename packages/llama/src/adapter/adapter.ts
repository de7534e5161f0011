/**
 * A LoRA adapter (Hu et al. 2021): for each adapted projection of each layer the factors A and B of
 * W' = W + alpha / rank * B A. Files of it: `peft.ts` and `gguf-adapter.ts`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, Random } from '@llama-xr/core';
import { type AdapterScaling, type UpdateScale, updateFactor } from '../model/adapter-shape.ts';
import type { AdapterEngine } from '../model/engine.ts';
import {
  type AdapterFactors,
  adapterLayout,
  initializeAdapter,
  isAdapted,
  parameterCount,
  readFactors,
  writeFactors,
} from '../model/parameters.ts';
import { type LlamaConfig, PROJECTIONS, type Projection } from '../model/weights-type.ts';
import { readGgufAdapter, writeGgufAdapter } from './gguf-adapter.ts';
import { readPeftAdapter, writePeftAdapter } from './peft.ts';

export interface Adapter {
  /** Of the base that it fits. */
  readonly config: LlamaConfig;
  readonly rank: number;
  readonly alpha: number;
  /** How alpha becomes the factor of B A: `alpha/r` where absent, and in all that is read from files. */
  readonly scaling?: AdapterScaling;
  /** The factors of a projection, rows of B in GGUF's order; undefined where it is not adapted. */
  factors(layer: number, projection: Projection): AdapterFactors | undefined;
}

/** What holds an adapter's numbers: an engine, or an array that becomes a checkpoint. */
export type AdapterHolder = Pick<AdapterEngine, 'config' | 'layout' | 'parameters' | 'rank' | 'alpha'> &
  UpdateScale;

/** What an engine has trained, as it stands; the factors are copied when they are read. */
export function adapterOf({ config, layout, parameters, ...scale }: AdapterHolder): Adapter {
  return {
    config,
    rank: scale.rank,
    alpha: scale.alpha,
    ...(scale.scaling && { scaling: scale.scaling }),
    factors: (layer, projection) =>
      isAdapted(layout, layer, projection) ? readFactors(layout, parameters, layer, projection) : undefined,
  };
}

/**
 * Puts an adapter into an engine, to train on or to score with it. A projection that it does not adapt gets B = 0.
 * @throws LlamaXrError CONFIG when the ranks differ, or the engine adapts less.
 */
export function restoreAdapter(engine: AdapterHolder, adapter: Adapter): void {
  if (engine.rank !== adapter.rank) {
    fail('CONFIG', `rank: expected that of the adapter, ${adapter.rank}, got ${engine.rank}`);
  }
  // The engine's factor stays: B takes up the difference.
  const scale = updateFactor(adapter) / updateFactor(engine);
  for (let layer = 0; layer < engine.config.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const given = adapter.factors(layer, projection);
      if (!isAdapted(engine.layout, layer, projection)) {
        if (given !== undefined)
          fail('CONFIG', `targets: expected those of the adapter, among them ${projection}`);
        continue;
      }
      const own = readFactors(engine.layout, engine.parameters, layer, projection);
      const { a, b } = given ?? { a: own.a, b: own.b.map(() => 0) };
      writeFactors(engine.layout, engine.parameters, layer, projection, {
        a,
        b: b.map((value) => value * scale),
      });
    }
  }
}

/**
 * An adapter's numbers in the order in which engines of these targets hold them, to go on training from: B = 0 and the
 * usual start of A where it adapts nothing.
 */
export function adapterParameters(
  adapter: Adapter,
  {
    targets = PROJECTIONS,
    seed,
  }: { readonly targets?: readonly Projection[]; readonly seed: number | string },
): Float32Array {
  const { config, rank, alpha } = adapter;
  const layout = adapterLayout(config, rank, targets);
  const parameters = new Float32Array(parameterCount(layout));
  initializeAdapter(layout, parameters, new Random(seed));
  restoreAdapter({ config, layout, parameters, rank, alpha }, adapter);
  return parameters;
}

/** The projections that an adapter adapts, in whatever layer. */
export function adaptedProjections({ config, factors }: Adapter): Projection[] {
  const layers = Array.from({ length: config.layers }, (_, layer) => layer);
  return PROJECTIONS.filter((projection) => layers.some((layer) => factors(layer, projection)));
}

const GGUF_FILE = 'adapter.gguf';

/**
 * Writes the adapter for both worlds: `adapter_config.json` and `adapter_model.safetensors` for PEFT, `adapter.gguf`
 * for llama.cpp.
 * @param options.base path or name of the base, noted for the reader
 */
export function saveAdapter(folder: string, adapter: Adapter, { base }: { readonly base: string }): void {
  writePeftAdapter(folder, adapter, base);
  writeGgufAdapter(join(folder, GGUF_FILE), adapter);
}

/**
 * Reads an adapter.
 * @param path a folder as {@link saveAdapter} or PEFT write it, or a `.gguf` file
 * @param config of the base it is meant for
 * @throws LlamaXrError MODEL when it does not fit that base.
 */
export function loadAdapter(path: string, config: LlamaConfig): Adapter {
  if (path.endsWith('.gguf')) return readGgufAdapter(path, config);
  if (!existsSync(join(path, 'adapter_config.json')) && existsSync(join(path, GGUF_FILE))) {
    return readGgufAdapter(join(path, GGUF_FILE), config);
  }
  return readPeftAdapter(path, config);
}
