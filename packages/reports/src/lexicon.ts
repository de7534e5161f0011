/**
 * Words for findings, for the anatomy they change and for how it looks: our own lexicon, written from radiology usage
 * and developed on the training part of IU X-ray alone. Words are in the singular (see `lemmas`).
 *
 * A finding is stated by a term (`pleural effusion`) or by a part and a look that stand together in a clause, in
 * either order (`the heart is mildly enlarged`, `enlarged heart`). Lines, tubes and implants stand in `device-lexicon`.
 */
import type { Finding } from './findings.ts';

export const TERMS: Readonly<Record<Finding, readonly string[]>> = {
  cardiomegaly: ['cardiomegaly', '(cardiac|heart) enlargement'],
  'enlarged mediastinum': ['mediastinal (widening|enlargement|prominence)', 'widening of [the] mediastinum'],
  'prominent hilum': [
    '(hilar|perihilar) (prominence|enlargement|fullness|adenopathy|lymphadenopathy)',
    '(lymphadenopathy|adenopathy)',
  ],
  'pleural effusion': [
    '[pleural] effusion',
    'pleural (fluid|collection)',
    'fluid in the (fissure|pleural space)',
    '(hydropneumothorax|hemothorax|hydrothorax|empyema)',
  ],
  pneumothorax: [
    '[tension] (pneumothorax|hydropneumothorax|hemopneumothorax|ptx)',
    'pleural air [collection]',
  ],
  'mediastinal shift': [
    '(mediastinal|tracheal|cardiomediastinal) (shift|deviation|displacement)',
    '(shift|deviation|displacement) of the (mediastinum|trachea|heart|mediastinal structure)',
    '(mediastinum|trachea|heart) is (shifted|deviated|displaced)',
  ],
  pneumomediastinum: ['pneumomediastinum', 'mediastinal air'],
  'subcutaneous emphysema': ['(subcutaneous|soft tissue|subcutaneous soft tissue) (emphysema|air|gas)'],
  'free air': [
    'pneumoperitoneum',
    'free [intraperitoneal|subdiaphragmatic|intra abdominal|abdominal] (air|gas)',
    '(subdiaphragmatic|intraperitoneal) [free] (air|gas)',
    '(air|gas) (under|below|beneath) the [right|left] (hemidiaphragm|diaphragm)',
  ],
  'pericardial effusion': ['pericardial (effusion|fluid)'],
  'pleural thickening': [
    '(pleural|apical|biapical) [pleural] (capping|cap|thickening)',
    'pleural [parenchymal] (thickening|plaque|calcification|reaction)',
    '(fissural|interlobar fissural|fissure) thickening',
    'thickening of the (pleura|fissure)',
    'fibrothorax',
  ],
  'blunted costophrenic angle': ['costophrenic [angle|sulcus|recess|xxxx] blunting'],
  consolidation: ['(consolidation|consolidative [opacity|change|process|disease])'],
  infiltrate: [
    '[nodular|fibronodular|infectious] (infiltrate|infiltration)',
    'infiltrative [opacity|change|process]',
  ],
  opacity: [
    '(opacity|opacification|opacified)',
    '(airspace|air space) [interstitial] (disease|opacity|process|opacification)',
    '(alveolar|ground glass|interstitial|reticular) (opacity|process|density)',
    'density',
  ],
  pneumonia: ['[aspiration|lobar|postobstructive] (pneumonia|pneumonitis|bronchopneumonia|pna)'],
  infection: [
    '[acute|atypical] infectious [or inflammatory] (process|etiology|infiltrate|disease)',
    '[atypical|superimposed|pulmonary|opportunistic] infection',
  ],
  aspiration: ['aspiration'],
  atelectasis: [
    '(atelectasis|atelectatic|atelectatic change)',
    '[lobar|lung] collapse',
    '(collapsed|collapse of the) [left|right] [upper|lower|middle] (lung|lobe)',
  ],
  'volume loss': ['volume loss', 'loss of volume'],
  edema: ['[pulmonary] [interstitial|alveolar] edema', 'pulm edema'],
  congestion: [
    '[pulmonary] [vascular|venous] congestion',
    '[pulmonary] (vascular|venous) (engorgement|prominence|redistribution|distention)',
    '(heart|cardiac) failure',
    'chf',
    'cephalization',
  ],
  'interstitial markings': [
    '(bronchovascular|vascular|bronchovascularly) crowding',
    'crowding of [the] [bronchovascular|vascular|lung|pulmonary] (marking|structure|vasculature|bronchovascular)',
    'interstitial (lung disease|disease|thickening|prominence|change|pattern|abnormality|opacity|density)',
    '(septal|kerley|kerley b) line',
    'prominence of [the] [pulmonary] (interstitium|interstitial marking)',
    'peribronchial (cuffing|thickening)',
  ],
  nodule: ['[noncalcified|calcified] [pulmonary|lung|parenchymal] nodule', '(nodularity|fibronodular)'],
  mass: [
    '[pulmonary|lung|mediastinal|hilar] (mass|masslike|mass like) [opacity|lesion|density]',
    'mass lesion',
  ],
  'lung lesion': [
    '(lesion|neoplasm|malignancy|metastasis|metastatic disease|cancer|carcinoma|tumor|cavitation|cavity)',
  ],
  granuloma: [
    '[calcified] (granuloma|granulomatous)',
    '[calcified] granulomatous (disease|change|process|infection|sequela|calcification)',
    'calcified [pulmonary|lung|parenchymal] (nodule|nodular density|nodular opacity|lesion)',
    'calcified [hilar|mediastinal|perihilar|lymph|right hilar|left hilar] (node|adenopathy|lymphadenopathy)',
    'histoplasmosis',
  ],
  emphysema: ['(emphysema|emphysematous [change|disease])', 'bullous emphysema'],
  bulla: ['[emphysematous] (bulla|bleb)', 'bullous [change|disease]'],
  bronchiectasis: ['(bronchiectasis|bronchiectatic) [change]'],
  copd: [
    'copd',
    '[chronic] obstructive (pulmonary|lung|airway) disease',
    'obstructive disease',
    'chronic lung disease',
  ],
  hyperinflation: [
    '(hyperinflation|hyperinflated|hyperexpansion|hyperexpanded|hyperaeration|hyperaerated|hyperlucent|hyperlucency)',
    '(hyper|over) (inflated|expanded|inflation|expansion|aerated|aeration)',
    '(overinflated|overexpanded|overinflation|hyperdistended|overdistended|hyperdistention)',
    'increased (ap diameter|retrosternal airspace|retrosternal air space)',
  ],
  'low lung volumes': [
    '(hypoinflation|hypoinflated|hypoventilation|hypoventilatory|hypoaeration|hypoaerated|hypoexpansion|hypoexpanded)',
    '(under|hypo) (inflated|inflation|expanded|expansion|aerated|aeration)',
    '(underinflated|underinflation|underexpanded)',
    '(low|shallow|poor|decreased|diminished) [level of|depth of] (inspiration|inspiratory effort|inspiratory volume)',
    '(low|lower|decreased|diminished|reduced|small) [lung|pulmonary] volume',
  ],
  fibrosis: ['[pulmonary|interstitial] (fibrosis|fibrotic [change|scarring])', 'honeycombing'],
  scarring: [
    '[parenchymal|apical|fibrotic] (scar|scarring|cicatrix)',
    'pleuroparenchymal (scar|scarring)',
    'fibronodular',
  ],
  'elevated diaphragm': ['eventration', 'diaphragmatic eventration'],
  hernia: ['[hiatal|hiatus|diaphragmatic|bochdalek|morgagni] hernia'],
  fracture: [
    '[rib|clavicular|vertebral|compression|healed|old|displaced] [compression] (fracture|fractured)',
    '(wedging|wedge|compression) deformity',
  ],
  'bone deformity': [
    '(rib|clavicular|vertebral|thoracic|sternal|bony|osseous) deformity',
    'deformity',
    'deformed',
  ],
  osteopenia: ['(osteopenia|osteopenic|osteoporosis|osteoporotic|demineralization|demineralized)'],
  'spine degeneration': [
    'degenerative [joint|disc|disk|spinal|spine] (change|disease|disc disease|spurring|endplate change)',
    'degenerative',
    '[bridging|marginal|anterior] (osteophyte|osteophytosis|osteophytic|spurring|spur|syndesmophyte)',
    '(spondylosis|spondylitic|spondylotic|spondylitis|arthritis|arthritic|osteoarthritis|arthrosis|arthropathy)',
    'hypertrophic [endplate|spinal] (change|spurring)',
    'disc (narrowing|space narrowing)',
    'dish',
    'diffuse idiopathic skeletal hyperostosis',
  ],
  'spine curvature': [
    '(scoliosis|scoliotic|kyphosis|kyphotic|kyphoscoliosis|dextroscoliosis|levoscoliosis|levocurvature|dextrocurvature)',
    'curvature of the [thoracic|lower thoracic|upper thoracic] spine',
  ],
  'tortuous aorta': [
    '(ectatic|unfolded|uncoiled) [thoracic|descending] aorta',
    'aortic (ectasia|tortuosity|aneurysm|unfolding)',
  ],
  'aortic calcification': [
    '[aortic|vascular] atherosclerotic [vascular] (calcification|disease|change|plaque)',
    '(atherosclerosis|atherosclerotic|arteriosclerosis|arteriosclerotic)',
    'aortic (calcification|atherosclerosis|arteriosclerosis|plaque)',
    'vascular calcification',
  ],
  catheter: [],
  tube: [],
  'implanted device': ['(generator|prosthesis|arthroplasty)'],
  'surgical material': [
    '(sternotomy|cabg|postsurgical|postoperative|cholecystectomy|mastectomy|lobectomy|pneumonectomy|thoracotomy)',
    'bypass graft',
    'status post (surgery|lobectomy|cabg)',
  ],
};

/** Phrases that hold a finding's word and state none: they are consumed. */
export const DISTRACTORS: readonly string[] = [
  '(joint|knee) (effusion|fluid)',
  '(soft tissue|subcutaneous|chest wall|leg|ankle|peripheral) edema',
  'cardiac (surgery|apex|border|monitor)',
  'cystic fibrosis',
  '(previous|prior|old|remote|treated) (pneumonia|infection)',
  '(thyroid|breast|abdominal|soft tissue) mass',
  '(mass effect|body mass)',
  'soft tissue density',
  'nipple (shadow|marker)',
  'port of',
  '(side|proximal) (port|hole)',
  'sidehole',
  '(bone|mineral) density',
];

/** Words for anything wrong at all: the graph knows them as observations, the labeler knows no finding for them. */
export const GENERIC: readonly string[] = [
  '[acute|active|significant] [focal] [cardiopulmonary|cardiac|pulmonary|intrathoracic|pleural|bony|osseous|cardiothoracic] (process|disease|abnormality|pathology)',
  '[acute] (cardiopulmonary|intrathoracic|bony|osseous) finding',
  '(acute|active) finding',
];
