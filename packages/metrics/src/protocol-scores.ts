/**
 * One protocol's scores of every system, for all studies and for the abnormal ones. The drafts of a baseline are made
 * once for all studies; the subset then scores those of its own studies, so that a shuffled draft comes from any study, as
 * shuffled inputs would have it. CIDEr counts document frequencies from the references of the subset, as running
 * pycocoevalcap on the subset does.
 */
import type { Drafts, System } from './baselines.ts';
import type { Prediction } from './predictions.ts';
import type { Protocol } from './protocols.ts';
import type { BySubset, BySystem, ScoresByName } from './score-table.ts';
import { type Pair, type Scorer, scorePairs } from './scorer.ts';

/** The indices of the studies in each subset; no entry where it would be empty. */
export type Members = BySubset<readonly number[]> & { readonly all: readonly number[] };

export interface ProtocolScores {
  readonly protocol: Protocol;
  readonly table: BySubset<BySystem<ScoresByName>>;
  /** Every score of each study, by system and repeat. */
  readonly items: ReadonlyMap<System, readonly ItemScores[]>;
}

/** One run of drafts: the scores' names, their values by study, and their corpus values for any sample of the studies. */
export interface ItemScores {
  readonly names: readonly string[];
  readonly perItem: Readonly<Record<string, Float64Array>>;
  corpusOf(sample: ArrayLike<number>): number[];
}

export function scoreProtocol(
  protocol: Protocol,
  predictions: readonly Prediction[],
  systems: ReadonlyMap<System, Drafts>,
  members: Members,
): ProtocolScores {
  const clean = once(protocol.clean);
  const references = predictions.map((p) => p.references.map(clean));
  const table: BySubset<BySystem<ScoresByName>> = { all: {}, ...(members.abnormal && { abnormal: {} }) };
  const items = new Map<System, ItemScores[]>();
  for (const [system, drafts] of systems) {
    const runs = drafts.map((texts) =>
      texts.map((text, i): Pair => ({ prediction: clean(text), references: references[i] as string[] })),
    );
    const repeats = runs.map((pairs) =>
      protocol.scorers.map((scorer) => scoreSubsets(scorer, pairs, members)),
    );
    if (table.all) table.all[system] = average(repeats.map((scores) => merged(scores.map((s) => s.all))));
    if (table.abnormal)
      table.abnormal[system] = average(repeats.map((scores) => merged(scores.map((s) => s.abnormal ?? {}))));
    items.set(
      system,
      repeats.map((scores) => ({
        perItem: Object.assign({}, ...scores.map((s) => s.perItem)),
        names: scores.flatMap((s) => s.names),
        corpusOf: (sample: ArrayLike<number>) => scores.flatMap((s) => s.corpusOf(sample)),
      })),
    );
  }
  return { protocol, table, items };
}

interface SubsetScores extends ItemScores {
  readonly all: ScoresByName;
  readonly abnormal?: ScoresByName;
}

function scoreSubsets(scorer: Scorer, pairs: readonly Pair[], { abnormal }: Members): SubsetScores {
  const { corpus, ...items } = scorePairs(scorer, pairs);
  const { perItem } = items;
  const whole: SubsetScores = { all: corpus, names: scorer.values, ...items };
  if (abnormal === undefined) return whole;
  if (!scorer.corpusIsMean)
    return {
      ...whole,
      abnormal: scorePairs(
        scorer,
        abnormal.map((i) => pairs[i] as Pair),
      ).corpus,
    };
  const means = scorer.values.map((name) => {
    const values = perItem[name] as Float64Array;
    return [name, abnormal.reduce((sum, i) => sum + (values[i] as number), 0) / abnormal.length] as const;
  });
  return { ...whole, abnormal: Object.fromEntries(means) };
}

function merged(parts: readonly ScoresByName[]): ScoresByName {
  return Object.assign({}, ...parts) as ScoresByName;
}

function average(repeats: readonly ScoresByName[]): ScoresByName {
  const names = Object.keys(repeats[0] ?? {});
  const mean = (name: string) =>
    repeats.reduce((sum, scores) => sum + (scores[name] as number), 0) / repeats.length;
  return Object.fromEntries(names.map((name) => [name, mean(name)]));
}

/** A cleaning that does each text once. */
function once(clean: (text: string) => string): (text: string) => string {
  const cleaned = new Map<string, string>();
  return (text) => {
    const known = cleaned.get(text);
    if (known !== undefined) return known;
    const result = clean(text);
    cleaned.set(text, result);
    return result;
  };
}
