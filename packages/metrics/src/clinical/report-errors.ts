/**
 * Errors of a draft in the six classes of ReXVal (Yu et al., Patterns 2023), each significant or not by the rules of
 * significance.ts. ReXVal's counts are those of radiologists; these are counted by rules over labelled findings, and see only what
 * the labeler sees.
 *
 * | class | counted where |
 * |---|---|
 * | false finding | the draft states or suspects a finding that the reference neither states nor suspects |
 * | omission | the other way round |
 * | wrong location | both state it, on other sides or at another height; significant when the sides have nothing in common |
 * | wrong severity | both give a degree, at least a step apart; significant from two steps |
 * | false comparison | the draft says a finding changed (or stayed), the reference does not, or says another course |
 * | omitted comparison | the other way round, for a finding that the draft has |
 *
 * A comparison is significant when it speaks of better or worse. Nothing about a minor finding is significant.
 */
import { comparisonsIn, labelReport, type Mention } from '@llama-xr/reports';
import { courseOf, degreeOf, isMinor, relativesOf, zoneOf } from './significance.ts';

export const ERROR_CLASSES = [
  'false finding',
  'omission',
  'wrong location',
  'wrong severity',
  'false comparison',
  'omitted comparison',
] as const;

export type ErrorClass = (typeof ERROR_CLASSES)[number];

export interface ReportError {
  readonly class: ErrorClass;
  readonly significant: boolean;
  /** Absent where a comparison names no finding. */
  readonly finding?: string;
  /** What the draft and the reference say of it: `left, mild`; absent where they say nothing. */
  readonly draft?: string;
  readonly reference?: string;
}

export interface ErrorCount {
  readonly significant: number;
  readonly minor: number;
}

/** All that a report says of one finding. */
export interface Statement {
  readonly finding: string;
  /** Whether it is stated without doubt anywhere. */
  readonly certain: boolean;
  readonly sides: ReadonlySet<string>;
  readonly zones: ReadonlySet<string>;
  /** The highest degree. */
  readonly degree: number | undefined;
  readonly severity: string | undefined;
}

/** A report as the rules read it. */
export interface ReportStatements {
  /** By finding: those stated or suspected. */
  readonly statements: ReadonlyMap<string, Statement>;
  /** By finding: the courses that the report gives, whether the finding is there now or has gone. */
  readonly courses: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether it speaks of a prior study at all. */
  readonly compares: boolean;
}

export function readStatements(text: string): ReportStatements {
  const mentions = labelReport(text);
  const stated = mentions.filter(({ polarity }) => polarity !== 'negative');
  const statements = new Map(
    [...Map.groupBy(stated, ({ finding }) => finding as string)].map(([finding, list]) => [
      finding,
      statementOf(finding, list),
    ]),
  );
  const changed = mentions.filter(({ change }) => change !== undefined);
  const courses = new Map(
    [...Map.groupBy(changed, ({ finding }) => finding as string)].map(([finding, list]) => [
      finding,
      new Set(list.map(({ change }) => courseOf(change as string))),
    ]),
  );
  return { statements, courses, compares: courses.size > 0 || comparisonsIn(text).length > 0 };
}

function statementOf(finding: string, mentions: readonly Mention[]): Statement {
  const known = <T>(values: readonly (T | undefined)[]) => values.filter((value) => value !== undefined);
  const sides = known(mentions.map(({ side }) => side));
  const degrees = known(mentions.map(({ severity }) => severity && degreeOf(severity)));
  const degree = degrees.length === 0 ? undefined : Math.max(...degrees);
  return {
    finding,
    certain: mentions.some(({ polarity }) => polarity === 'positive'),
    sides: new Set(sides.flatMap((side) => (side === 'bilateral' ? ['left', 'right'] : [side]))),
    zones: new Set(known(mentions.map(({ location }) => location && zoneOf(location)))),
    degree,
    severity: mentions.find(({ severity }) => severity && degreeOf(severity) === degree)?.severity,
  };
}

/** The errors of a draft against the one reference, of several, against which it has the fewest (significant ones first). */
export function reportErrors(
  draft: ReportStatements,
  references: readonly ReportStatements[],
): readonly ReportError[] {
  const lists = references.map((reference) => errorsAgainst(draft, reference));
  return lists.reduce((best, next) => (weightOf(next) < weightOf(best) ? next : best));
}

const weightOf = (errors: readonly ReportError[]) =>
  errors.reduce((sum, { significant }) => sum + (significant ? 1000 : 1), 0);

export function countErrors(errors: readonly ReportError[]): ErrorCount {
  const significant = errors.filter((error) => error.significant).length;
  return { significant, minor: errors.length - significant };
}

