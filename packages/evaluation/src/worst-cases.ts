/** The drafts that are furthest from their references: what a reader should look at first. */
import { type Prediction, type ReportError, readStatements, reportErrors } from '@llama-xr/metrics';

export interface WorstCase {
  /** Position among the predictions. */
  readonly index: number;
  readonly significant: number;
  readonly minor: number;
  /** In words, significant ones first. */
  readonly faults: readonly string[];
}

/** The drafts with the most significant errors; of equals those with the most minor ones. Drafts without any are left out. */
export function worstCases(predictions: readonly Prediction[], most: number): WorstCase[] {
  const cases = predictions.map(({ prediction, references }, index) => {
    const errors = reportErrors(readStatements(prediction), references.map(readStatements));
    const significant = errors.filter((error) => error.significant);
    const minor = errors.filter((error) => !error.significant);
    const faults = [...significant.map(inWords), ...minor.map((error) => `${inWords(error)}; minor`)];
    return { index, significant: significant.length, minor: minor.length, faults };
  });
  return cases
    .filter(({ faults }) => faults.length > 0)
    .sort((a, b) => b.significant - a.significant || b.minor - a.minor)
    .slice(0, most);
}

/** `wrong location: pleural effusion (draft: left; reference: right)` */
function inWords({ class: name, finding, draft, reference }: ReportError): string {
  const said = [
    ...(draft === undefined ? [] : [`draft: ${draft}`]),
    ...(reference === undefined ? [] : [`reference: ${reference}`]),
  ];
  const about = finding === undefined ? '' : `: ${finding}`;
  return `${name}${about}${said.length === 0 ? '' : ` (${said.join('; ')})`}`;
}
