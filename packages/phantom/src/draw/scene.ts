/** Everything that stands in the beam for one patient with given findings; both views are drawn from one scene. */
import type { Random } from '@llama-xr/core';
import { findingOf, type PhantomFinding, type Side } from '../findings.ts';
import { type Anatomy, buildAnatomy, signOf } from './anatomy.ts';
import { MU } from './attenuation.ts';
import type { Ellipsoid, Point, Stack } from './geometry.ts';
import * as lesions from './lesions.ts';
import { type Bone, buildSkeleton } from './skeleton.ts';
import type { TubePoint } from './tubes.ts';
import { buildVessels, hilarTrunk } from './vessels.ts';

type Tube = readonly TubePoint[];

export interface Lung {
  /** The room it has, and the part of it that is aerated lung. */
  readonly room: Stack;
  readonly aerated: Stack;
  /** What fills the rest of the room. */
  readonly rest: 'nothing' | 'fluid' | 'air';
  /** Attenuation per mm. */
  readonly mu: number;
  readonly vessels: readonly Tube[];
  readonly trunk: Tube;
  readonly consolidation: readonly Ellipsoid[];
  readonly nodule: Ellipsoid | undefined;
  readonly bands: readonly Tube[];
  /** Edema about a point, and septal lines. */
  readonly haze: { readonly center: Point; readonly lines: readonly Tube[] } | undefined;
}

export interface Scene {
  readonly anatomy: Anatomy;
  readonly bones: readonly Bone[];
  readonly lungs: readonly Lung[];
  readonly pacemaker: { readonly box: readonly Ellipsoid[]; readonly lead: Tube } | undefined;
}

/** @param body decides what stays with the patient, `random` what differs from study to study. */
export function buildScene(findings: readonly PhantomFinding[], body: Random, random: Random): Scene {
  const anatomy = buildAnatomy(findings, body.fork('anatomy'));
  return {
    anatomy,
    bones: buildSkeleton(anatomy, body.fork('bones')),
    lungs: (['left', 'right'] as const).map((side) => buildLung(anatomy, side, findings, random.fork(side))),
    pacemaker:
      findingOf(findings, 'implanted device') && lesions.buildPacemaker(anatomy, random.fork('device')),
  };
}

function buildLung(anatomy: Anatomy, side: Side, findings: readonly PhantomFinding[], random: Random): Lung {
  const hyperinflated = findingOf(findings, 'hyperinflation') !== undefined;
  const edema = findingOf(findings, 'edema') !== undefined;
  const caliber = edema ? 1.25 : hyperinflated ? 0.8 : 1;
  const air = airOf(anatomy, side, findings);
  const vessels = buildVessels(anatomy, side, random, { caliber, within: air.aerated });
  const here = <Finding extends { side: string }>(finding: Finding | undefined) =>
    finding?.side === side ? finding : undefined;
  const consolidation = here(findingOf(findings, 'consolidation'));
  const nodule = here(findingOf(findings, 'nodule'));
  const hilum = anatomy.hila[side];
  return {
    ...air,
    mu: hyperinflated ? MU.emphysematous : MU.lung,
    vessels,
    trunk: hilarTrunk(anatomy, side, caliber),
    consolidation: consolidation ? lesions.buildConsolidation(anatomy, consolidation, random) : [],
    nodule: nodule && lesions.buildNodule(anatomy, nodule, random),
    bands: here(findingOf(findings, 'atelectasis')) ? lesions.buildAtelectasis(anatomy, side, random) : [],
    haze: edema
      ? {
          center: { x: 1.25 * hilum.x, y: hilum.y, z: hilum.z - 14 },
          lines: lesions.septalLines(signOf(side), anatomy.cage),
        }
      : undefined,
  };
}

/** The room of a lung, and what fluid or air leave of it. */
function airOf(
  anatomy: Anatomy,
  side: Side,
  findings: readonly PhantomFinding[],
): Pick<Lung, 'room' | 'aerated' | 'rest'> {
  const room = anatomy.lungs[side];
  const effusion = findingOf(findings, 'pleural effusion');
  const pneumothorax = findingOf(findings, 'pneumothorax');
  if (pneumothorax?.side === side)
    return { room, aerated: lesions.collapsed(room, anatomy, side, pneumothorax.severity), rest: 'air' };
  if (effusion?.side === side || effusion?.side === 'bilateral')
    return { room, aerated: lesions.aboveFluid(room, anatomy, side, effusion.severity), rest: 'fluid' };
  return { room, aerated: room, rest: 'nothing' };
}
