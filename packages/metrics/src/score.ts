/**
 * The score of a run of drafts: under every protocol, for all and for the abnormal studies, the model beside its
 * baselines; how varied the texts are; which findings they state; and what must be said of it in words.
 */
import { fail } from '@llama-xr/core';
import { isAbnormal as isAbnormalReport } from '@llama-xr/reports';
import { BASELINES, type BaselineOptions, baselineDrafts, type Drafts, type System } from './baselines.ts';
import { bestConstantScores, type ConstantSources } from './best-constant.ts';
import { type ReportReader, reportReader } from './clinical/reading.ts';
import { scoreClinical } from './clinical-scores.ts';
import { evidenceOf } from './evidence.ts';
import { type FindingScores, findingsReader, type StatedFindings, scoreFindings } from './findings.ts';
import { inferenceOf } from './inference.ts';
import type { Prediction } from './predictions.ts';
import { type Members, type ScoredRuns, scoreProtocol } from './protocol-scores.ts';
import { type Protocol, protocolNamed, protocols } from './protocols.ts';
import type { BySubset, BySystem, ScoresByName, ScoreTable, Subset } from './score-table.ts';
import { meanOf } from './statistics/statistic.ts';
import { groupsOf, type StudyTraits, type Subgroup, subgroups } from './statistics/subgroups.ts';
import { type TextStatistics, textStatistics } from './text-statistics.ts';
import { groundingOf, warningsOf } from './warnings.ts';

export interface ScoreOptions extends BaselineOptions {
  /** Protocols or their names; all unless given. */
  readonly protocols?: readonly (Protocol | string)[];
  /** Decides where a line does not say; unless given, a report that states or suspects a finding is abnormal. */
  readonly isAbnormal?: (prediction: Prediction) => boolean;
  readonly statedFindings?: StatedFindings;
  /** Adds the best constant of each score, chosen on these. */
  readonly constants?: ConstantSources;
  /** Reads reports for the clinical scores; our own rules unless given. */
  readonly reader?: ReportReader;
  /** What is known of a study beyond its line, such as its views. */
  readonly traits?: (id: string) => StudyTraits | undefined;
}

/** @throws LlamaXrError INPUT without predictions, USAGE for an unknown protocol. */
export function score(predictions: readonly Prediction[], options: ScoreOptions = {}): ScoreTable {
  if (predictions.length === 0) fail('INPUT', 'score: expected at least one prediction, got none');
  const chosen = (options.protocols ?? Object.values(protocols)).map((protocol) =>
    typeof protocol === 'string' ? protocolNamed(protocol) : protocol,
  );
  const { seed = 3407, repeats = 5, isAbnormal = abnormalByReferences } = options;
  const systems = draftsOfSystems(predictions, { ...options, seed, repeats });
  const members = subsets(predictions, (p) => p.abnormal ?? isAbnormal(p));
  const scored = chosen.map((protocol) => scoreProtocol(protocol, predictions, systems, members));
  const { constants } = options;
  const best = new Map(
    constants && chosen.map((one) => [one.name, bestConstantScores(one, predictions, members, constants)]),
  );
  const read = options.reader ?? reportReader();
  const stated = findingsReader(options.statedFindings);
  const { errors, ...clinical } = scoreClinical(predictions, systems, members, read);
  const inferred = [...scored, clinical].map((scores) => ({
    name: scores.protocol.name,
    ...inferenceOf(scores, { seed }),
  }));
  const grounding = scored[0] && groundingOf(scored[0]);
  const table = {
    studies: { all: predictions.length, abnormal: members.abnormal?.length ?? 0 },
    protocols: Object.fromEntries(
      scored.map(({ protocol: { name }, table }) => [name, withBest(table, best.get(name))]),
    ),
    titles: Object.fromEntries(chosen.map(({ name, title }) => [name, title])),
    intervals: Object.fromEntries(inferred.map(({ name, intervals }) => [name, intervals])),
    comparisons: inferred.flatMap(({ comparisons }) => comparisons),
    clinical: { scores: clinical.table, errors },
    subgroups: subgroupsOf(predictions, members, clinical, stated, { ...options, seed }),
    findings: findingsOf(predictions, systems, members, stated),
    texts: { ...textsOf(systems), references: textStatistics(predictions.flatMap((p) => p.references)) },
    ...(grounding === undefined ? {} : { grounding }),
    ...evidenceOf(predictions, stated, read, seed),
    constant: systems.get('constant')?.[0]?.[0] as string,
    seed,
    repeats,
    notices: [...new Set(predictions.flatMap((p) => p.notices ?? []))],
  };
  return { ...table, warnings: warningsOf(table) };
}

