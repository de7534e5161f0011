/**
 * TorchXRayVision's 18 outputs and their operating points: which score stands where, and which value of it means
 * "as likely as not". Names, order and thresholds are those of torchxrayvision 1.5.7 (`models.model_urls`); see Cohen
 * et al., arXiv 2111.00595. This is no list of findings that a report may name.
 */
import { fail } from '@llama-xr/core';

export const PATHOLOGIES = [
  'Atelectasis',
  'Consolidation',
  'Infiltration',
  'Pneumothorax',
  'Edema',
  'Emphysema',
  'Fibrosis',
  'Effusion',
  'Pneumonia',
  'Pleural_Thickening',
  'Cardiomegaly',
  'Nodule',
  'Mass',
  'Hernia',
  'Lung Lesion',
  'Fracture',
  'Lung Opacity',
  'Enlarged Cardiomediastinum',
] as const;

export type Pathology = (typeof PATHOLOGIES)[number];

/** One threshold in (0, 1) an output; NaN where the checkpoint was never trained for that output. */
export type OperatingPoints = readonly number[];

const no = Number.NaN;

/** The published DenseNet-121 checkpoints by the name that `xrv.models.DenseNet(weights='densenet121-res224-NAME')` takes. */
export const PUBLISHED_OPERATING_POINTS: Readonly<Record<string, OperatingPoints>> = {
  // biome-ignore format: one line a checkpoint
  all: [0.07422872, 0.038290843, 0.09814756, 0.0098118475, 0.023601074, 0.0022490358, 0.010060724, 0.103246614, 0.056810737, 0.026791653, 0.050318155, 0.023985857, 0.01939503, 0.042889766, 0.053369623, 0.035975814, 0.20204692, 0.05015312],
  // biome-ignore format: one line a checkpoint
  nih: [0.039117552, 0.0034529066, 0.11396341, 0.0057298196, 0.00045666535, 0.0018880932, 0.012037827, 0.038744126, 0.0037213727, 0.014730946, 0.016149804, 0.054241467, 0.037198864, 0.0004403434, no, no, no, no],
  // biome-ignore format: one line a checkpoint
  pc: [0.031012505, 0.013347598, 0.081435576, 0.001262615, 0.002587246, 0.0035944257, 0.0023071, 0.055412333, 0.044385884, 0.042766232, 0.043258056, 0.037629247, 0.005658899, 0.0091741895, no, 0.026507627, no, no],
  // biome-ignore format: one line a checkpoint
  chex: [0.1988969, 0.05710573, no, 0.0531293, 0.1435217, no, no, 0.27212676, 0.07749717, no, 0.19712369, no, no, no, 0.09932402, 0.09273402, 0.3270967, 0.10888247],
  // biome-ignore format: one line a checkpoint
  rsna: [no, no, no, no, no, no, no, no, 0.13486601, no, no, no, no, no, no, no, 0.13511065, no],
  // biome-ignore format: one line a checkpoint
  mimic_nb: [0.08558747, 0.011884617, no, 0.0040595434, 0.010733786, no, no, 0.118761964, 0.022924708, no, 0.06358637, no, no, no, 0.022143636, 0.017476924, 0.1258702, 0.014020768],
  // biome-ignore format: one line a checkpoint
  mimic_ch: [0.09121389, 0.010573786, no, 0.005023008, 0.003698257, no, no, 0.08001232, 0.037242252, no, 0.05006329, no, no, no, 0.019866971, 0.03823637, 0.11303808, 0.0069147074],
};

/** File names as the project's release page gives them; `nih-pc-chex-mimic_ch-google-openi-kaggle-...` is "all". */
const FILE_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^nih-pc-chex-mimic_ch-google-openi-kaggle-densenet121/, 'all'],
  [/^kaggle-densenet121/, 'rsna'],
  [/^(nih|pc|chex|mimic_nb|mimic_ch)-densenet121/, '$1'],
  [/^densenet121-res224-(all|nih|pc|chex|rsna|mimic_nb|mimic_ch)\b/, '$1'],
];

/** The name of the published checkpoint that a file name (without folder) stands for, if it stands for one. */
export function publishedName(fileName: string): string | undefined {
  for (const [pattern, name] of FILE_NAMES) {
    const match = pattern.exec(fileName);
    if (match !== null) return name === '$1' ? match[1] : name;
  }
  return undefined;
}

/**
 * Scores relative to their operating points t: p / 2t below t, 1 - (1 - p) / 2(1 - t) from t on, so that 0.5 is the
 * threshold of every output. Outputs without a threshold (NaN) become 0.5: they say nothing.
 * @param raw [18] in [0, 1]
 */
export function normaliseScores(raw: ArrayLike<number>, points: OperatingPoints): Float32Array {
  if (raw.length !== points.length)
    fail('INPUT', `scores: expected ${points.length} (one an operating point), got ${raw.length}`);
  return Float32Array.from(points, (t, i) => {
    const p = raw[i] as number;
    if (Number.isNaN(t)) return 0.5;
    return p < t ? p / (2 * t) : 1 - (1 - p) / (2 * (1 - t));
  });
}
