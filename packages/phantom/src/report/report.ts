/**
 * Reports of phantoms: every finding is stated, with side, place and degree; the main absent ones are denied; nothing
 * else is claimed. Order and wording vary by chance.
 */
import { Random } from '@llama-xr/core';
import { findingOf, type PhantomFinding, type PhantomKind } from '../findings.ts';
import {
  ALWAYS_BONES,
  ALWAYS_MEDIASTINUM,
  CLEAR_LUNGS,
  capital,
  DENIED,
  DENIED_TOGETHER,
  inBrief,
  NORMAL_IMPRESSION,
  SECTION_OF,
  SECTIONS,
  type Section,
  STATED,
} from './wording.ts';

export interface PhantomReport {
  readonly findings: string;
  readonly impression: string;
}

/** Equal findings and seeds give equal texts. */
export function phantomReport(
  findings: readonly PhantomFinding[],
  seed: number | string | Random,
): PhantomReport {
  const random = seed instanceof Random ? seed : new Random(seed);
  const sentences: Record<Section, string[]> = { heart: [], lungs: [], pleura: [], bones: [], devices: [] };
  for (const finding of findings) sentences[SECTION_OF[finding.kind]].push(random.pick(waysToState(finding)));
  addDenials(sentences, findings, random);
  if (random.chance(0.4)) sentences.heart.push(random.pick(ALWAYS_MEDIASTINUM));
  if (random.chance(0.4)) sentences.bones.push(random.pick(ALWAYS_BONES));
  return {
    findings: orderOf(random)
      .flatMap((section) => sentences[section])
      .join(' '),
    impression: impressionOf(findings, random),
  };
}

function waysToState(finding: PhantomFinding): readonly string[] {
  return (STATED[finding.kind] as (finding: PhantomFinding) => readonly string[])(finding);
}

/** Heart or lungs first; bones and devices at the end, mostly. */
function orderOf(random: Random): Section[] {
  const order: Section[] = random.chance(0.7)
    ? [...SECTIONS]
    : ['lungs', 'pleura', 'heart', 'bones', 'devices'];
  return random.chance(0.2) ? ['devices', ...order.filter((section) => section !== 'devices')] : order;
}

/** Kinds that make "the lungs are clear" untrue. */
const IN_CHEST: readonly PhantomKind[] = [
  'consolidation',
  'nodule',
  'atelectasis',
  'edema',
  'hyperinflation',
  'pleural effusion',
  'pneumothorax',
];

function addDenials(
  sentences: Record<Section, string[]>,
  findings: readonly PhantomFinding[],
  random: Random,
): void {
  const absent = (kind: PhantomKind) => findingOf(findings, kind) === undefined;
  if (absent('cardiomegaly')) sentences.heart.unshift(random.pick(DENIED.cardiomegaly));
  if (IN_CHEST.every(absent) && random.chance(0.7)) sentences.lungs.push(random.pick(CLEAR_LUNGS));
  if (absent('edema') && random.chance(0.2)) sentences.lungs.push(random.pick(DENIED.edema));
  if (absent('nodule') && random.chance(0.15)) sentences.lungs.push(random.pick(DENIED.nodule));
  if (absent('atelectasis') && random.chance(0.1)) sentences.lungs.push(random.pick(DENIED.atelectasis));
  const left = new Set((['consolidation', 'pleural effusion', 'pneumothorax'] as const).filter(absent));
  for (const [kinds, ways] of DENIED_TOGETHER) {
    if (!kinds.every((kind) => left.has(kind as 'pneumothorax')) || random.chance(0.25)) continue;
    sentences.pleura.push(random.pick(ways));
    for (const kind of kinds) left.delete(kind as 'pneumothorax');
  }
  for (const kind of left) sentences[SECTION_OF[kind]].push(random.pick(DENIED[kind]));
}

function impressionOf(findings: readonly PhantomFinding[], random: Random): string {
  if (findings.length === 0) return random.pick(NORMAL_IMPRESSION);
  const brief = findings.map((finding) => capital(inBrief(finding)));
  return brief.length === 1 || random.chance(0.6)
    ? brief.map((text) => `${text}.`).join(' ')
    : brief.map((text, i) => `${i + 1}. ${text}.`).join(' ');
}
