/** A report as the clinical scores read it: once for all scores, and once for all systems that are held against it. */
import { labels, reportGraph } from '@llama-xr/reports';
import type { ReportGraph } from './graph-f1.ts';
import type { LabelSet } from './label-f1.ts';
import { type ReportStatements, readStatements } from './report-errors.ts';

export interface ReportReading {
  readonly statements: ReportStatements;
  /** Findings stated without doubt. */
  readonly stated: ReadonlySet<string>;
  /** CheXpert's 14. */
  readonly labels: LabelSet;
  readonly graph: ReportGraph;
}

export interface ReadingOptions {
  /** Labels and graphs from elsewhere: a CheXbert, a RadGraph-XL. Default: our own rules. */
  readonly labels?: (text: string) => LabelSet;
  readonly graph?: (text: string) => ReportGraph;
}

export type ReportReader = (text: string) => ReportReading;

/** A reader that keeps what it has read. */
export function reportReader(options: ReadingOptions = {}): ReportReader {
  const { labels: labelsOf = (text) => labels(text, 'chexpert14'), graph = reportGraph } = options;
  const known = new Map<string, ReportReading>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const statements = readStatements(text);
    const reading = { statements, stated: certainIn(statements), labels: labelsOf(text), graph: graph(text) };
    known.set(text, reading);
    return reading;
  };
}

function certainIn({ statements }: ReportStatements): Set<string> {
  const certain = [...statements.values()].filter((statement) => statement.certain);
  return new Set(certain.map(({ finding }) => finding));
}
