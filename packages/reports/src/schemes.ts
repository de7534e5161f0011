/**
 * Labels of a whole report in two published schemes, worked out from its mentions.
 *
 * `nih14`: the 14 findings of ChestX-ray14 (Wang et al. 2017), 1 or 0. A finding counts when the report states it, calls
 * it likely, or names it as one of the alternatives (`atelectasis versus scarring`): so the experts of the Open-i gold
 * labels counted (23 of 27 and 11 of 12 such doubts of the development part are labelled; of `may represent`, none of 28).
 *
 * `chexpert14`: the 14 labels of CheXpert (Irvin et al. 2019): 1 stated, -1 doubted, 0 denied, null not spoken of; stated
 * outweighs doubted outweighs denied. As there, only what names a finding denies it: `lungs are clear` leaves
 * Consolidation null, while `heart size is normal` denies Cardiomegaly.
 */
import { FINDING_OF_LABEL, type Finding, NIH_LABELS, type NihLabel } from './findings.ts';
import { labelReport, type Mention } from './label.ts';
import { isStated } from './stated.ts';

/** In the order of the CheXpert paper. */
export const CHEXPERT_LABELS = [
  'No Finding',
  'Enlarged Cardiomediastinum',
  'Cardiomegaly',
  'Lung Opacity',
  'Lung Lesion',
  'Edema',
  'Consolidation',
  'Pneumonia',
  'Atelectasis',
  'Pneumothorax',
  'Pleural Effusion',
  'Pleural Other',
  'Fracture',
  'Support Devices',
] as const;

export type ChexpertLabel = (typeof CHEXPERT_LABELS)[number];

/** 1 stated, 0 denied (nih14: or not spoken of), -1 doubted, null not spoken of. */
export type LabelValue = 1 | 0 | -1 | null;

export const SCHEMES = { nih14: NIH_LABELS, chexpert14: CHEXPERT_LABELS } as const;

export type Scheme = keyof typeof SCHEMES;

/** A report as one text, or its sections; a missing section is empty. */
export type ReportText =
  | string
  | { readonly findings?: string | undefined; readonly impression?: string | undefined };

export function labels(report: ReportText, scheme: 'nih14'): Record<NihLabel, 1 | 0>;
export function labels(report: ReportText, scheme: 'chexpert14'): Record<ChexpertLabel, LabelValue>;
export function labels(report: ReportText, scheme: Scheme): Record<string, LabelValue>;
export function labels(report: ReportText, scheme: Scheme): Record<string, LabelValue> {
  const text = reportText(report);
  return labelsOf(labelReport(text), text, scheme);
}

/** Findings and impression with an empty line between them. */
export function reportText(report: ReportText): string {
  if (typeof report === 'string') return report;
  return [report.findings ?? '', report.impression ?? ''].filter((section) => section !== '').join('\n\n');
}

/** As `labels`, from mentions of a text that are known already. */
export function labelsOf(
  mentions: readonly Mention[],
  text: string,
  scheme: Scheme,
): Record<string, LabelValue> {
  return scheme === 'nih14' ? nih14(mentions) : chexpert14(mentions, text);
}

function nih14(mentions: readonly Mention[]): Record<NihLabel, 1 | 0> {
  const found = new Set<Finding>();
  for (const mention of mentions) if (isStated(mention)) found.add(mention.finding);
  return record(NIH_LABELS, (label) => (found.has(FINDING_OF_LABEL[label]) ? 1 : 0));
}

