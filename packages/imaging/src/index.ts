/** DICOM, PNG and JPEG to one normalised radiograph, and DICOM and PNG writing. */

export type { Projection } from './dicom/projection.ts';
export { type DicomRadiograph, uidOf, writeDicom } from './dicom/write.ts';
export { ENCODER_SIZE, toEncoderInput } from './encoder-input.ts';
export { type Radiograph, type RadiographSource, readRadiograph } from './radiograph.ts';
export {
  encodeJpeg,
  encodePng,
  type JpegOptions,
  type Picture,
  svgToPng,
  toPicture,
  writePng,
} from './raster.ts';
