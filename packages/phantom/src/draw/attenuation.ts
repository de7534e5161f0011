/** Linear attenuation at about 70 keV, the middle of a chest exposure's spectrum, per mm. */
export const MU = {
  soft: 0.0195,
  lung: 0.0056,
  emphysematous: 0.0042,
  /** What these add to soft tissue. */
  bone: 0.036,
  metal: 0.35,
  lead: 0.6,
} as const;
