/**
 * Parts of the chest and how they may look. A look says nothing by itself; beside its part it states a finding
 * (`heart ... enlarged`), and a part called normal denies the findings that would show there.
 */
import type { Finding } from './findings.ts';

export const PARTS = {
  heart: [
    'heart [size|silhouette|shadow|contour]',
    '(cardiac|cardiopericardial) [silhouette|size|shadow|contour]',
    '(cardiac|heart) and mediastinal (silhouette|contour)',
  ],
  'heart and mediastinum': [
    '(cardiomediastinal|cardio mediastinal) [silhouette|contour|size|structure]',
    'cardiomediastinum',
  ],
  mediastinum: ['(mediastinum|mediastinal|paratracheal) [silhouette|contour|structure|size]'],
  hilum: ['(hilar|hilum|perihilar|parahilar|suprahilar|infrahilar) [region|contour|structure]'],
  aorta: [
    '[thoracic|descending|descending thoracic|ascending] (aorta|aortic) [arch|knob|xxxx|contour|silhouette]',
  ],
  lung: ['lung [field|parenchyma|zone]', '[pulmonary] parenchyma', 'pulmonary'],
  'lung volume': ['(lung|pulmonary) volume', 'volume', '(inspiration|inspiratory effort|aeration)'],
  pleura: ['(pleura|pleural) [space|surface|based]', 'fissure'],
  'costophrenic angle': ['costophrenic [angle|sulcus|recess|xxxx]', '(sulcus|cp angle)'],
  diaphragm: ['(hemidiaphragm|diaphragm|diaphragmatic)'],
  vessels: [
    '[pulmonary|central] (vascularity|vasculature|vascular|vessel) [marking]',
    'pulmonary (artery|arterial|venous)',
  ],
  interstitium: [
    '[lung|pulmonary|bronchovascular|bronchial|vascular] [interstitial] marking',
    '(interstitium|interstitial)',
  ],
  spine: ['[thoracic|lumbar|cervical|t|l|c] (spine|vertebra|vertebral)', '(endplate|disc|disk)'],
  bone: [
    '(bone|bony|osseous|skeletal) [thorax|structure|abnormality|xxxx]',
    '(rib|clavicle|humerus|sternum|skeleton)',
    'vertebral body [height]',
  ],
  node: ['[hilar|mediastinal|paratracheal|subcarinal] lymph (node|xxxx)'],
} as const;

export type Part = keyof typeof PARTS;

export const LOOKS = {
  enlarged: ['(enlarged|enlargement|large|dilated|dilatation|increased in size|increase in size)'],
  prominent: ['(prominent|prominence|full|fullness)'],
  wide: ['(widened|widening|wide)'],
  borderline: ['borderline [enlarged|in size|size|enlargement|prominent]'],
  tortuous: [
    '(tortuous|tortuosity|ectatic|ectasia|unfolded|unfolding|uncoiling|uncoiled|elongated|aneurysmal|aneurysm)',
  ],
  calcified: ['(calcified|calcification|calcific|calcium)'],
  thick: ['(thickening|thickened)'],
  elevated: ['(elevated|elevation)'],
  flattened: ['(flattened|flattening)'],
  blunted: ['(blunted|blunting)'],
  low: ['(low|lower|decreased|diminished|reduced|shallow|poor|small)'],
  increased: ['(increased|increase|engorged|accentuated|coarse|coarsened|accentuation)'],
  abnormal: ['(irregular|chronic|abnormal)'],
  deformed: ['(deformity|deformed)'],
  normal: [
    '(normal|unremarkable|midline) [in|for|size] [size|contour|appearance|limit|configuration]',
    '(within|at) [the] (normal limit|limit of normal)',
    'within limit',
    '(intact|stable and unremarkable)',
  ],
  clear: [
    '(clear|sharp|clean) [bilaterally]',
    'well (aerated|expanded|inflated)',
    'normally (aerated|expanded|inflated)',
  ],
  'upper normal': [
    '(upper|high) (limit of normal|normal limit|limit normal|normal)',
    '[at|near] [the] (upper limit of normal|upper limit normal|upper normal limit)',
    'top [limit] [of] normal [limit]',
    '(near|near top) normal',
  ],
} as const;

export type Look = keyof typeof LOOKS;

/** A part, a look of it, the finding they state. */
export const OBSERVATIONS: readonly (readonly [Part, readonly Look[], Finding])[] = [
  ['heart', ['enlarged', 'prominent', 'borderline'], 'cardiomegaly'],
  ['heart and mediastinum', ['enlarged', 'prominent', 'borderline'], 'cardiomegaly'],
  ['mediastinum', ['enlarged', 'prominent', 'wide'], 'enlarged mediastinum'],
  ['hilum', ['enlarged', 'prominent'], 'prominent hilum'],
  ['hilum', ['calcified'], 'granuloma'],
  ['mediastinum', ['calcified'], 'granuloma'],
  ['node', ['calcified'], 'granuloma'],
  ['node', ['enlarged', 'prominent'], 'prominent hilum'],
  ['lung', ['calcified'], 'granuloma'],
  ['aorta', ['tortuous', 'enlarged', 'prominent'], 'tortuous aorta'],
  ['aorta', ['calcified'], 'aortic calcification'],
  ['lung volume', ['low'], 'low lung volumes'],
  ['lung volume', ['enlarged', 'increased'], 'hyperinflation'],
  ['pleura', ['thick', 'calcified'], 'pleural thickening'],
  ['costophrenic angle', ['blunted'], 'blunted costophrenic angle'],
  ['diaphragm', ['elevated'], 'elevated diaphragm'],
  ['diaphragm', ['flattened'], 'hyperinflation'],
  ['vessels', ['prominent', 'increased', 'enlarged'], 'congestion'],
  ['interstitium', ['prominent', 'increased', 'thick', 'abnormal'], 'interstitial markings'],
  ['bone', ['deformed'], 'bone deformity'],
  ['spine', ['deformed'], 'bone deformity'],
];

/** What a part called normal, clear or intact denies. */
export const DENIED_BY_NORMAL: Readonly<Partial<Record<Part, readonly Finding[]>>> = {
  heart: ['cardiomegaly'],
  'heart and mediastinum': ['cardiomegaly', 'enlarged mediastinum'],
  mediastinum: ['enlarged mediastinum'],
  hilum: ['prominent hilum'],
  aorta: ['tortuous aorta'],
  lung: ['opacity', 'consolidation'],
  'lung volume': ['low lung volumes', 'hyperinflation'],
  pleura: ['pleural effusion'],
  'costophrenic angle': ['blunted costophrenic angle', 'pleural effusion'],
  diaphragm: ['elevated diaphragm'],
  vessels: ['congestion'],
  spine: ['spine degeneration'],
  bone: ['fracture'],
};
