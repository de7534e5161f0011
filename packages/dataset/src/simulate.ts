/**
 * Simulated encoder scores: what a DenseNet of known skill might have said of a study whose truth is known. They stand
 * in where there are no images, and whatever is made from them says "simulated".
 *
 * Model: each score is the answer of an equal-variance binormal reader. A latent reading x = d' (y - 1/2) + n, y the
 * truth, n ~ N(0, 1), gives ROC area Phi(d' / sqrt 2); the score is 1 / (1 + exp(-d' x)), the posterior of the finding at
 * even odds, so that 0.5 is the operating threshold. The two views of a study share most of their noise.
 */
import { Random } from '@llama-xr/core';
import { FINDING_OF_LABEL, tagFindings, XRV_LABELS, type XrvLabel } from '@llama-xr/reports';
import type { NihLabels } from './sources/gold-labels.ts';
import type { StudyScores } from './study.ts';

/** Area under the ROC curve of one view's score of one finding. */
export const SIMULATED_AUC = 0.85;
/** sqrt 2 times the standard normal's quantile at 0.85. */
const DETECTABILITY = Math.SQRT2 * 1.0364333894937898;
/** Correlation of the two views' noise: a second view helps, as another look at the same chest. */
const VIEW_CORRELATION = 0.8;

export const SIMULATED_NOTICE =
  `simulated scores: no image was seen; 18 scores a view were drawn from the known labels with an AUC of about ` +
  `${SIMULATED_AUC} a finding (two views' mean: about 0.86)`;

/** What is true of a study: a gold label where there is one, else (and for what gold never marks) its tags. */
export function truthOf(tags: readonly string[], labels: NihLabels | undefined): Record<XrvLabel, 0 | 1> {
  const tagged = tagFindings(tags);
  const known: Partial<Record<XrvLabel, 0 | 1>> = labels ?? {};
  const truth = (label: XrvLabel): 0 | 1 => {
    // The gold labels mark no hernia at all, though 30 studies are tagged with one.
    const gold = label === 'Hernia' ? undefined : known[label];
    if (gold !== undefined) return gold;
    // A lesion is the common name of nodule and mass.
    if (label === 'Lung Lesion')
      return tagged.has('nodule') || tagged.has('mass') || tagged.has('lung lesion') ? 1 : 0;
    return tagged.has(FINDING_OF_LABEL[label]) ? 1 : 0;
  };
  return Object.fromEntries(XRV_LABELS.map((label) => [label, truth(label)])) as Record<XrvLabel, 0 | 1>;
}

/** Draws the scores of a study; equal seed, id and truth give equal scores, whatever other studies there are. */
export function simulateScores(
  id: string,
  truth: Readonly<Record<XrvLabel, 0 | 1>>,
  views: { readonly frontal: boolean; readonly lateral: boolean },
  seed: number,
): StudyScores {
  const random = new Random(`simulated scores ${seed} ${id}`);
  const own = Math.sqrt(1 - VIEW_CORRELATION);
  const frontal: number[] = [];
  const lateral: number[] = [];
  for (const label of XRV_LABELS) {
    const signal = DETECTABILITY * (truth[label] - 0.5) + Math.sqrt(VIEW_CORRELATION) * random.normal();
    frontal.push(posterior(signal + own * random.normal()));
    lateral.push(posterior(signal + own * random.normal()));
  }
  return {
    frontal: views.frontal ? frontal : null,
    lateral: views.lateral ? lateral : null,
    source: 'simulated',
  };
}

/** Four decimals: a reader's certainty has no more. */
function posterior(reading: number): number {
  return Math.round(1e4 / (1 + Math.exp(-DETECTABILITY * reading))) / 1e4;
}
