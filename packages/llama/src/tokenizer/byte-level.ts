/**
 * GPT-2's spelling of bytes as visible characters (openai/gpt-2, bytes_to_unicode): printable Latin-1 stands for
 * itself, the 68 other bytes for the characters from U+0100 on.
 */

/** The character of each byte. */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  const isPrintable = (b: number) => (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(isPrintable(b) ? b : next++));
})();

const BYTES = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));

export function toByteLevel(text: string): string {
  let spelled = '';
  for (const byte of Buffer.from(text)) spelled += BYTE_CHARACTERS[byte];
  return spelled;
}

/** The bytes of a token; a character that spells no byte stands for its own UTF-8. */
export function fromByteLevel(spelled: string): number[] {
  return [...spelled].flatMap((character) => BYTES.get(character) ?? [...Buffer.from(character)]);
}
