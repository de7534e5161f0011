/**
 * One protocol's scores of every system, for all studies and for the abnormal ones. The drafts of a baseline are made
 * once for all studies; the subset then scores those of its own studies, so that a shuffled draft comes from any study, as
 * shuffled inputs would have it. CIDEr counts document frequencies from the references of the subset, as running
 * pycocoevalcap on the subset does.
 */
import type { Drafts, System } from './baselines.ts';
import type { Prediction } from './predictions.ts';
import type { Protocol } from './protocols.ts';
import type { BySubset, BySystem, ScoresByName, Subset } from './score-table.ts';
import { type Pair, type Scorer, type Scores, scorePairs } from './scorer.ts';
import { everyReport, meanOf } from './statistics/statistic.ts';

/** The indices of the studies in each subset; no entry where it would be empty. */
export type Members = BySubset<readonly number[]> & { readonly all: readonly number[] };

/** Scores of all systems on all subsets, however they were taken. */
export interface ScoredRuns {
  /** What they were taken by. */
  readonly protocol: Pick<Protocol, 'name' | 'title'>;
  /** Corpus scores, means over the repeats. */
  readonly table: BySubset<BySystem<ScoresByName>>;
  /** By system, one entry a repeat. */
  readonly runs: BySubset<ReadonlyMap<System, readonly RunScores[]>>;
}

/** One system's drafts of a subset's studies, in their order: every score of each, and of all of them or a sample. */
export interface RunScores {
  readonly corpus: ScoresByName;
  readonly perItem: Readonly<Record<string, Float64Array>>;
  /** Corpus values in the order of `corpus`. */
  corpusOf(sample: ArrayLike<number>): number[];
}

export function scoreProtocol(
  protocol: Protocol,
  predictions: readonly Prediction[],
  systems: ReadonlyMap<System, Drafts>,
  members: Members,
): ScoredRuns {
  const clean = once(protocol.clean);
  const references = predictions.map((p) => p.references.map(clean));
  const runs = Object.fromEntries(
    Object.keys(members).map((subset) => [subset, new Map<System, RunScores[]>()]),
  ) as Record<Subset, Map<System, RunScores[]>>;
  for (const [system, drafts] of systems) {
    const repeats = drafts.map((texts) => {
      const pairs = texts.map(
        (text, i): Pair => ({ prediction: clean(text), references: references[i] as string[] }),
      );
      return scoreSubsets(protocol.scorers, pairs, members);
    });
    for (const [subset, bySystem] of Object.entries(runs) as [Subset, Map<System, RunScores[]>][])
      bySystem.set(
        system,
        repeats.map((scores) => scores[subset] as RunScores),
      );
  }
  return { protocol, table: averageRuns(runs), runs };
}

/** The corpus scores of each subset and system, averaged over repeats. */
export function averageRuns(runs: ScoredRuns['runs']): ScoredRuns['table'] {
  const averages = (bySystem: ReadonlyMap<System, readonly RunScores[]>) =>
    Object.fromEntries(
      [...bySystem].map(([system, list]) => [system, average(list.map(({ corpus }) => corpus))]),
    );
  return Object.fromEntries(Object.entries(runs).map(([subset, bySystem]) => [subset, averages(bySystem)]));
}

function scoreSubsets(
  scorers: readonly Scorer[],
  pairs: readonly Pair[],
  { abnormal }: Members,
): BySubset<RunScores> {
  const whole = scorers.map((scorer) => scorePairs(scorer, pairs));
  if (abnormal === undefined) return { all: merged(whole) };
  const part = abnormal.map((i) => pairs[i] as Pair);
  const ofPart = scorers.map((scorer, s) =>
    scorer.corpusIsMean ? selected(whole[s] as Scores, abnormal) : scorePairs(scorer, part),
  );
  return { all: merged(whole), abnormal: merged(ofPart) };
}

/** Scores whose corpus value is a mean, of some of the pairs. */
function selected({ perItem }: Scores, indices: readonly number[]): Scores {
  const columns = Object.entries(perItem).map(
    ([name, values]) => [name, Float64Array.from(indices, (i) => values[i] as number)] as const,
  );
  const means = columns.map(([, values]) => meanOf(values));
  const corpusOf = (sample: ArrayLike<number>) => means.map((statistic) => statistic(sample));
  const all = corpusOf(everyReport(indices.length));
  return {
    corpus: Object.fromEntries(columns.map(([name], v) => [name, all[v] as number])),
    perItem: Object.fromEntries(columns),
    corpusOf,
  };
}

function merged(parts: readonly Scores[]): RunScores {
  return {
    corpus: Object.assign({}, ...parts.map(({ corpus }) => corpus)),
    perItem: Object.assign({}, ...parts.map(({ perItem }) => perItem)),
    corpusOf: (sample) => parts.flatMap((part) => part.corpusOf(sample)),
  };
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
