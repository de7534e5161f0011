/**
 * LoRA dropout (Hu et al. 2021, after Srivastava et al. 2014): elements of what an adapter reads are left out at random in
 * training, the others grow by 1 / (1 - p). Masks are decided by a seed, so that a step can be computed again. Projections
 * that read the same input share a mask, where PEFT draws one for each.
 */
import { fail, Random } from '@llama-xr/core';
import { cast, type Feeds, f32, input, scale, u8, type Value } from '@llama-xr/onnx';
import type { AdapterShape } from './adapter-shape.ts';
import { TOKENS } from './layer.ts';
import { ADAPTER_GROUPS } from './parameters.ts';
import { type LlamaConfig, projectionShape } from './weights-type.ts';

type Dropping = Pick<AdapterShape, 'targets' | 'dropout'>;

/** Inputs that at least one adapted projection reads, and their widths. */
function groupsOf(config: LlamaConfig, { targets }: Dropping): { name: string; width: number }[] {
  return ADAPTER_GROUPS.filter(({ projections }) =>
    projections.some((projection) => targets.includes(projection)),
  ).map(({ name, projections }) => ({ name, width: projectionShape(config, projections[0])[1] }));
}

/** Of 256 equally likely bytes, those that drop: p is kept to 1/256. */
const dropping = ({ dropout }: Dropping): number => Math.round(256 * dropout);

/** The masks of a layer by group, as what x is multiplied with; undefined without dropout. */
export function dropoutInputs(
  config: LlamaConfig,
  adapter: Dropping,
  prefix = '',
): Record<string, Value> | undefined {
  if (dropping(adapter) === 0) return undefined;
  const grown = 256 / (256 - dropping(adapter));
  return Object.fromEntries(
    groupsOf(config, adapter).map(({ name, width }) => {
      const kept = input(`${prefix}dropout.${name}`, u8, [TOKENS, width]);
      return [name, scale(cast(kept, f32), grown)];
    }),
  );
}

/** What {@link dropoutInputs} are fed with: 1 where an element is kept. */
export class DropoutMasks {
  readonly #config: LlamaConfig;
  readonly #adapter: Dropping;

  constructor(config: LlamaConfig, adapter: Dropping) {
    this.#config = config;
    this.#adapter = adapter;
  }

  /**
   * The masks of one layer.
   * @param seed decides them, together with layer and group; needed only where there is dropout.
   */
  feeds(tokens: number, layer: number, seed: string | undefined, prefix = ''): Feeds {
    const limit = dropping(this.#adapter);
    if (limit === 0) return {};
    if (seed === undefined) fail('INPUT', 'dropoutSeed: expected a seed, since the adapter has dropout');
    const feeds: Record<string, Feeds[string]> = {};
    for (const { name, width } of groupsOf(this.#config, this.#adapter)) {
      const data = keptElements(tokens * width, limit, new Random(`${seed}:layer ${layer}:${name}`));
      feeds[`${prefix}dropout.${name}`] = { shape: [tokens, width], data };
    }
    return feeds;
  }
}

/** Four elements of each random word. */
function keptElements(count: number, limit: number, random: Random): Uint8Array {
  const kept = new Uint8Array(count);
  for (let i = 0; i < count; i += 4) {
    const word = random.uint32();
    for (let j = 0; j < 4 && i + j < count; j++) kept[i + j] = ((word >>> (8 * j)) & 255) >= limit ? 1 : 0;
  }
  return kept;
}
