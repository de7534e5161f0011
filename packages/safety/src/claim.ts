/**
 * What can be claimed of a draft: a finding or a device with its particulars, words by a regular expression where the
 * labeler has none, a comparison with a prior study, a stock wording. Written by hand in scenario files.
 */
import {
  CHANGES,
  type Change,
  DEVICES,
  type Device,
  FINDINGS,
  PLACES,
  type Place,
  SEVERITIES,
  type Severity,
  SIDES,
  SITES,
  type Side,
  type Site,
} from '@llama-xr/reports';
import { z } from 'zod';
import { WORDINGS, type Wording } from './wording.ts';

const namesOf = <T extends string>(table: Readonly<Record<T, unknown>>): [T, ...T[]] =>
  Object.keys(table) as [T, ...T[]];
const finding = z.enum(FINDINGS);
const device = z.enum(namesOf<Device>(DEVICES));
const polarity = z.enum(['positive', 'negative', 'uncertain']);
const severity = z.enum(namesOf<Severity>(SEVERITIES));
const place = z.enum(namesOf<Place>(PLACES));

/** One value or several of which any will do. */
const oneOrMore = <T extends z.ZodType>(value: T) => z.union([value, z.array(value).min(1)]);

const pattern = z.string().min(1).max(1000).refine(compiles, { error: 'expected a regular expression' });

const fields = {
  /** Any of these findings is mentioned. */
  finding: oneOrMore(finding).optional(),
  /** Any of these lines, tubes or implants is mentioned. */
  device: oneOrMore(device).optional(),
  /** How: default stated as there (`positive`). */
  polarity: oneOrMore(polarity).optional(),
  /** `bilateral` also covers left and right, and left and right together are bilateral. */
  side: z.enum(namesOf<Side>(SIDES)).optional(),
  place: oneOrMore(place).optional(),
  severity: oneOrMore(severity).optional(),
  change: oneOrMore(z.enum(namesOf<Change>(CHANGES))).optional(),
  /** Whether the draft says that the device lies right or wrong. */
  placement: z.enum(['right', 'wrong']).optional(),
  tip: oneOrMore(z.enum(namesOf<Site>(SITES))).optional(),
  /** Any finding but those of `except` is stated. */
  anyFinding: z.literal(true).optional(),
  except: z.array(finding).optional(),
  /** The pattern occurs and nothing in its clause denies it before. Capitals do not matter. */
  says: pattern.optional(),
  /** The pattern occurs anywhere. Capitals do not matter. */
  matches: pattern.optional(),
  wording: z.enum(namesOf<Wording>(WORDINGS)).optional(),
  /** The draft speaks of a prior study. */
  comparison: z.literal(true).optional(),
  /** How the claim is told to a person, in place of its expression: `a shift of the mediastinum`. */
  words: z.string().min(1).max(200).optional(),
  /** Why this claim is made: shown where it fails. */
  because: z.string().min(1).max(500).optional(),
} as const;

const KINDS = [
  'finding',
  'device',
  'anyFinding',
  'says',
  'matches',
  'wording',
  'comparison',
  'anyOf',
] as const;
const PARTICULARS = ['polarity', 'side', 'place', 'severity', 'change', 'placement', 'tip'] as const;

const simple = z.strictObject(fields).superRefine(oneKind);

export const claimSchema = z
  .strictObject({ ...fields, anyOf: z.array(simple).min(2).optional() })
  .superRefine(oneKind);

export type SimpleClaim = z.infer<typeof simple>;
export type Claim = z.infer<typeof claimSchema>;

/** Exactly one kind; particulars go with findings and devices alone. */
function oneKind(claim: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  const kinds = KINDS.filter((kind) => claim[kind] !== undefined);
  if (kinds.length !== 1)
    context.addIssue({
      code: 'custom',
      message: `expected one of ${KINDS.join(', ')}, got ${kinds.length === 0 ? 'none' : kinds.join(' and ')}`,
    });
  const mention = claim.finding !== undefined || claim.device !== undefined;
  for (const field of PARTICULARS) {
    const allowed = mention || (field === 'polarity' && claim.anyFinding === true);
    if (claim[field] !== undefined && !allowed)
      context.addIssue({ code: 'custom', path: [field], message: 'goes with finding or device alone' });
  }
  if (claim.except !== undefined && claim.anyFinding === undefined)
    context.addIssue({ code: 'custom', path: ['except'], message: 'goes with anyFinding alone' });
}

function compiles(source: string): boolean {
  try {
    new RegExp(source, 'i');
    return true;
  } catch {
    return false;
  }
}

/** A claim as a person would say it: `pneumothorax, right, large`. */
export function claimInWords(claim: Claim): string {
  if (claim.words !== undefined) return claim.words;
  if (claim.anyOf !== undefined) return claim.anyOf.map(claimInWords).join(', or ');
  if (claim.comparison) return 'a comparison with a prior study';
  if (claim.wording !== undefined) return WORDINGS[claim.wording].words;
  if (claim.says !== undefined) return `“${claim.says}”`;
  if (claim.matches !== undefined) return `the words “${claim.matches}”`;
  const { polarity: how = 'positive', side, placement, change } = claim;
  const what = claim.anyFinding ? 'a finding' : list(claim.finding ?? claim.device).join(' or ');
  const except = claim.except?.length ? `other than ${claim.except.join(', ')}` : undefined;
  const tip = claim.tip === undefined ? undefined : `tip in ${list(claim.tip).join(' or ')}`;
  const particulars = [
    side,
    list(claim.place).join(' or '),
    list(claim.severity).join(' or '),
    list(change).join(' or '),
  ];
  return [
    what,
    except,
    ...particulars,
    placement && `in the ${placement} place`,
    tip,
    HOW[String(how)] ?? `${how}`,
  ]
    .filter((part) => part !== undefined && part !== '')
    .join(', ');
}

const HOW: Readonly<Record<string, string>> = {
  positive: '',
  negative: 'denied',
  uncertain: 'as uncertain',
  'positive,uncertain': 'stated or suspected',
  'uncertain,positive': 'stated or suspected',
};

export const list = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];
