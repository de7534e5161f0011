/**
 * Of several drafts of one study, the one to show: drafts that state a finding which the input lacks are set aside as long
 * as others remain, and of the rest the one is taken that reports of like findings agree with most.
 */
import type { Consensus, Neighbour } from '@llama-xr/metrics';
import { statedFindings, tagFindings } from '@llama-xr/reports';
import type { WrittenDraft } from './written-drafts.ts';

/**
 * @param input the findings that the model was told, as tags
 * @param neighbours reports of studies with like findings
 */
export function chooseDraft(
  drafts: readonly WrittenDraft[],
  input: readonly string[],
  neighbours: readonly Neighbour[],
  consensus: Consensus,
): WrittenDraft {
  const faithful = mostFaithful(drafts, tagFindings(input));
  const texts = faithful.map(({ prediction }) => prediction);
  return faithful[consensus.choose(texts, neighbours)] as WrittenDraft;
}

/** The drafts with the fewest unsupported findings. */
function mostFaithful(drafts: readonly WrittenDraft[], known: ReadonlySet<string>): WrittenDraft[] {
  const unsupported = drafts.map(
    ({ prediction }) => new Set<string>(statedFindings(prediction)).difference(known).size,
  );
  const fewest = Math.min(...unsupported);
  return drafts.filter((_, i) => unsupported[i] === fewest);
}
