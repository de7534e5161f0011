/**
 * Which words keep their full stop in Stanford's PTBTokenizer 3.4.1, in any case of their letters: found by giving it
 * every word of WordNet and every string of one to four letters with a full stop.
 */
const words = (list: string) => list.trim().split(/\s+/);

/** Keep it everywhere. */
export const ABBREVIATIONS = words(`
  adj adm adv alex assoc asst atty attys ave brig capt cf cie cmdr col comdr cpl dept det dr drs elec ens ft gen gov govs hon insp invt
  jos lieut lt maj messrs mlle mme mr mrs ms msgr mt natl pfc ph pres prof profs pvt rep reps rev sen sens sfc sgt spc st ste supt supts treas vs wm
`);

/** Keep it, and may end a sentence. */
export const FINAL_ABBREVIATIONS = words(`
  al ala apr ariz assn aug bancorp bhd bldg blvd bros calif co colo conn corp cos ct dak dec esq est etc ext feb fla fri ga inc
  ind intl jan jr jul jun kan kans ky ltd mar md mich minn mo mon mont neb nev nov oct okla penn plc rd rt sep sept seq
  sq sr sys tel tenn thu thurs tue tues univ va vt wed wis wisc wyo ed.d ph.d
`);

/** As those, but only with a capital at their head (`Miss.`, never `miss.`). */
export const CAPITALISED_ABBREVIATIONS = words('ark az del ill la mass miss ore pa tex wash');

/** As those, but never all in capitals. */
export const LOWER_ABBREVIATIONS = words('ppte pptes ppty pptys pte ptes pty ptys');

/** Keep it everywhere, but never all in capitals. */
export const LOWER_TRADE_ABBREVIATIONS = words('mfg mtg');

/** Keep it before a number: `fig. 3`. */
export const ABBREVIATIONS_BEFORE_NUMBERS = words('art ca fig figs no nos op pp prop');

/** A single letter loses its full stop before these: they begin the next sentence. */
export const SENTENCE_STARTERS = words(`
  A About According Additionally After An As At But Earlier He Her Here However If In It Last Many More Now Once One
  Other Our She Since So Some Such That The Their Then There These They This We What When While Yet You
`);

/** A name with one of these endings is a file's. */
export const FILE_EXTENSIONS = words(`
  bat bmp c cgi class cpp dll doc docx exe gif gz h htm html jar java jpeg jpg mov mp3 pdf php pl png ppt ps py sql tar
  txt wav x xml zip
`);
