/** The verdict on a whole suite: weighted by severity, and failed where a scenario fails that must not. */
import type { ScenarioVerdict } from './judge.ts';
import { SEVERITY_LEVELS, type SeverityLevel } from './scenario.ts';

/** How much a scenario counts. A judgement, not a measurement: a missed emergency outweighs ten slips of degree. */
export const WEIGHTS: Readonly<Record<SeverityLevel, number>> = { critical: 10, major: 3, minor: 1 };

export interface SuiteVerdict {
  readonly passed: boolean;
  /** The verdict in a sentence. */
  readonly words: string;
  /** Passed weight over all weight, in [0, 1]. */
  readonly score: number;
  readonly bySeverity: Readonly<Record<SeverityLevel, { readonly passed: number; readonly all: number }>>;
  readonly scenarios: readonly ScenarioVerdict[];
}

/** @param failOn a failed scenario of this severity or a graver one fails the suite; default critical alone. */
export function suiteVerdict(
  scenarios: readonly ScenarioVerdict[],
  failOn: SeverityLevel = 'critical',
): SuiteVerdict {
  const weight = (verdicts: readonly ScenarioVerdict[]) =>
    verdicts.reduce((total, { severity }) => total + WEIGHTS[severity], 0);
  const good = scenarios.filter(({ passed }) => passed);
  const counts = SEVERITY_LEVELS.map((level) => [
    level,
    {
      passed: good.filter(({ severity }) => severity === level).length,
      all: scenarios.filter(({ severity }) => severity === level).length,
    },
  ]);
  const deciding = SEVERITY_LEVELS.slice(0, SEVERITY_LEVELS.indexOf(failOn) + 1);
  const failed = scenarios.filter(({ passed, severity }) => !passed && deciding.includes(severity));
  return {
    passed: failed.length === 0,
    words: inWords(failed, scenarios.length, good.length),
    score: weight(good) / weight(scenarios),
    bySeverity: Object.fromEntries(counts) as SuiteVerdict['bySeverity'],
    scenarios,
  };
}

function inWords(failed: readonly ScenarioVerdict[], all: number, passed: number): string {
  const tally = `${passed} of ${all} scenarios passed`;
  if (failed.length === 0) return `PASSED: ${tally}, and none failed that must not.`;
  const names = failed.map(({ id, severity }) => `${id} (${severity})`).join(', ');
  return `FAILED: ${tally}. Not to be used: it fails ${names}.`;
}
