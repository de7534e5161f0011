/** Prompts as a generator takes them: the features of soft tokens are turned into vectors by the run's projector. */
import { fail } from '@llama-xr/core';
import type { Projector, SoftPrompt } from '@llama-xr/llama';
import type { PromptTokens } from '@llama-xr/llamacpp';
import type { DraftPrompt } from './drafting.ts';

export interface ReadyPrompt extends PromptTokens {
  /** The other side of guidance. */
  readonly contrast?: PromptTokens;
}

export type ReadyPrompts = ReadonlyMap<string, readonly ReadyPrompt[]>;

/** @param projector undefined for runs whose prompts are words alone */
export async function readyPrompts(
  prompts: ReadonlyMap<string, readonly DraftPrompt[]>,
  projector: Pick<Projector, 'project'> | undefined,
): Promise<ReadyPrompts> {
  const ready = new Map<string, ReadyPrompt[]>();
  for (const [id, list] of prompts) {
    const own: ReadyPrompt[] = [];
    for (const { contrast, ...prompt } of list) {
      const asked = await projected(prompt, projector);
      own.push(contrast === undefined ? asked : { ...asked, contrast: await projected(contrast, projector) });
    }
    ready.set(id, own);
  }
  return ready;
}

async function projected(
  { tokens, soft }: { readonly tokens: readonly number[]; readonly soft?: SoftPrompt },
  projector: Pick<Projector, 'project'> | undefined,
): Promise<PromptTokens> {
  if (soft === undefined) return { tokens };
  if (projector === undefined) fail('MODEL', 'expected the projector of a run that reads images, got none');
  return { tokens, soft: { from: soft.from, vectors: await projector.project(soft) } };
}
