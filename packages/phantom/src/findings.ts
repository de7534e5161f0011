/**
 * What a phantom can show. Kinds are the finding names of `reports`, so that a draft about a phantom is judged by the
 * same labeler as any other.
 */
import type { Random } from '@llama-xr/core';

export type Side = 'left' | 'right';
export type Zone = 'upper' | 'mid' | 'lower';

export type PhantomFinding =
  | { readonly kind: 'cardiomegaly'; readonly severity: 'mild' | 'severe' }
  | {
      readonly kind: 'pleural effusion';
      readonly side: Side | 'bilateral';
      readonly severity: 'small' | 'large';
    }
  | { readonly kind: 'pneumothorax'; readonly side: Side; readonly severity: 'small' | 'large' }
  | { readonly kind: 'consolidation'; readonly side: Side; readonly zone: Zone }
  | { readonly kind: 'nodule'; readonly side: Side; readonly zone: Zone }
  | { readonly kind: 'atelectasis'; readonly side: Side }
  | { readonly kind: 'edema' }
  | { readonly kind: 'hyperinflation' }
  | { readonly kind: 'implanted device' };

export type PhantomKind = PhantomFinding['kind'];

/** The finding of one kind. */
export type FindingOf<Kind extends PhantomKind> = Extract<PhantomFinding, { kind: Kind }>;

export const PHANTOM_KINDS = [
  'cardiomegaly',
  'pleural effusion',
  'pneumothorax',
  'consolidation',
  'nodule',
  'atelectasis',
  'edema',
  'hyperinflation',
  'implanted device',
] as const satisfies readonly PhantomKind[];

export function findingOf<Kind extends PhantomKind>(
  findings: readonly PhantomFinding[],
  kind: Kind,
): FindingOf<Kind> | undefined {
  return findings.find((finding): finding is FindingOf<Kind> => finding.kind === kind);
}

const SIDES = ['left', 'right'] as const;
const ZONES = ['upper', 'mid', 'lower'] as const;

/** Draws the particulars of a kind. */
const SAMPLE: { readonly [Kind in PhantomKind]: (random: Random) => FindingOf<Kind> } = {
  cardiomegaly: (random) => ({ kind: 'cardiomegaly', severity: random.pick(['mild', 'severe'] as const) }),
  'pleural effusion': (random) => ({
    kind: 'pleural effusion',
    side: random.pick(['left', 'right', 'bilateral'] as const),
    severity: random.pick(['small', 'large'] as const),
  }),
  pneumothorax: (random) => ({
    kind: 'pneumothorax',
    side: random.pick(SIDES),
    severity: random.pick(['small', 'large'] as const),
  }),
  consolidation: (random) => ({ kind: 'consolidation', side: random.pick(SIDES), zone: random.pick(ZONES) }),
  nodule: (random) => ({ kind: 'nodule', side: random.pick(SIDES), zone: random.pick(ZONES) }),
  atelectasis: (random) => ({ kind: 'atelectasis', side: random.pick(SIDES) }),
  edema: () => ({ kind: 'edema' }),
  hyperinflation: () => ({ kind: 'hyperinflation' }),
  'implanted device': () => ({ kind: 'implanted device' }),
};

const NORMAL_SHARE = 0.4;

/** About 40 % normal; otherwise one to three findings that can stand together. */
export function sampleFindings(random: Random): PhantomFinding[] {
  if (random.chance(NORMAL_SHARE)) return [];
  const wanted = random.pick([1, 1, 2, 2, 3]);
  const findings: PhantomFinding[] = [];
  for (const kind of random.shuffle(PHANTOM_KINDS)) {
    if (findings.length === wanted) break;
    const finding = SAMPLE[kind](random);
    if (findings.every((other) => compatible(finding, other))) findings.push(finding);
  }
  return PHANTOM_KINDS.flatMap((kind) => findingOf(findings, kind) ?? []);
}

/** Pairs that no lung shows at once, or of which one would hide the other. */
export function compatible(a: PhantomFinding, b: PhantomFinding): boolean {
  return !conflicts(a, b) && !conflicts(b, a);
}

function conflicts(a: PhantomFinding, b: PhantomFinding): boolean {
  switch (a.kind) {
    case 'hyperinflation':
      return b.kind === 'edema' || b.kind === 'pleural effusion' || b.kind === 'cardiomegaly';
    case 'pneumothorax':
      return (
        b.kind === 'edema' ||
        (inLung(b) && (a.severity === 'large' || b.kind === 'pleural effusion') && sameSide(a, b))
      );
    case 'pleural effusion':
      return inLung(b) && sameSide(a, b) && (!('zone' in b) || a.severity === 'large' || b.zone === 'lower');
    case 'cardiomegaly':
      return a.severity === 'severe' && b.kind === 'atelectasis' && b.side === 'left';
    case 'edema':
      return b.kind === 'consolidation' || b.kind === 'nodule';
    case 'consolidation':
      return (
        (b.kind === 'nodule' && sameSide(a, b)) ||
        (b.kind === 'atelectasis' && a.zone === 'lower' && sameSide(a, b))
      );
    default:
      return false;
  }
}

const inLung = (finding: PhantomFinding) =>
  ['consolidation', 'nodule', 'atelectasis', 'pleural effusion'].includes(finding.kind);

function sameSide(a: PhantomFinding, b: PhantomFinding): boolean {
  if (!('side' in a) || !('side' in b)) return false;
  return a.side === b.side || a.side === 'bilateral' || b.side === 'bilateral';
}
