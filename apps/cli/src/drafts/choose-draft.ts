/**
 * Of several drafts of one study, the one to show: drafts that state a finding which the input lacks are set aside as long
 * as others remain (findings of the input that a draft leaves out may count as well), and of the rest the one is taken that reports of like findings agree with most.
 */
import type { Consensus, Neighbour } from '@llama-xr/metrics';
import { statedFindings, tagFindings } from '@llama-xr/reports';
import type { WrittenDraft } from './written-drafts.ts';

/**
 * @param input the findings that the model was told, as tags
 * @param omissions weight of a finding that was told and is left out, beside 1 for one that is stated and was not told
 * @param neighbours reports of studies with like findings
 */
export function chooseDraft(
  drafts: readonly WrittenDraft[],
  input: readonly string[],
  neighbours: readonly Neighbour[],
  consensus: Consensus,
  omissions = 0,
): WrittenDraft {
  const faithful = mostFaithful(drafts, tagFindings(input), omissions);
  const texts = faithful.map(({ prediction }) => prediction);
  return faithful[consensus.choose(texts, neighbours)] as WrittenDraft;
}

/** The draft that the model finds likeliest: of prompts that tell no findings, which nothing else may choose among. */
export function likeliestDraft(drafts: readonly WrittenDraft[]): WrittenDraft {
  const likely = ({ logProbability }: WrittenDraft) => logProbability ?? Number.NEGATIVE_INFINITY;
  return drafts.reduce((best, draft) => (likely(draft) > likely(best) ? draft : best));
}

/** The drafts with the fewest errors: findings that are unsupported, and those that are left out by their weight. */
function mostFaithful(
  drafts: readonly WrittenDraft[],
  known: ReadonlySet<string>,
  omissions: number,
): WrittenDraft[] {
  const errors = drafts.map(({ prediction }) => {
    const stated = new Set<string>(statedFindings(prediction, { doubted: omissions > 0 }));
    return stated.difference(known).size + omissions * known.difference(stated).size;
  });
  const fewest = Math.min(...errors);
  return drafts.filter((_, i) => errors[i] === fewest);
}
