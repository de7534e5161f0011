/**
 * Draws synthetic chest radiographs, frontal and lateral, of one imagined patient with known findings: parallel rays
 * through simple solids, their attenuation summed, then exposed. Good enough to learn from and to be recognised by a
 * person; no substitute for patients, and nothing measured here carries over to them.
 */
import { Random } from '@llama-xr/core';
import type { PhantomFinding } from '../findings.ts';
import { vertebralBodies } from './anatomy.ts';
import { MU } from './attenuation.ts';
import { BITS, type Exposure, expose, sampleExposure } from './detector.ts';
import { lengthOutside, type View, viewOf } from './geometry.ts';
import { drawLung } from './lung.ts';
import { drawMarker } from './marker.ts';
import { Painter } from './painter.ts';
import { buildScene, type Scene } from './scene.ts';
import type { TubePoint } from './tubes.ts';

/** One view: pixels [size * size] of `bits` bits, dense is bright. */
export interface PhantomView {
  readonly size: number;
  readonly pixels: Uint16Array;
  readonly bits: number;
  readonly pixelMm: number;
}

export interface Phantom {
  readonly female: boolean;
  readonly frontal: PhantomView;
  readonly lateral: PhantomView;
}

export interface DrawOptions {
  /** Rows and columns; the field is 400 mm wide whatever they are. Default 256. */
  readonly size?: number;
  /** Who is drawn: studies of one patient show one body. Default: someone new with each seed. */
  readonly patient?: string;
}

/** Equal findings and seeds give equal pixels. */
export function drawPhantom(
  findings: readonly PhantomFinding[],
  seed: number | string,
  { size = 256, patient = `of ${seed}` }: DrawOptions = {},
): Phantom {
  const random = new Random(seed);
  const scene = buildScene(findings, new Random(`patient ${patient}`), random.fork('scene'));
  const exposure = sampleExposure(random);
  const draw = (name: View['name']) => drawView(scene, viewOf(name, size), exposure, random.fork(name));
  return { female: scene.anatomy.female, frontal: draw('frontal'), lateral: draw('lateral') };
}

function drawView(scene: Scene, view: View, exposure: Exposure, random: Random): PhantomView {
  const painter = new Painter(view, random);
  drawTissue(painter, scene);
  const { mediastinum, domes } = scene.anatomy;
  const hidden = [
    ...mediastinum.map((stack) => painter.stack(stack)),
    ...Object.values(domes).map((dome) => painter.ellipsoid(dome)),
  ];
  for (const lung of scene.lungs) drawLung(painter, lung, hidden);
  drawBones(painter, scene);
  drawDevice(painter, scene);
  const pixels = expose(painter.depth, view.size, exposure, random);
  drawMarker(pixels, view.size, 2 ** BITS - 64);
  return { size: view.size, pixels, bits: BITS, pixelMm: view.pixelMm };
}

/** Trunk, breasts, arms; airways and stomach are cut out. */
function drawTissue(painter: Painter, { anatomy }: Scene): void {
  const lateral = painter.view.name === 'lateral';
  const body = painter.stack(anatomy.body(lateral));
  painter.addSolid(body, MU.soft);
  for (const breast of anatomy.breasts)
    painter.addLengths(lengthOutside(painter.ellipsoid(breast), [body]), 0.8 * MU.soft);
  if (lateral) painter.addLengths(lengthOutside(painter.stack(anatomy.arms), [body]), MU.soft);
  if (anatomy.stomach) painter.addSolid(painter.ellipsoid(anatomy.stomach), -MU.soft);
  for (const airway of AIRWAYS) painter.addTube(airway, -0.85 * MU.soft);
}

const CARINA = { x: 2, y: -22, z: 48 };
const AIRWAYS: readonly (readonly TubePoint[])[] = [
  [
    { x: 0, y: -4, z: 205, radius: 8 },
    { x: 2, y: -20, z: 80, radius: 8 },
    { ...CARINA, radius: 8 },
  ],
  [
    { ...CARINA, radius: 6 },
    { x: -26, y: -24, z: 26, radius: 6 },
  ],
  [
    { ...CARINA, radius: 5.5 },
    { x: 34, y: -26, z: 30, radius: 5.5 },
  ],
];

function drawBones(painter: Painter, { anatomy, bones }: Scene): void {
  painter.addSolid(painter.stack(vertebralBodies(anatomy, 'bodies')), 0.17 * MU.bone);
  painter.addSolid(painter.stack(vertebralBodies(anatomy, 'plates')), 0.16 * MU.bone);
  for (const { tube, wallMm, density, ofShoulder } of bones) {
    if (ofShoulder && painter.view.name === 'lateral') continue;
    painter.addTube(tube, MU.bone * density, { wallMm });
  }
}

function drawDevice(painter: Painter, { pacemaker }: Scene): void {
  if (pacemaker === undefined) return;
  for (const solid of pacemaker.box) painter.addSolid(painter.ellipsoid(solid), MU.metal);
  painter.addTube(pacemaker.lead, MU.lead);
}
