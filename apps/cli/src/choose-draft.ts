/**
 * Of several drafts of one study, the one that the others agree with most: minimum Bayes risk (Kumar and Byrne,
 * HLT-NAACL 2004) with ROUGE-L as the gain. Drafts that state a finding which the input lacks are set aside first, then
 * those that leave out one which it has, as long as any remain.
 */
import type { Tokenizer } from '@llama-xr/llama';
import type { Generation } from '@llama-xr/llamacpp';
import { scorePairs, scorers } from '@llama-xr/metrics';
import { statedFindings, tagFindings } from '@llama-xr/reports';

export interface ChosenDraft {
  readonly prediction: string;
  /** Mean log probability of its tokens. */
  readonly logProbability: number;
}

/** @param input the findings that the model was told, as tags */
export function chooseDraft(
  generations: readonly Generation[],
  tokenizer: Tokenizer,
  input: readonly string[],
): ChosenDraft {
  const drafts = generations.map(({ tokens, logProbabilities }) => ({
    prediction: tokenizer.decode(tokens).trim(),
    logProbability: logProbabilities.reduce((sum, p) => sum + p, 0) / Math.max(1, logProbabilities.length),
  }));
  const faithful = mostFaithful(drafts, input);
  if (faithful.length === 1) return faithful[0] as ChosenDraft;
  const agreement = faithful.map((draft) =>
    agreementWith(
      draft.prediction,
      drafts.map((other) => other.prediction),
    ),
  );
  return faithful[agreement.indexOf(Math.max(...agreement))] as ChosenDraft;
}

/** The drafts with the fewest unsupported findings, and of these the ones with the fewest omissions. */
function mostFaithful<T extends ChosenDraft>(drafts: readonly T[], input: readonly string[]): T[] {
  const known = tagFindings(input);
  const judged = drafts.map((draft) => {
    const stated = statedFindings(draft.prediction);
    return { draft, unsupported: stated.difference(known).size, omitted: known.difference(stated).size };
  });
  const fewest = (list: typeof judged, fault: 'unsupported' | 'omitted') => {
    const least = Math.min(...list.map((item) => item[fault]));
    return list.filter((item) => item[fault] === least);
  };
  return fewest(fewest(judged, 'unsupported'), 'omitted').map(({ draft }) => draft);
}

/** Mean ROUGE-L of a draft against all drafts; itself among them, which adds the same to each. */
function agreementWith(draft: string, others: readonly string[]): number {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, ' ')
      .trim();
  const pairs = others.map((other) => ({ prediction: plain(draft), references: [plain(other)] }));
  return scorePairs(scorers.rougeL, pairs).corpus['ROUGE-L'] as number;
}
