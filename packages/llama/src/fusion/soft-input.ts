/**
 * What a study's images bring to the prompt: a row of features for each soft token. The soft tokens of a run are fixed:
 * for each view a pooled vector, a grid of cells, or both, in the same places for every study (LLaVA: Liu et al. 2023,
 * arXiv 2304.08485, has patches of one image in their place). No token is ever looked up in the vocabulary for them.
 */
import { fail } from '@llama-xr/core';

/** Views in the order of their soft tokens. */
export const SOFT_VIEWS = ['frontal', 'lateral'] as const;
export type SoftView = (typeof SOFT_VIEWS)[number];

/** Which soft tokens each view has. */
export interface SoftSettings {
  /** One for the pooled vector of the view. */
  readonly pooled: boolean;
  /** Cells along a side of the grid that the view's map is averaged to; 0: no grid. */
  readonly grid: number;
}

/** The features behind the soft tokens of one prompt; slot k is the k-th of {@link softSlots}. */
export interface SoftInput {
  /** [K, C], standardised, zeros where absent. */
  readonly features: Float32Array;
  /** [K]: 1 where the view was taken, 0 where the projector puts a learned absence. */
  readonly present: Uint8Array;
}

/** Soft tokens in a list of tokens: they stand at from .. from + K - 1, where the list has placeholders (0). */
export type SoftPrompt = SoftInput & { readonly from: number };

export interface SoftSlot {
  readonly view: SoftView;
  /** Row and column of the grid; undefined for the pooled vector. */
  readonly cell?: readonly [row: number, column: number];
}

/** The soft tokens of a prompt in their order: each view's pooled vector, then its grid row by row. */
export function softSlots({ pooled, grid }: SoftSettings): SoftSlot[] {
  const cells = Array.from({ length: grid * grid }, (_, i): [number, number] => [
    Math.floor(i / grid),
    i % grid,
  ]);
  const slots = SOFT_VIEWS.flatMap((view): SoftSlot[] => [
    ...(pooled ? [{ view }] : []),
    ...cells.map((cell) => ({ view, cell })),
  ]);
  if (slots.length === 0)
    fail('CONFIG', 'visual: expected pooled vectors, a grid of at least 1, or both, got neither');
  return slots;
}

/** `frontal`, `lateral 2,0`: how a slot is called in files and messages. */
export const slotName = ({ view, cell }: SoftSlot): string => (cell ? `${view} ${cell.join()}` : view);
