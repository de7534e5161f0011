/**
 * One view as the encoder takes it, and the guard on its pixels. Fed [-1, 1] instead of [-1024, 1024], TorchXRayVision
 * answers with the same 18 numbers for every image and says nothing (docs: failure 2): here such input is refused.
 */
import { fail } from '@llama-xr/core';
import { ENCODER_SIZE, type Projection, readRadiograph, toEncoderInput } from '@llama-xr/imaging';

/** Pixel values reach from -1024 (air) to 1024. */
export const INPUT_RANGE = 1024;

/** Rounding of a resize may pass the range by this much. */
const RANGE_TOLERANCE = 1;

/** A radiograph spans at least a quarter of the range; [0, 255], [0, 1] and [-1, 1] do not. */
const LEAST_SPAN = INPUT_RANGE / 2;

export interface ViewInput {
  /** The file, or whatever an error should call this view. */
  readonly name: string;
  /** What the view is used as. */
  readonly projection: Projection;
  /** [224, 224] in [-1024, 1024] */
  readonly pixels: Float32Array;
}

export interface ReadView extends ViewInput {
  /** Of the file. */
  readonly sha256: string;
}

/**
 * Reads a view from its file.
 * @throws LlamaXrError ENCODER when the file itself says that it is of the other projection, and as readRadiograph.
 */
export async function readView(path: string, projection: Projection): Promise<ReadView> {
  const radiograph = await readRadiograph(path);
  const { projection: stated, source } = radiograph;
  if (stated !== undefined && stated !== projection)
    fail(
      'ENCODER',
      `${path}: expected a ${projection} view, got one whose ${source.viewPosition === undefined ? 'header' : `ViewPosition ${source.viewPosition}`} says ${stated}`,
      { hint: 'The views of this study are swapped, or its data set says the wrong projection.' },
    );
  return { name: path, projection, pixels: toEncoderInput(radiograph), sha256: source.sha256 };
}

/**
 * Refuses pixels that are not [-1024, 1024] as the network was trained on.
 * @throws LlamaXrError ENCODER naming the view, the rule and what was found.
 */
export function checkPixels({ name, pixels }: ViewInput): void {
  if (pixels.length !== ENCODER_SIZE * ENCODER_SIZE)
    fail('ENCODER', `${name}: expected ${ENCODER_SIZE} x ${ENCODER_SIZE} pixels, got ${pixels.length}`);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of pixels) {
    if (!Number.isFinite(value)) fail('ENCODER', `${name}: expected finite pixels, got ${value}`);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const found = `[${low.toFixed(1)}, ${high.toFixed(1)}]`;
  if (low < -INPUT_RANGE - RANGE_TOLERANCE || high > INPUT_RANGE + RANGE_TOLERANCE)
    fail('ENCODER', `${name}: expected pixels in [-1024, 1024], got ${found}`, { hint: RANGE_HINT });
  if (high - low < LEAST_SPAN)
    fail(
      'ENCODER',
      `${name}: expected pixels that span at least ${LEAST_SPAN} of [-1024, 1024], got ${found}`,
      {
        hint: RANGE_HINT,
      },
    );
}

const RANGE_HINT =
  'Scale with (2 v / max - 1) x 1024. Other ranges give the same scores for every image, without an error.';
