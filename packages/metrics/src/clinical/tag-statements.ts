/** Tags read as a report's statements are: what an indexer noted of a study, or what a model was told of it. */
import { findingsOfTag, parseTag } from '@llama-xr/reports';
import type { ReportStatements, Statement } from './report-errors.ts';
import { degreeOf, zoneOf } from './significance.ts';

interface Gathered {
  readonly sides: Set<string>;
  readonly zones: Set<string>;
  degree: number | undefined;
  severity: string | undefined;
}

/** All that the tags name is certain; tags compare nothing with a prior. */
export function statementsOfTags(tags: readonly string[]): ReportStatements {
  const gathered = new Map<string, Gathered>();
  for (const tag of tags) {
    for (const finding of findingsOfTag(tag)) {
      const known = gathered.get(finding) ?? {
        sides: new Set(),
        zones: new Set(),
        degree: undefined,
        severity: undefined,
      };
      gathered.set(finding, known);
      for (const qualifier of parseTag(tag).qualifiers) addQualifier(known, qualifier);
    }
  }
  const statements = new Map<string, Statement>();
  for (const [finding, { sides, zones, degree, severity }] of gathered)
    statements.set(finding, { finding, certain: true, sides, zones, degree, severity });
  return { statements, courses: new Map(), compares: false };
}

function addQualifier(known: Gathered, qualifier: string): void {
  if (qualifier === 'left' || qualifier === 'right') known.sides.add(qualifier);
  if (qualifier === 'bilateral') known.sides.add('left').add('right');
  const zone = zoneOf(qualifier);
  if (zone !== undefined) known.zones.add(zone);
  const degree = degreeOf(qualifier);
  if (degree === undefined || (known.degree !== undefined && degree <= known.degree)) return;
  known.degree = degree;
  known.severity = qualifier;
}
