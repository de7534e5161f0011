/**
 * Tags: what IU X-ray's indexers noted of a study, as MeSH-like strings of a head and its qualifiers,
 * `Opacity/lung/base/left` (Demner-Fushman et al., JAMIA 2016). They stand in for a perfect reader of the image.
 * Here a set of tags becomes findings, so that a draft can be held against them, and words, so that a prompt can hold
 * them. `normal`, `No Indexing` and remarks on image quality name no finding.
 */
import { FINDINGS, type Finding, isFinding } from './findings.ts';

export interface Tag {
  /** In lower case: `pleural effusion`. */
  readonly head: string;
  /** In lower case, in the order given: place, side, look, degree. */
  readonly qualifiers: readonly string[];
}

/** `Pleural Effusion/left/small` -> head and qualifiers, lower-cased, spaces tidied, empty parts dropped. */
export function parseTag(text: string): Tag {
  const parts = text
    .toLowerCase()
    .split('/')
    .map((part) => part.trim().replace(/\s+/g, ' '))
    .filter((part) => part !== '');
  return { head: parts[0] ?? '', qualifiers: parts.slice(1) };
}

/** Heads that name one finding whatever qualifies them. */
const FINDING_OF_HEAD: Readonly<Record<string, Finding>> = {
  cardiomegaly: 'cardiomegaly',
  'pleural effusion': 'pleural effusion',
  'pericardial effusion': 'pericardial effusion',
  pneumoperitoneum: 'free air',
  pneumomediastinum: 'pneumomediastinum',
  'mediastinal emphysema': 'pneumomediastinum',
  'subcutaneous emphysema': 'subcutaneous emphysema',
  'mediastinal shift': 'mediastinal shift',
  blister: 'bulla',
  bronchiectasis: 'bronchiectasis',
  hydropneumothorax: 'pleural effusion',
  hemothorax: 'pleural effusion',
  pneumothorax: 'pneumothorax',
  hemopneumothorax: 'pneumothorax',
  consolidation: 'consolidation',
  infiltrate: 'infiltrate',
  opacity: 'opacity',
  'airspace disease': 'opacity',
  density: 'opacity',
  pneumonia: 'pneumonia',
  'pulmonary atelectasis': 'atelectasis',
  'pulmonary edema': 'edema',
  'pulmonary congestion': 'congestion',
  'heart failure': 'congestion',
  'lung diseases, interstitial': 'interstitial markings',
  markings: 'interstitial markings',
  nodule: 'nodule',
  mass: 'mass',
  cavitation: 'lung lesion',
  granuloma: 'granuloma',
  'calcified granuloma': 'granuloma',
  'granulomatous disease': 'granuloma',
  emphysema: 'emphysema',
  'pulmonary emphysema': 'emphysema',
  'bullous emphysema': 'emphysema',
  'pulmonary disease, chronic obstructive': 'copd',
  'lung, hyperlucent': 'hyperinflation',
  'pulmonary fibrosis': 'fibrosis',
  fibrosis: 'fibrosis',
  cicatrix: 'scarring',
  'diaphragmatic eventration': 'elevated diaphragm',
  'hernia, hiatal': 'hernia',
  'hernia, diaphragmatic': 'hernia',
  'fractures, bone': 'fracture',
  'bone diseases, metabolic': 'osteopenia',
  osteoporosis: 'osteopenia',
  osteophyte: 'spine degeneration',
  spondylosis: 'spine degeneration',
  arthritis: 'spine degeneration',
  'hyperostosis, diffuse idiopathic skeletal': 'spine degeneration',
  scoliosis: 'spine curvature',
  kyphosis: 'spine curvature',
  'aortic aneurysm': 'tortuous aorta',
  atherosclerosis: 'aortic calcification',
  'catheters, indwelling': 'catheter',
  'tube, inserted': 'tube',
  'implanted medical device': 'implanted device',
  'surgical instruments': 'surgical material',
  stents: 'surgical material',
  sutures: 'surgical material',
  'spinal fusion': 'surgical material',
  mastectomy: 'surgical material',
  pneumonectomy: 'surgical material',
};

