/**
 * How Stanford's PTBTokenizer 3.4.1 classes the characters of the basic plane: found by giving it each of them, alone
 * and beside letters and digits. Written as the inside of a character class. What is in no class is dropped.
 */

/** Letters and digits of any script. */
export const ALPHANUMERIC = '\\p{L}\\p{Nd}\\u1885\\u1886';

/** Marks and modifiers that belong to a word as its letters do. */
export const MARKS = [
  '\\u02c2-\\u02c5\\u02d2-\\u02df\\u02e5-\\u02eb\\u02ed\\u02ef-\\u036f\\u0375\\u0378-\\u0379\\u0384-\\u0385',
  '\\u03f6\\u0483-\\u0487\\u055a-\\u055f\\u0591-\\u05bd\\u05bf\\u05c1-\\u05c2\\u05c4-\\u05c5\\u05c7',
  '\\u0615-\\u061a\\u064b-\\u065e\\u0670\\u06d6-\\u06e4\\u06e7-\\u06ed\\u06fd-\\u06fe\\u070f\\u0711',
  '\\u0730-\\u074c\\u07a6-\\u07b0\\u07eb-\\u07f3\\u0900-\\u0903\\u093c\\u093e-\\u094e\\u0951-\\u0955',
  '\\u0962-\\u0963\\u0981-\\u0983\\u09bc\\u09be-\\u09c4\\u09c7-\\u09c8\\u09cb-\\u09cd\\u09d7\\u09e2-\\u09e3',
  '\\u0a01-\\u0a03\\u0a3c\\u0a3e-\\u0a4f\\u0a81-\\u0a83\\u0abc\\u0abe-\\u0acf\\u0b82\\u0bbe-\\u0bc2',
  '\\u0bc6-\\u0bc8\\u0bca-\\u0bcd\\u0c01-\\u0c03\\u0c3e-\\u0c56\\u0d3e-\\u0d44\\u0d46-\\u0d48\\u0e31',
  '\\u0e34-\\u0e3a\\u0e47-\\u0e4e\\u0eb1\\u0eb4-\\u0ebc\\u0ec8-\\u0ecd',
].join('');

/** Characters that are a token of their own and stay as they are, beyond ASCII. */
export const SYMBOLS = [
  '\\u00a1\\u00a5-\\u00a9\\u00ac\\u00ae-\\u00b4\\u00b6-\\u00b9\\u00bf\\u00d7\\u00f7\\u037e\\u0387\\u0589',
  '\\u05be\\u05c0\\u05c3\\u05c6\\u05f3-\\u05f4\\u0600-\\u0603\\u0606-\\u060c\\u0614\\u061b\\u061e-\\u061f',
  '\\u066a\\u066d\\u06d4\\u0700-\\u070d\\u07f6-\\u07f8\\u0964-\\u0965\\u0e3f\\u0e4f\\u1fbd\\u2016-\\u2017',
  '\\u201a\\u201e-\\u2023\\u2030-\\u2038\\u203b\\u203e-\\u2042\\u2070\\u2074-\\u207e\\u2080-\\u208e\\u20a4',
  '\\u2100-\\u2101\\u2103-\\u2106\\u2108-\\u2109\\u2114\\u2116-\\u2118\\u211e-\\u2123\\u2125\\u2127\\u2129',
  '\\u212e\\u213a-\\u213b\\u2140-\\u2144\\u214a-\\u214d\\u214f\\u2155-\\u215e\\u2190-\\u2bff\\u3001-\\u3002',
  '\\u3012\\u30fb\\uff01-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff65\\uffe0-\\uffe1\\uffe5-\\uffe6',
].join('');