function withBest(
  table: ScoredRuns['table'],
  best: BySubset<ScoresByName> | undefined,
): BySubset<BySystem<ScoresByName>> {
  if (best === undefined) return table;
  const subsets = Object.entries(table) as [Subset, BySystem<ScoresByName>][];
  return Object.fromEntries(
    subsets.map(([subset, bySystem]) => [
      subset,
      { ...bySystem, 'best constant': best[subset] as ScoresByName },
    ]),
  );
}

/** Every text that will be scored: drafts of all systems, and references. For models that read them all beforehand. */
export function textsToScore(predictions: readonly Prediction[], options: ScoreOptions = {}): string[] {
  const { seed = 3407, repeats = 5 } = options;
  const systems = draftsOfSystems(predictions, { ...options, seed, repeats });
  const drafts = [...systems.values()].flat(2);
  return [...new Set([...drafts, ...predictions.flatMap(({ references }) => references)])];
}

function subsets(predictions: readonly Prediction[], isAbnormal: (p: Prediction) => boolean): Members {
  const all = predictions.map((_, i) => i);
  const abnormal = all.filter((i) => isAbnormal(predictions[i] as Prediction));
  return abnormal.length === 0 ? { all } : { all, abnormal };
}

function abnormalByReferences({ references }: Prediction): boolean {
  return references.some(isAbnormalReport);
}

function draftsOfSystems(predictions: readonly Prediction[], options: BaselineOptions): Map<System, Drafts> {
  const systems = new Map<System, Drafts>([['model', [predictions.map((p) => p.prediction)]]]);
  const baselines = baselineDrafts(predictions, options);
  for (const name of BASELINES) {
    const drafts = baselines.get(name);
    if (drafts !== undefined) systems.set(name, drafts);
  }
  return systems;
}

/** The composite by view, sex, age, site, finding, and whether the study is abnormal. */
function subgroupsOf(
  predictions: readonly Prediction[],
  { abnormal }: Members,
  { runs }: ScoredRuns,
  stated: StatedFindings,
  { traits, seed = 3407 }: ScoreOptions,
): Subgroup[] {
  const [model] = runs.all?.get('model') ?? [];
  if (model === undefined) return [];
  const isAbnormal = new Set(abnormal);
  const groups = predictions.map(({ id, references, site, sex, age }, i) =>
    groupsOf({
      ...traits?.(id),
      ...(site !== undefined && { site }),
      ...(sex !== undefined && { sex }),
      ...(age !== undefined && { age }),
      abnormal: isAbnormal.has(i),
      findings: new Set(references.flatMap((reference) => [...stated(reference)])),
    }),
  );
  return subgroups(groups, meanOf(model.perItem.composite as Float64Array), { seed, resamples: 1000 });
}

function textsOf(systems: ReadonlyMap<System, Drafts>): BySystem<TextStatistics> {
  return Object.fromEntries(
    [...systems].map(([system, [drafts]]) => [system, textStatistics(drafts as string[])]),
  );
}

function findingsOf(
  predictions: readonly Prediction[],
  systems: ReadonlyMap<System, Drafts>,
  members: Members,
  stated: StatedFindings,
): BySubset<BySystem<FindingScores>> {
  const table: BySubset<BySystem<FindingScores>> = {};
  for (const [subset, indices] of Object.entries(members) as [Subset, readonly number[]][]) {
    const bySystem: BySystem<FindingScores> = {};
    for (const [system, drafts] of systems) {
      const cases = drafts.flatMap((texts) =>
        indices.map((i) => ({ ...(predictions[i] as Prediction), draft: texts[i] as string })),
      );
      bySystem[system] = scoreFindings(cases, stated);
    }
    table[subset] = bySystem;
  }
  return table;
}