/** Counts by class: [significant, minor] of each in the order of ERROR_CLASSES, as corpus sums want them. */
export function errorCounts(errors: readonly ReportError[]): number[] {
  return ERROR_CLASSES.flatMap((name) => {
    const { significant, minor } = countErrors(errors.filter((error) => error.class === name));
    return [significant, minor];
  });
}

function errorsAgainst(draft: ReportStatements, reference: ReportStatements): ReportError[] {
  const errors: ReportError[] = [];
  for (const [finding, ours] of draft.statements) {
    const theirs = reference.statements.get(finding);
    if (theirs === undefined) errors.push(oneSided('false finding', ours, reference));
    else errors.push(...placeErrors(ours, theirs), ...severityErrors(ours, theirs));
  }
  for (const [finding, theirs] of reference.statements) {
    if (!draft.statements.has(finding)) errors.push(oneSided('omission', theirs, draft));
  }
  return [...errors, ...comparisonErrors(draft, reference)];
}

/** Stated by one report, not by the other. */
function oneSided(
  name: 'false finding' | 'omission',
  statement: Statement,
  other: ReportStatements,
): ReportError {
  const { finding, certain } = statement;
  const related = [...relativesOf(finding)].some((relative) => other.statements.has(relative));
  return {
    class: name,
    significant: certain && !related && !isMinor(finding),
    finding,
    [name === 'omission' ? 'reference' : 'draft']: inWords(statement),
  };
}

function placeErrors(ours: Statement, theirs: Statement): ReportError[] {
  const sides = disagreement(ours.sides, theirs.sides);
  const zones = disagreement(ours.zones, theirs.zones);
  if (sides === 'none' && zones !== 'apart') return [];
  const significant = sides === 'apart' && !isMinor(ours.finding);
  return [error('wrong location', significant, ours, theirs)];
}

/** `none` also where one of the two does not say. */
function disagreement(ours: ReadonlySet<string>, theirs: ReadonlySet<string>): 'none' | 'partly' | 'apart' {
  if (ours.size === 0 || theirs.size === 0) return 'none';
  if (ours.isDisjointFrom(theirs)) return 'apart';
  return ours.symmetricDifference(theirs).size === 0 ? 'none' : 'partly';
}

function severityErrors(ours: Statement, theirs: Statement): ReportError[] {
  if (ours.degree === undefined || theirs.degree === undefined) return [];
  const steps = Math.abs(ours.degree - theirs.degree);
  if (steps === 0) return [];
  return [error('wrong severity', steps >= 2 && !isMinor(ours.finding), ours, theirs)];
}

function comparisonErrors(draft: ReportStatements, reference: ReportStatements): ReportError[] {
  const errors: ReportError[] = [];
  for (const [finding, courses] of draft.courses) {
    const theirs = reference.courses.get(finding) ?? NONE;
    if (!courses.isDisjointFrom(theirs)) continue;
    const words = {
      draft: [...courses].join(', '),
      ...(theirs.size > 0 && { reference: [...theirs].join(', ') }),
    };
    errors.push({ class: 'false comparison', significant: matters(finding, courses), finding, ...words });
  }
  for (const [finding, courses] of reference.courses) {
    // A draft that leaves the finding itself out has that error already.
    const hasFinding = draft.statements.has(finding) || !reference.statements.has(finding);
    if (draft.courses.has(finding) || !hasFinding) continue;
    const words = { reference: [...courses].join(', ') };
    errors.push({ class: 'omitted comparison', significant: matters(finding, courses), finding, ...words });
  }
  // Comparisons of findings are counted above; here those that name none (`compared to the prior exam`).
  const general = draft.courses.size + reference.courses.size === 0;
  if (general && draft.compares !== reference.compares)
    errors.push({ class: draft.compares ? 'false comparison' : 'omitted comparison', significant: false });
  return errors;
}

const NONE: ReadonlySet<string> = new Set();

const matters = (finding: string, courses: ReadonlySet<string>): boolean =>
  !isMinor(finding) && (courses.has('worse') || courses.has('better'));

function error(name: ErrorClass, significant: boolean, ours: Statement, theirs: Statement): ReportError {
  return {
    class: name,
    significant,
    finding: ours.finding,
    draft: inWords(ours),
    reference: inWords(theirs),
  };
}

/** `left, lower, mild`; `suspected`; `stated`. */
function inWords({ certain, sides, zones, severity }: Statement): string {
  const side = sides.size === 2 ? ['both sides'] : [...sides];
  const words = [...side, ...zones, ...(severity === undefined ? [] : [severity])];
  if (!certain) words.unshift('suspected');
  return words.length === 0 ? 'stated' : words.join(', ');
}
