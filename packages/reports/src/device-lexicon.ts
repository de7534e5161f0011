/**
 * Lines, tubes, drains and implants, and where their ends belong. A place is right or wrong when a report calls it so
 * (`in satisfactory position`, `malpositioned`), or when it names where the tip lies and that place is known to be
 * right or wrong for the device (after Godoy et al., J Thorac Imaging 2012, on tubes and lines in the chest).
 */
import type { Finding } from './findings.ts';

interface DeviceWords {
  /** The finding that the device is counted as. */
  readonly finding: Finding;
  readonly words: readonly string[];
  /** Sites where its tip belongs, and sites where it does harm or no good. */
  readonly belongs?: readonly Site[];
  readonly strays?: readonly Site[];
  /** Where its tip belongs above the carina, in cm. */
  readonly aboveCarinaCm?: readonly [low: number, high: number];
}

/** Where the tip of a line or a tube may lie. */
export const SITES = {
  'superior vena cava': ['[upper|mid|low|lower|distal|proximal] (svc|superior vena cava|superior vena xxxx)'],
  'cavoatrial junction': [
    '(cavoatrial|caval atrial|svc ra|svc / ra|atriocaval) junction',
    'svc right atrial junction',
  ],
  'right atrium': ['[upper|mid|low|proximal] right atrium', 'right atrial'],
  'right ventricle': ['right ventricle', 'right ventricular (apex|outflow tract)'],
  'brachiocephalic vein': ['[left|right] (brachiocephalic|innominate) [vein]'],
  'subclavian vein': ['[left|right] subclavian vein'],
  'jugular vein': ['[left|right] [internal] jugular vein'],
  'axillary vein': ['[left|right] axillary vein', '(axilla|axillary region)'],
  azygos: ['azygos [vein]'],
  'pulmonary artery': [
    '[right|left|main|proximal|distal] [main|lower lobe|interlobar] pulmonary (artery|outflow tract)',
  ],
  trachea: ['[mid|lower|upper|distal|proximal|midthoracic] trachea', 'thoracic inlet', 'clavicular head'],
  'main bronchus': [
    '[right|left] (main stem|mainstem|main) [stem] (bronchus|bronchi)',
    '(bronchus intermedius|right mainstem|left mainstem)',
  ],
  bronchus: ['[right|left] [lower lobe|upper lobe|middle lobe] bronchus'],
  esophagus: [
    '[mid|lower|upper|distal|proximal] esophagus',
    '(ge|gastroesophageal|esophagogastric) junction',
  ],
  stomach: [
    '(stomach|gastric [body|fundus|antrum|bubble])',
    'gastric fundus',
    '(below|beneath|inferior to) [the] [left] (diaphragm|hemidiaphragm)',
    'left upper quadrant',
  ],
  duodenum: ['(duodenum|pylorus|small bowel|jejunum)'],
  'pleural space': ['[left|right] (pleural space|lung apex|hemithorax|lung base|costophrenic sulcus|apex)'],
} as const;

export type Site = keyof typeof SITES;

const VENOUS: Pick<DeviceWords, 'belongs' | 'strays'> = {
  belongs: ['superior vena cava', 'cavoatrial junction', 'right atrium'],
  strays: [
    'jugular vein',
    'subclavian vein',
    'axillary vein',
    'azygos',
    'right ventricle',
    'pulmonary artery',
  ],
};
const ENTERIC: Pick<DeviceWords, 'belongs' | 'strays'> = {
  belongs: ['stomach', 'duodenum'],
  strays: ['esophagus', 'trachea', 'main bronchus', 'bronchus', 'pleural space'],
};

const CATHETER = '(catheter|line|cath)';
const VEIN = '(jugular|internal jugular|external jugular|ij|subclavian|venous|central venous|central)';

