/**
 * The DICOM attributes that a radiograph needs, by keyword (PS3.6), with the value representation that implicit VR
 * leaves out. Not a dictionary: what is not listed is carried as bytes and never asked for.
 */

export const TAGS = {
  TransferSyntaxUID: [0x00020010, 'UI'],
  SpecificCharacterSet: [0x00080005, 'CS'],
  SOPClassUID: [0x00080016, 'UI'],
  SOPInstanceUID: [0x00080018, 'UI'],
  StudyDate: [0x00080020, 'DA'],
  StudyTime: [0x00080030, 'TM'],
  Modality: [0x00080060, 'CS'],
  SeriesDescription: [0x0008103e, 'LO'],
  PatientName: [0x00100010, 'PN'],
  PatientID: [0x00100020, 'LO'],
  BodyPartExamined: [0x00180015, 'CS'],
  ProtocolName: [0x00181030, 'LO'],
  ImagerPixelSpacing: [0x00181164, 'DS'],
  ViewPosition: [0x00185101, 'CS'],
  StudyInstanceUID: [0x0020000d, 'UI'],
  SeriesInstanceUID: [0x0020000e, 'UI'],
  PatientOrientation: [0x00200020, 'CS'],
  Laterality: [0x00200060, 'CS'],
  SamplesPerPixel: [0x00280002, 'US'],
  PhotometricInterpretation: [0x00280004, 'CS'],
  NumberOfFrames: [0x00280008, 'IS'],
  Rows: [0x00280010, 'US'],
  Columns: [0x00280011, 'US'],
  PixelSpacing: [0x00280030, 'DS'],
  BitsAllocated: [0x00280100, 'US'],
  BitsStored: [0x00280101, 'US'],
  HighBit: [0x00280102, 'US'],
  PixelRepresentation: [0x00280103, 'US'],
  /** US or SS, as PixelRepresentation says. */
  PixelPaddingValue: [0x00280120, 'US'],
  PixelPaddingRangeLimit: [0x00280121, 'US'],
  WindowCenter: [0x00281050, 'DS'],
  WindowWidth: [0x00281051, 'DS'],
  RescaleIntercept: [0x00281052, 'DS'],
  RescaleSlope: [0x00281053, 'DS'],
  VOILUTFunction: [0x00281056, 'CS'],
  ModalityLUTSequence: [0x00283000, 'SQ'],
  /** Entries, first value mapped, bits an entry; US or SS. */
  LUTDescriptor: [0x00283002, 'US'],
  LUTData: [0x00283006, 'OW'],
  VOILUTSequence: [0x00283010, 'SQ'],
  PixelData: [0x7fe00010, 'OW'],
} as const satisfies Record<string, readonly [number, string]>;

export type Keyword = keyof typeof TAGS;

const REPRESENTATIONS = new Map<number, string>(Object.values(TAGS).map(([tag, vr]) => [tag, vr]));

/** The value representation of a tag in implicit VR; `UN` for what is not listed above. */
export function representationOf(tag: number): string {
  return REPRESENTATIONS.get(tag) ?? 'UN';
}

/** (gggg,eeee), as the standard writes tags. */
export function tagName(tag: number): string {
  const hex = (tag >>> 0).toString(16).padStart(8, '0').toUpperCase();
  return `(${hex.slice(0, 4)},${hex.slice(4)})`;
}