/** Head, a qualifier it needs, the finding. A tag may match several. */
const FINDING_OF_PAIR: readonly (readonly [head: string, qualifier: string, Finding])[] = [
  ['cardiac shadow', 'enlarged', 'cardiomegaly'],
  ['cardiac shadow', 'prominent', 'cardiomegaly'],
  ['heart', 'enlarged', 'cardiomegaly'],
  ['mediastinum', 'enlarged', 'enlarged mediastinum'],
  ['mediastinum', 'prominent', 'enlarged mediastinum'],
  ['lung', 'hilum', 'prominent hilum'],
  ['lymph nodes', 'enlarged', 'prominent hilum'],
  ['thickening', 'pleura', 'pleural thickening'],
  ['calcinosis', 'pleura', 'pleural thickening'],
  ['costophrenic angle', 'blunted', 'blunted costophrenic angle'],
  ['sulcus', 'blunted', 'blunted costophrenic angle'],
  ['shift', 'mediastinum', 'mediastinal shift'],
  ['hydropneumothorax', '', 'pneumothorax'],
  ['hemopneumothorax', '', 'pleural effusion'],
  ['lung', 'interstitial', 'interstitial markings'],
  ['thickening', 'interstitial', 'interstitial markings'],
  ['opacity', 'interstitial', 'interstitial markings'],
  ['lung', 'hyperdistention', 'hyperinflation'],
  ['diaphragm', 'flattened', 'hyperinflation'],
  ['lung', 'hypoinflation', 'low lung volumes'],
  ['diaphragm', 'elevated', 'elevated diaphragm'],
  ['calcinosis', 'lung', 'granuloma'],
  ['calcinosis', 'hilum', 'granuloma'],
  ['calcinosis', 'mediastinum', 'granuloma'],
  ['calcinosis', 'lymph nodes', 'granuloma'],
  ['calcinosis', 'aorta', 'aortic calcification'],
  ['calcinosis', 'aorta, thoracic', 'aortic calcification'],
  ['calcinosis', 'blood vessels', 'aortic calcification'],
  ['aorta', 'tortuous', 'tortuous aorta'],
  ['aorta', 'enlarged', 'tortuous aorta'],
  ['aorta', 'prominent', 'tortuous aorta'],
  ['aorta, thoracic', 'tortuous', 'tortuous aorta'],
  ['aorta, thoracic', 'enlarged', 'tortuous aorta'],
  ['aorta, thoracic', 'prominent', 'tortuous aorta'],
  ['spine', 'degenerative', 'spine degeneration'],
  ['thoracic vertebrae', 'degenerative', 'spine degeneration'],
  ['lumbar vertebrae', 'degenerative', 'spine degeneration'],
  ['cervical vertebrae', 'degenerative', 'spine degeneration'],
  ['sclerosis', 'thoracic vertebrae', 'spine degeneration'],
  ['shoulder', 'degenerative', 'spine degeneration'],
  ['deformity', 'ribs', 'bone deformity'],
  ['deformity', 'thoracic vertebrae', 'bone deformity'],
  ['deformity', 'lumbar vertebrae', 'bone deformity'],
  ['deformity', 'spine', 'bone deformity'],
  ['deformity', 'clavicle', 'bone deformity'],
  ['deformity', 'humerus', 'bone deformity'],
  ['deformity', 'sternum', 'bone deformity'],
];

/** The findings that one tag names; a tag may be a finding's own name. Unknown heads name none. */
export function findingsOfTag(text: string): Finding[] {
  const { head, qualifiers } = parseTag(text);
  const found = new Set<Finding>();
  if (isFinding(head)) found.add(head);
  const whole = FINDING_OF_HEAD[head];
  if (whole !== undefined) found.add(whole);
  for (const [name, qualifier, finding] of FINDING_OF_PAIR) {
    if (name === head && (qualifier === '' || qualifiers.includes(qualifier))) found.add(finding);
  }
  return [...found];
}

/** The findings that a study's tags name, in the order of FINDINGS. */
export function tagFindings(tags: readonly string[]): Set<Finding> {
  const found = new Set(tags.flatMap(findingsOfTag));
  return new Set(FINDINGS.filter((finding) => found.has(finding)));
}

const NO_FINDING: ReadonlySet<string> = new Set([
  'normal',
  'no indexing',
  'technical quality of image unsatisfactory',
]);

/** Tags that say something of the patient: without `normal` and remarks on the image or its indexing. */
export function findingTags(tags: readonly string[]): string[] {
  return tags.filter((tag) => !NO_FINDING.has(parseTag(tag).head));
}

/** Plain words for heads that MeSH names in its own way. */
const PLAIN_HEAD: Readonly<Record<string, string>> = {
  'pulmonary atelectasis': 'atelectasis',
  cicatrix: 'scar',
  calcinosis: 'calcification',
  'bone diseases, metabolic': 'osteopenia',
  'diaphragmatic eventration': 'eventration of diaphragm',
};

/** `Catheters, Indwelling/right` -> `indwelling catheters, right`; `Opacity/lung/base/left` -> `opacity, lung, base, left`. */
export function tagInWords(text: string): string {
  const { head, qualifiers } = parseTag(text);
  const inverted = /^([^,]+), ([^,]+)$/.exec(head);
  const name = PLAIN_HEAD[head] ?? (inverted ? `${inverted[2]} ${inverted[1]}` : head);
  return [name, ...qualifiers.map((qualifier) => qualifier.replaceAll(',', ''))].join(', ');
}