const WORDS_OF_DEVICE = {
  'endotracheal tube': {
    finding: 'tube',
    words: ['(endotracheal|et|orotracheal|nasotracheal) [tube]', '(ett|et tube)', '(intubation|intubated)'],
    belongs: ['trachea'],
    strays: ['main bronchus', 'bronchus', 'esophagus'],
    aboveCarinaCm: [2, 7],
  },
  'tracheostomy tube': {
    finding: 'tube',
    words: ['(tracheostomy|trach) [tube|cannula]'],
    belongs: ['trachea'],
    strays: ['main bronchus'],
  },
  'enteric tube': {
    finding: 'tube',
    words: [
      '(enteric|enteral|nasogastric|orogastric|ng|og|feeding|gastric|gastrostomy|nasoenteric) [feeding] tube',
      '(nasogastric|orogastric|ng)',
      '(dobhoff|dobbhoff|dobbhoff tube|dobhoff tube|dobhoff feeding tube|ngt|ogt|peg tube|g tube)',
    ],
    ...ENTERIC,
  },
  'chest tube': {
    finding: 'tube',
    words: [
      '(chest|thoracostomy|pleural|pleurostomy) (tube|drain|catheter)',
      '(pigtail|pleurx) [pleural] [drainage] [catheter|drain|tube]',
    ],
    belongs: ['pleural space'],
  },
  PICC: {
    finding: 'catheter',
    words: ['(picc|picc line|picc catheter)', 'peripherally inserted central [venous] catheter'],
    ...VENOUS,
  },
  'Swan-Ganz catheter': {
    finding: 'catheter',
    words: ['(swan|swan ganz|swan xxxx|pulmonary artery|pulmonary arterial|pa) (catheter|line)', 'swan ganz'],
    belongs: ['pulmonary artery'],
    strays: ['right ventricle', 'right atrium', 'superior vena cava', 'jugular vein'],
  },
  port: {
    finding: 'catheter',
    words: [
      '(port|portacath|port a cath|portacatheter|port catheter|mediport|infusaport|port reservoir)',
      '(chest|infusion|venous access|subclavian|jugular) port',
    ],
    ...VENOUS,
  },
  'dialysis catheter': {
    finding: 'catheter',
    words: [
      '(dialysis|hemodialysis|dual lumen dialysis) [access] (catheter|line)',
      '(vas cath|vascath|permcath)',
    ],
    ...VENOUS,
  },
  'central line': {
    finding: 'catheter',
    words: [
      `${VEIN} [approach|access] [central] [venous] ${CATHETER}`,
      `(central|central venous|venous|vascular) access (catheter|device|line)`,
      '(cvc|cvl|triple lumen catheter|central line|internal jugular sheath|introducer sheath)',
    ],
    ...VENOUS,
  },
  'umbilical catheter': {
    finding: 'catheter',
    words: ['umbilical (venous|arterial|artery|vein) catheter', '(uvc|uac)'],
  },
  catheter: {
    finding: 'catheter',
    words: ['[indwelling|intrathecal|epidural] catheter', 'vascular sheath', 'cannula'],
  },
  pacemaker: {
    finding: 'implanted device',
    words: [
      '[cardiac] (pacemaker|pacer|pacing device)',
      '(cardiac|pacemaker|pacing|pacer|atrial|ventricular|transvenous pacer) (lead|generator|device|wire|pack)',
      '(dual|single) (lead|chamber) [cardiac] (pacemaker|pacer|device)',
      '(cardiac conduction device|cardiac xxxx generator)',
    ],
    belongs: ['right atrium', 'right ventricle'],
  },
  defibrillator: {
    finding: 'implanted device',
    words: [
      '[implantable|cardiac] (defibrillator|icd|aicd) [lead|generator]',
      'automatic implantable cardioverter defibrillator',
    ],
    belongs: ['right atrium', 'right ventricle'],
  },
  'balloon pump': {
    finding: 'implanted device',
    words: ['(iabp|intra aortic balloon pump|intraaortic balloon pump|aortic balloon pump|balloon pump)'],
  },
  'ventricular assist device': {
    finding: 'implanted device',
    words: ['[left] ventricular assist device', '(lvad|impella)'],
  },
  'heart valve': {
    finding: 'implanted device',
    words: [
      '[aortic|mitral|tricuspid|cardiac|heart] valve (prosthesis|replacement|device|repair)',
      '(prosthetic|artificial|mechanical|bioprosthetic) [aortic|mitral|heart|cardiac] valve',
    ],
  },
  neurostimulator: {
    finding: 'implanted device',
    words: ['[nerve|vagal|vagus|spinal cord] (stimulator|neurostimulator) [lead|device]'],
  },
  shunt: {
    finding: 'tube',
    words: ['(vp|ventriculoperitoneal) shunt [tubing|catheter]', 'shunt (tubing|catheter)'],
  },
  drain: {
    finding: 'tube',
    words: [
      '[mediastinal|surgical|jp|percutaneous|drainage] drain',
      '(drainage|mediastinal) (tube|catheter)',
    ],
  },
  tube: { finding: 'tube', words: ['(tube|tubing)'] },
  stent: {
    finding: 'surgical material',
    words: [
      '[coronary|vascular|aortic|biliary|esophageal|tracheal] [artery] stent',
      'stent graft',
      'endograft',
    ],
  },
  'surgical material': {
    finding: 'surgical material',
    words: [
      '(surgical|cholecystectomy|cabg|mediastinal|metallic|vascular|sternal|sternotomy) (clip|suture|wire|staple|hardware)',
      '(clip|suture|hardware|staple line|cerclage wire|sternal wire|median sternotomy wire)',
    ],
  },
  'orthopedic hardware': {
    finding: 'surgical material',
    words: [
      '(spinal|cervical|thoracic|lumbar|posterior|anterior) [spine|spinal] (fusion|fixation|rod) [hardware|plate|device]',
      '(fixation|orthopedic|spinal|surgical|fusion) (hardware|plate|screw|rod|device)',
      '(plate and screw|harrington rod|vertebroplasty cement)',
      '[shoulder|hip|joint|humeral] (arthroplasty|prosthesis)',
    ],
  },
  'other device': {
    finding: 'implanted device',
    words: [
      '(closure device|bone anchor|septal occluder|occluder device|loop recorder|event monitor)',
      '(medical|support|monitoring|implanted) (device|apparatus|equipment)',
      '(support|monitoring) (line|apparatus|line and tube)',
      'line and tube',
    ],
  },
} as const satisfies Record<string, DeviceWords>;

