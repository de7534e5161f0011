/**
 * Heads that read tags with side, place and degree from an encoder's 7 x 7 maps, fitted on a site's own tagged studies:
 * `Pleural Effusion/left/small`. One ridge target a head and a word; a head's score is calibrated on studies that the
 * fit did not see, and the words of a head that is stated are the likeliest ones in their place. What the heads say of
 * training studies comes from fits without that patient, so that whoever learns from it meets the errors it will meet
 * later. Not a classifier of pathologies: it knows what the tags that it was fitted on name.
 */
import { fail } from '@llama-xr/core';
import { areaUnderCurve, type Calibration, fitCalibration, probability } from './calibration.ts';
import { fitProjection, type MapProjection, projectedFeatures, type StudyMaps } from './map-projection.ts';
import { Ridge, type RidgeFit } from './ridge.ts';
import { type TagForm, tagForms, targetOf } from './tag-plan.ts';

export interface TaggedMaps {
  readonly patient: string;
  readonly tags: readonly string[];
  readonly maps: StudyMaps;
}

/** A linear score of features. */
export type Linear = Pick<RidgeFit, 'weights' | 'bias'>;

export interface TagHead<Fit extends Linear = Linear> {
  readonly form: TagForm;
  readonly presence: Fit;
  readonly calibration: Calibration;
  /** By place and word, as in the form. */
  readonly words: readonly (readonly Fit[])[];
  /** Training studies with this head. */
  readonly cases: number;
  /** Area under the curve on training studies, each read without its patient. */
  readonly area: number;
}

export interface TagReading {
  /** In the order of the heads; ['normal'] when none is probable. */
  readonly tags: readonly string[];
  /** By head, in (0, 1). */
  readonly probabilities: Readonly<Record<string, number>>;
}

export interface TagFitOptions {
  readonly seed?: number;
  /** SHA-256 of the encoder that made the maps. */
  readonly encoderHash: string;
}

/** Heads of fewer studies are left out. */
const LEAST_CASES = 8;
/** Flat between 0.003 and 0.05 on phantoms. */
const PENALTY = 0.01;
const STATED_FROM = 0.5;

/**
 * @returns the heads, and what fits without their own patients read of the studies, in their order
 * @throws LlamaXrError INPUT when no tag is common enough to be learned.
 */
export function fitTagHeads(
  studies: readonly TaggedMaps[],
  { seed = 3407, encoderHash }: TagFitOptions,
): { heads: TagHeads; heldOut: TagReading[] } {
  const tags = studies.map((study) => study.tags);
  const forms = tagForms(tags, LEAST_CASES).filter(
    ({ head }) => targetOf(tags, head).includes(0), // what everybody has cannot be told from anything
  );
  if (forms.length === 0)
    fail('INPUT', `tag heads: expected a tag that ${LEAST_CASES} studies have, got none`);
  const { projection, features } = fitProjection(
    studies.map(({ maps }) => maps),
    seed,
  );
  const ridge = new Ridge(features, { penalty: PENALTY, groups: studies.map(({ patient }) => patient) });
  const fitted = forms.map((form) => fitHead(form, tags, ridge));
  return {
    heads: new TagHeads(
      fitted.map(({ head }) => head),
      projection,
      encoderHash,
    ),
    heldOut: studies.map((_, row) => reading(fitted.map((of) => of.heldOut(row)))),
  };
}

function fitHead(form: TagForm, tags: readonly (readonly string[])[], ridge: Ridge) {
  const truth = targetOf(tags, form.head);
  const presence = ridge.fit(truth);
  const calibration = fitCalibration(presence.heldOut, truth);
  const words = form.places.map((texts, place) =>
    texts.map((text) => ridge.fit(targetOf(tags, form.head, { place, text }))),
  );
  const head: TagHead<RidgeFit> = {
    form,
    presence,
    calibration,
    words,
    cases: truth.reduce((sum, y) => sum + y, 0),
    area: areaUnderCurve(presence.heldOut, truth),
  };
  const heldOut = (row: number) => stated(head, (fit) => fit.heldOut[row] as number);
  return { head, heldOut };
}

interface StatedHead {
  readonly head: string;
  readonly probability: number;
  readonly tag: string;
}

function stated<Fit extends Linear>(
  { form, presence, calibration, words }: TagHead<Fit>,
  score: (of: Fit) => number,
): StatedHead {
  const chosen = words.map((fits, place) => {
    const scores = fits.map(score);
    return form.places[place]?.[scores.indexOf(Math.max(...scores))] as string;
  });
  return {
    head: form.head,
    probability: probability(calibration, score(presence)),
    tag: [form.head, ...chosen.filter((word) => word !== '')].join('/'),
  };
}

function reading(heads: readonly StatedHead[]): TagReading {
  const tags = heads.filter((of) => of.probability >= STATED_FROM).map(({ tag }) => tag);
  return {
    tags: tags.length > 0 ? tags : ['normal'],
    probabilities: Object.fromEntries(heads.map((of) => [of.head, of.probability])),
  };
}

export class TagHeads {
  readonly heads: readonly TagHead[];
  readonly projection: MapProjection;
  readonly encoderHash: string;

  constructor(heads: readonly TagHead[], projection: MapProjection, encoderHash: string) {
    this.heads = heads;
    this.projection = projection;
    this.encoderHash = encoderHash;
  }

  read(maps: StudyMaps): TagReading {
    const features = projectedFeatures(maps, this.projection);
    const score = ({ weights, bias }: Linear): number =>
      weights.reduce((sum, weight, d) => sum + weight * (features[d] as number), bias);
    return reading(this.heads.map((head) => stated(head, score)));
  }
}
