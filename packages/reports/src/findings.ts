/**
 * The vocabulary of findings: one name for what a report states, a MeSH tag of IU X-ray records, an NIH label counts
 * and an encoder's score measures. Names are plain words, because they also stand in prompts. "normal" is no finding:
 * it is the absence of all of them.
 */

export const FINDINGS = [
  'cardiomegaly',
  'enlarged mediastinum',
  'prominent hilum',
  'pleural effusion',
  'pneumothorax',
  'mediastinal shift',
  'pneumomediastinum',
  'subcutaneous emphysema',
  'free air',
  'pericardial effusion',
  'pleural thickening',
  'blunted costophrenic angle',
  'consolidation',
  'infiltrate',
  'opacity',
  'pneumonia',
  'infection',
  'aspiration',
  'atelectasis',
  'volume loss',
  'edema',
  'congestion',
  'interstitial markings',
  'nodule',
  'mass',
  'lung lesion',
  'granuloma',
  'emphysema',
  'bulla',
  'bronchiectasis',
  'copd',
  'hyperinflation',
  'low lung volumes',
  'fibrosis',
  'scarring',
  'elevated diaphragm',
  'hernia',
  'fracture',
  'bone deformity',
  'osteopenia',
  'spine degeneration',
  'spine curvature',
  'tortuous aorta',
  'aortic calcification',
  'catheter',
  'tube',
  'implanted device',
  'surgical material',
] as const;

export type Finding = (typeof FINDINGS)[number];

/**
 * The 18 outputs of TorchXRayVision's DenseNet-121, in their order. An operating point splits each score at 0.5.
 * @see https://github.com/mlmed/torchxrayvision (default_pathologies)
 */
export const XRV_LABELS = [
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

export type XrvLabel = (typeof XRV_LABELS)[number];

/** The 14 findings of NIH ChestX-ray14 (Wang et al. 2017), in the order of the Open-i gold labels. */
export const NIH_LABELS = [
  'Atelectasis',
  'Cardiomegaly',
  'Effusion',
  'Infiltration',
  'Mass',
  'Nodule',
  'Pneumonia',
  'Pneumothorax',
  'Consolidation',
  'Edema',
  'Emphysema',
  'Fibrosis',
  'Pleural_Thickening',
  'Hernia',
] as const satisfies readonly XrvLabel[];

export type NihLabel = (typeof NIH_LABELS)[number];

/** Which finding each label measures. The 18 labels have 18 different findings. */
export const FINDING_OF_LABEL: Readonly<Record<XrvLabel, Finding>> = {
  Atelectasis: 'atelectasis',
  Consolidation: 'consolidation',
  Infiltration: 'infiltrate',
  Pneumothorax: 'pneumothorax',
  Edema: 'edema',
  Emphysema: 'emphysema',
  Fibrosis: 'fibrosis',
  Effusion: 'pleural effusion',
  Pneumonia: 'pneumonia',
  Pleural_Thickening: 'pleural thickening',
  Cardiomegaly: 'cardiomegaly',
  Nodule: 'nodule',
  Mass: 'mass',
  Hernia: 'hernia',
  'Lung Lesion': 'lung lesion',
  Fracture: 'fracture',
  'Lung Opacity': 'opacity',
  'Enlarged Cardiomediastinum': 'enlarged mediastinum',
};

const KNOWN: ReadonlySet<string> = new Set(FINDINGS);

export function isFinding(name: string): name is Finding {
  return KNOWN.has(name);
}
