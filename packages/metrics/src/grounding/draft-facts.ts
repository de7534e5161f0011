/** What is known of drafts beside their scores, and what warnings are made of: how varied, how normal, what survives. */
import type { StatedFindings } from '../findings.ts';
import { type DraftCase, findingSurvival, type NormalBias, normalBias, type Survival } from './collapse.ts';
import { type Diversity, diversity } from './diversity.ts';

export interface DraftFacts {
  readonly diversity?: Diversity;
  readonly referenceDiversity?: Diversity;
  readonly normalBias?: NormalBias;
  readonly survival?: Survival;
}

export function draftFacts(cases: readonly DraftCase[], stated: StatedFindings): Required<DraftFacts> {
  return {
    diversity: diversity(cases.map(({ draft }) => draft)),
    referenceDiversity: diversity(cases.map(({ references }) => references[0] as string)),
    normalBias: normalBias(cases, stated),
    survival: findingSurvival(cases, stated),
  };
}
