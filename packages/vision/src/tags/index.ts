/** Tags read from an encoder's maps by heads fitted on a site's own studies. */
export { type StudyMaps, studyMaps } from './map-projection.ts';
export { fitTagHeads, type TagFitOptions, type TaggedMaps, TagHeads, type TagReading } from './tag-heads.ts';
export { readTagHeads, writeTagHeads } from './tag-heads-file.ts';
