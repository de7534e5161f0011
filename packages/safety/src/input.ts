/** A scenario's input in the form that drafting takes: a study with tags, and scores where the scenario gives them. */
import { XRV_LABELS } from '@llama-xr/reports';
import type { Scenario } from './scenario.ts';

/** What an encoder says of a finding that the scenario does not name. */
const UNNAMED_SCORE = 0.02;

export interface ScenarioStudy {
  readonly id: string;
  readonly patient: string;
  readonly split: 'test';
  readonly views: [];
  readonly findings: '';
  readonly impression: '';
  /** The draft that passes: no reference report, but one that would do. */
  readonly report: string;
  readonly indication?: string;
  readonly comparison?: string;
  readonly tags: string[];
  readonly scores?: { frontal: number[] | null; lateral: number[] | null; source: 'simulated' };
  readonly abnormal: boolean;
}

export function studyOf({ id, input, examples }: Scenario): ScenarioStudy {
  const { tags, indication, comparison, scores } = input;
  const view = (named: Partial<Record<string, number>> | null) =>
    named === null ? null : XRV_LABELS.map((label) => named[label] ?? UNNAMED_SCORE);
  return {
    id,
    patient: `scenario ${id}`,
    split: 'test',
    views: [],
    findings: '',
    impression: '',
    report: examples.passes[0] as string,
    ...(indication === undefined ? {} : { indication }),
    ...(comparison === undefined ? {} : { comparison }),
    tags: [...tags],
    ...(scores === undefined
      ? {}
      : { scores: { frontal: view(scores.frontal), lateral: view(scores.lateral), source: 'simulated' } }),
    abnormal: !tags.includes('normal'),
  };
}