export type Device = keyof typeof WORDS_OF_DEVICE;

export const DEVICES: Readonly<Record<Device, DeviceWords>> = WORDS_OF_DEVICE;

/** What a report says of a device's place. */
export const PLACED: Readonly<Record<'right' | 'wrong', readonly string[]>> = {
  right: [
    '(satisfactory|good|appropriate|standard|adequate|expected|proper|acceptable|correct|usual|unremarkable|optimal) [and stable] (position|positioning|location|placement|course)',
    '(satisfactorily|adequately|appropriately|properly|well|correctly) (positioned|placed|located)',
    '(position|positioned|location|placement) (is|are|appear|appears) (satisfactory|good|appropriate|adequate|standard|acceptable)',
    '(position|location) [is] (satisfactory|appropriate)',
    'in (position|place)',
  ],
  wrong: [
    '(malpositioned|malposition|misplaced|displaced|dislodged|kinked|coiled|looped|looping|coiling|malpositioning|malplaced)',
    '(unsatisfactory|inappropriate|abnormal|suboptimal|poor|aberrant|high|low|improper) (position|positioning|location|placement|course)',
    '(suboptimally|inappropriately|poorly|improperly) (positioned|placed|located)',
    'too (high|low|deep|far|proximal|distal)',
    '(should|could|need to|must|recommend|may|can|to) be [slightly|further] (advanced|withdrawn|retracted|repositioned|pulled back|adjusted|replaced)',
    '(advance|advancement|advancing|withdraw|withdrawal|retract|retraction|repositioning|reposition|pullback) [is|of] [recommended|suggested|advised|the tube|the catheter|the line]',
    '(lead|wire) (fracture|fractured|discontinuity|migration)',
    '(fractured|disconnected|migrated)',
    '(side port|side hole|sidehole|proximal port) [is|are|lies|projects] (above|at|near|in|proximal to) [the] [distal] (gastroesophageal junction|ge junction|esophagogastric junction|esophagus)',
    'outside [of] the (pleural space|pleural cavity|thorax|chest|rib cage)',
    'not in (satisfactory|good|appropriate|proper) position',
  ],
};
