/**
 * The best that one text can do: for each score the training report that does best on the validation reports, scored on the
 * studies at hand. Another text for each score, so it is a column of scores and not a run of drafts.
 */
import { bestConstants } from './baselines/constants.ts';
import type { Prediction } from './predictions.ts';
import type { Members } from './protocol-scores.ts';
import type { Protocol } from './protocols.ts';
import type { BySubset, ScoresByName, Subset } from './score-table.ts';
import { scorePairs } from './scorer.ts';

/** Reports to choose constants from, and to choose them on. */
export interface ConstantSources {
  readonly training: readonly string[];
  readonly validation: readonly string[];
}

export function bestConstantScores(
  protocol: Protocol,
  predictions: readonly Prediction[],
  members: Members,
  { training, validation }: ConstantSources,
): BySubset<ScoresByName> {
  const chosen = bestConstants(
    training,
    validation.map((report) => [report]),
    protocol,
  );
  const references = predictions.map((p) => p.references.map((text) => protocol.clean(text)));
  const ofSubset = (indices: readonly number[]): ScoresByName => {
    const scores = (text: string) => {
      const prediction = protocol.clean(text);
      const pairs = indices.map((i) => ({ prediction, references: references[i] as string[] }));
      return Object.assign(
        {},
        ...protocol.scorers.map((scorer) => scorePairs(scorer, pairs).corpus),
      ) as ScoresByName;
    };
    const byText = new Map(
      [...new Set(Object.values(chosen).map(({ text }) => text))].map((text) => [text, scores(text)]),
    );
    return Object.fromEntries(
      Object.entries(chosen).map(([name, { text }]) => [name, byText.get(text)?.[name] as number]),
    );
  };
  const subsets = Object.entries(members) as [Subset, readonly number[]][];
  return Object.fromEntries(subsets.map(([subset, indices]) => [subset, ofSubset(indices)]));
}
