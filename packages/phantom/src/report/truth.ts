/** The truth of a phantom in the forms that data sets keep: MeSH-like tags, and 0 or 1 for NIH's labels. */
import { FINDING_OF_LABEL, type Finding, NIH_LABELS, type NihLabel } from '@llama-xr/reports';
import type { PhantomFinding } from '../findings.ts';

/** Tags as IU X-ray's indexers write them, `Pleural Effusion/left/small`; `normal` where there is nothing to note. */
export function phantomTags(findings: readonly PhantomFinding[]): string[] {
  return findings.length === 0 ? ['normal'] : findings.map(tagOf);
}

function tagOf(finding: PhantomFinding): string {
  switch (finding.kind) {
    case 'cardiomegaly':
      return `Cardiomegaly/${finding.severity}`;
    case 'pleural effusion':
      return `Pleural Effusion/${finding.side}/${finding.severity}`;
    case 'pneumothorax':
      return `Pneumothorax/${finding.side}/${finding.severity}`;
    case 'consolidation':
      return `Consolidation/lung/${finding.zone} zone/${finding.side}`;
    case 'nodule':
      return `Nodule/lung/${finding.zone} zone/${finding.side}`;
    case 'atelectasis':
      return `Pulmonary Atelectasis/base/${finding.side}`;
    case 'edema':
      return 'Pulmonary Edema';
    case 'hyperinflation':
      return 'Lung/hyperdistention';
    case 'implanted device':
      return 'Implanted Medical Device/left';
  }
}

/** What the kinds drawn here leave open: a hyperinflated lung may be emphysematous or not. */
const NOT_KNOWN: readonly NihLabel[] = ['Emphysema'];

/** NIH's labels; those that a drawing does not settle are missing. */
export function phantomLabels(findings: readonly PhantomFinding[]): Partial<Record<NihLabel, 0 | 1>> {
  const present = new Set<Finding>(findings.map((finding) => finding.kind));
  return Object.fromEntries(
    NIH_LABELS.filter((label) => !NOT_KNOWN.includes(label)).map((label) => [
      label,
      present.has(FINDING_OF_LABEL[label]) ? 1 : 0,
    ]),
  );
}
