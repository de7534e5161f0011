/**
 * Scores a run of any length under one protocol as it comes: the scores of each report, and those of the whole in the end,
 * from one pass. Held are sums, the document frequencies that CIDEr counts before, and the last few thousand texts.
 */
import type { Protocol } from './protocols.ts';
import type { ScoresByName } from './score-table.ts';
import type { Pair } from './scorer.ts';

export interface ProtocolRun {
  /** The scores of one report, whose texts come as they were written. */
  add(pair: Pair): ScoresByName;
  /** The scores of all reports so far; NaN before the first. */
  corpus(): ScoresByName;
}

/**
 * @param references of all reports, in any order: read again for each scorer that asks, so a generator must be wrapped.
 */
export function runProtocol(
  { clean, scorers }: Protocol,
  references: Iterable<readonly string[]>,
): ProtocolRun {
  const cleaned = {
    *[Symbol.iterator]() {
      for (const texts of references) yield texts.map(clean);
    },
  };
  const runs = scorers.map((scorer) => ({ names: scorer.values, run: scorer.over(cleaned) }));
  const named = (valuesOf: (run: (typeof runs)[number]['run']) => number[]): ScoresByName =>
    Object.fromEntries(
      runs.flatMap(({ names, run }) => {
        const values = valuesOf(run);
        return names.map((name, v) => [name, values[v] as number]);
      }),
    );
  return {
    add(pair) {
      const read = { prediction: clean(pair.prediction), references: pair.references.map(clean) };
      return named((run) => run.add(read));
    },
    corpus: () => named((run) => run.corpus()),
  };
}
