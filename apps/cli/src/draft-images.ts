/** Drafts for the images of one patient. */
import { fail } from '@llama-xr/core';
import type { GenerateFlags } from './commands/generate.ts';

export async function draftImages(images: readonly string[], flags: GenerateFlags): Promise<void> {
  fail('ENCODER', `${flags.run}: cannot read ${images.join(', ')}`);
}
