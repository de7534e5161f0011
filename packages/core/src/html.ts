/** Text into HTML: reports, file names and comments come from outside and must never become markup. */

/** For text between tags and for attribute values in quotes of either kind. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