const CHEXPERT_OF_FINDING: Readonly<Partial<Record<Finding, ChexpertLabel>>> = {
  'enlarged mediastinum': 'Enlarged Cardiomediastinum',
  cardiomegaly: 'Cardiomegaly',
  opacity: 'Lung Opacity',
  infiltrate: 'Lung Opacity',
  'interstitial markings': 'Lung Opacity',
  scarring: 'Lung Opacity',
  nodule: 'Lung Lesion',
  mass: 'Lung Lesion',
  'lung lesion': 'Lung Lesion',
  edema: 'Edema',
  congestion: 'Edema',
  consolidation: 'Consolidation',
  pneumonia: 'Pneumonia',
  infection: 'Pneumonia',
  atelectasis: 'Atelectasis',
  pneumothorax: 'Pneumothorax',
  'pleural effusion': 'Pleural Effusion',
  'pleural thickening': 'Pleural Other',
  fracture: 'Fracture',
};

/** Findings with which a chest is still called normal. */
const HARMLESS: ReadonlySet<Finding> = new Set<Finding>([
  'low lung volumes',
  'tortuous aorta',
  'surgical material',
  'catheter',
  'tube',
  'implanted device',
]);

/** Signs of an operation, not devices: CheXpert's list of devices leaves them out. */
const NO_SUPPORT: ReadonlySet<string> = new Set(['surgical material', 'stent']);

function chexpert14(mentions: readonly Mention[], text: string): Record<ChexpertLabel, LabelValue> {
  const values = new Map<ChexpertLabel, LabelValue>();
  let normal = text.trim() !== '';
  for (const mention of mentions) {
    const value = ownValue(mention);
    if (value !== 0 && !HARMLESS.has(mention.finding)) normal = false;
    for (const label of chexpertLabels(mention, text)) {
      values.set(label, stronger(values.get(label), isWeak(mention, text) ? -1 : value));
    }
  }
  if (normal) values.set('No Finding', 1);
  return record(CHEXPERT_LABELS, (label) => values.get(label) ?? null);
}

/** As in the CheXpert labeler, what is called likely is stated, what is called probable is doubted. */
function ownValue({ polarity, doubt }: Mention): 1 | 0 | -1 {
  return polarity === 'positive' || doubt === 'likely' ? 1 : polarity === 'negative' ? 0 : -1;
}

const STRENGTH = { 0: 1, '-1': 2, 1: 3 } as const;

function stronger(known: LabelValue | undefined, value: 1 | 0 | -1): LabelValue {
  return known === undefined || known === null || STRENGTH[value] > STRENGTH[known] ? value : known;
}

const SILHOUETTE = /mediast/i;
const HEART_FAILURE = /failure|chf/i;

/** Most findings have one label; some have another by their place or form, and some two. */
function chexpertLabels(mention: Mention, text: string): readonly ChexpertLabel[] {
  const { finding, device, implied, location, form, start, end } = mention;
  if (device !== undefined) return NO_SUPPORT.has(device) ? [] : ['Support Devices'];
  if (implied && !NAMED_BY_PART.has(finding)) return [];
  if (finding === 'opacity' && form === 'nodular') return ['Lung Opacity', 'Lung Lesion'];
  if ((finding === 'scarring' || finding === 'fibrosis') && location === 'pleura') return ['Pleural Other'];
  if (finding === 'cardiomegaly' && !implied && SILHOUETTE.test(text.slice(start, end))) {
    return ['Cardiomegaly', 'Enlarged Cardiomediastinum'];
  }
  const label = CHEXPERT_OF_FINDING[finding];
  return label === undefined ? [] : [label];
}

/** `heart size is normal` speaks of no other finding than these. */
const NAMED_BY_PART: ReadonlySet<Finding> = new Set<Finding>(['cardiomegaly', 'enlarged mediastinum']);

/** Congestion is a sign of edema, not edema itself; heart failure is held for it. */
function isWeak({ finding, polarity, start, end }: Mention, text: string): boolean {
  return finding === 'congestion' && polarity !== 'negative' && !HEART_FAILURE.test(text.slice(start, end));
}

function record<Label extends string, Value>(
  names: readonly Label[],
  valueOfName: (label: Label) => Value,
): Record<Label, Value> {
  return Object.fromEntries(names.map((name) => [name, valueOfName(name)])) as Record<Label, Value>;
}
