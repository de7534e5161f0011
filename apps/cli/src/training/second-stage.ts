/** A second stage of a run by sight: what its projector has learned to read is what the recipe lets it read. */
import { fail } from '@llama-xr/core';
import { hasSoftTokens, type ProjectorOrigin, readProjector } from '@llama-xr/llama';
import { type Recipe, startAt } from '@llama-xr/train';

/**
 * The projector that a run goes on with, of the run `from`; undefined where neither reads images.
 * @throws LlamaXrError CONFIG where one reads images and the other does not, or they see them through other soft tokens.
 */
export function projectorOf(
  from: string,
  { fusion, visual }: Pick<Recipe, 'fusion' | 'visual'>,
): ProjectorOrigin | undefined {
  const { projector } = startAt(from);
  if (!hasSoftTokens(fusion)) {
    if (projector === undefined) return undefined;
    return fail(
      'CONFIG',
      `${from}: has learned from images, expected fusion visual or hybrid, got ${fusion}`,
      {
        hint: 'Its adapter/ folder alone begins without the projector.',
      },
    );
  }
  if (projector === undefined)
    fail('CONFIG', `${from}: expected the run folder of a run by sight (fusion ${fusion}), got no projector`);
  const { settings, shape, ...origin } = readProjector(projector);
  const known = { pooled: settings.pooled, grid: settings.grid, hidden: shape.hidden };
  for (const name of ['pooled', 'grid', 'hidden'] as const)
    if (visual[name] !== known[name])
      fail('CONFIG', `visual.${name}: expected that of ${from}, ${known[name]}, got ${visual[name]}`);
  return { settings, ...origin };
}
