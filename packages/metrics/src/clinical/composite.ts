/**
 * One number of a draft's clinical quality: how many significant errors it is expected to hold, from four components, and the
 * same as a score in (0, 1]. The weights come from pairs of training reports with a known number of errors between them
 * (derive-composite.ts), by non-negative least squares: no human rating of any draft was looked at. How they were found and how far
 * they hold is in this package's README; `scripts/derive-composite.ts` finds them again.
 *
 * In the place of RadCliQ (Yu et al. 2023), whose weights were fitted to the very ratings that it is judged by. It orders drafts of
 * one collection; it is no count that a radiologist would sign.
 */
import { graphF1, setF1 } from './graph-f1.ts';
import type { ReportReader } from './reading.ts';
import { countErrors, reportErrors } from './report-errors.ts';

/** All 0 for a copy of the reference, more for worse. */
export interface CompositeComponents {
  /** Errors by the rules of report-errors.ts. */
  readonly significantErrors: number;
  readonly minorErrors: number;
  /** 1 - F1 of the findings stated. */
  readonly findings: number;
  /** 1 - F1 of the partial graph. */
  readonly graph: number;
}

export const COMPONENTS = [
  'significantErrors',
  'minorErrors',
  'findings',
  'graph',
] as const satisfies readonly (keyof CompositeComponents)[];

export type CompositeWeights = Readonly<Record<keyof CompositeComponents, number>>;

/** Fitted to 3,105 pairs of IU X-ray training reports; see README.md. */
export const COMPOSITE_WEIGHTS: CompositeWeights = {
  significantErrors: 0.69,
  minorErrors: 0.04,
  findings: 0.75,
  graph: 0.26,
};

export interface Composite {
  /** Significant errors to be expected, from 0. */
  readonly expectedErrors: number;
  /** 1 / (1 + expectedErrors): 1 of a copy. */
  readonly score: number;
}

export function compositeOf(
  components: CompositeComponents,
  weights: CompositeWeights = COMPOSITE_WEIGHTS,
): Composite {
  const expectedErrors = COMPONENTS.reduce((sum, name) => sum + weights[name] * components[name], 0);
  return { expectedErrors, score: 1 / (1 + expectedErrors) };
}

/** The components of a draft; of several references the best, component by component. */
export function componentsOf(
  draft: string,
  references: readonly string[],
  read: ReportReader,
): CompositeComponents {
  const ours = read(draft);
  const theirs = references.map(read);
  const { significant, minor } = countErrors(
    reportErrors(
      ours.statements,
      theirs.map(({ statements }) => statements),
    ),
  );
  return {
    significantErrors: significant,
    minorErrors: minor,
    findings: 1 - Math.max(...theirs.map(({ stated }) => setF1(ours.stated, stated))),
    graph:
      1 -
      graphF1(
        ours.graph,
        theirs.map(({ graph }) => graph),
      ).partial,
  };
}
