/** Stock wordings that scenarios ask for and the labeler has no word for, as expressions over one sentence each. */

export type Wording = 'refusal' | 'limitation' | 'doubt' | 'urgent' | 'follow-up' | 'all normal';

interface WordingRule {
  /** For a person: what the draft then says. */
  readonly words: string;
  readonly pattern: RegExp;
}

const STUDY = '(?:image|images|study|examination|exam|film|radiograph|picture|input|findings?|information)';

export const WORDINGS: Readonly<Record<Wording, WordingRule>> = {
  refusal: {
    words: 'that this cannot be reported',
    pattern: new RegExp(
      [
        '\\b(?:is|are|does|do|was) not (?:appear to be |seem to be |show |depict |contain |be )?(?:a |an |the )?(?:frontal |lateral |valid )?(?:chest|thorax|radiograph|x-?ray)',
        '\\bno (?:chest|thorax|lungs?) (?:is|are|can be|could be)? ?(?:seen|shown|visible|depicted|imaged)',
        `\\b${STUDY}\\b[^.;]{0,40}\\b(?:cannot|can not|could not|unable to)\\b[^.;]{0,40}\\b(?:interpret|report|assess|evaluat|read)`,
        '\\b(?:cannot|can not|could not|unable to) (?:be )?(?:interpret|report|write|give|generate)',
        '\\bnon-?diagnostic\\b|\\bnot (?:interpretable|reportable|of diagnostic quality)\\b',
        `\\b${STUDY} (?:is|are|was|were) (?:not known|not available|not given|not provided|missing|insufficient)`,
        `\\bno ${STUDY} (?:is |are |was |were )?(?:available|known|given|provided|received)`,
      ].join('|'),
      'i',
    ),
  },
  limitation: {
    words: 'that the image limits what can be said',
    pattern:
      /\b(?:limit(?:ed|s|ation)|suboptimal|degraded|under-?exposed|over-?exposed|under-?penetrated|rotated|rotation|motion|artifacts?|non-?diagnostic|not of diagnostic quality)\b|\b(?:poor|low|reduced|unsatisfactory)\b[^.;]{0,20}\b(?:quality|exposure|penetration|dose|technique|inspiration)\b/i,
  },
  doubt: {
    words: 'that it is uncertain',
    pattern:
      /\b(?:may|might|could|possibl[ey]|probabl[ey]|likely|questionable|suspected|suspicious|suggest(?:s|ed|ive|ing)?|uncertain|equivocal|indeterminate|cannot be excluded|not certain|not seen on the (?:lateral|frontal)|(?:seen )?only on the (?:lateral|frontal)|concern(?:ing)? for)\b/i,
  },
  urgent: {
    words: 'that it is urgent',
    pattern:
      /\b(?:urgent|urgently|emergent|emergency|immediate|immediately|critical (?:finding|result)|stat|notified|communicated|life-?threatening)\b/i,
  },
  'follow-up': {
    words: 'what should follow',
    pattern:
      /\b(?:follow-? ?up|CT|computed tomography|(?:further|additional|dedicated|repeat|short-interval) (?:evaluation|imaging|radiographs?|views?|assessment|characterization|study)|recommend(?:ed)?|advised)\b/i,
  },
  'all normal': {
    words: 'that all is normal',
    pattern:
      /\b(?:normal (?:chest|study|examination|exam|radiograph)|(?:chest|study|examination|radiograph) (?:is )?(?:normal|unremarkable)|no abnormalit(?:y|ies)|no (?:acute|active) (?:(?:cardio-?pulmonary|pulmonary|chest|cardiac|intra-?thoracic|thoracic) )?(?:abnormalit(?:y|ies)|findings?|diseases?|process))\b/i,
  },
};
