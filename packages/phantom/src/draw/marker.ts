/** The lead letter that radiographers lay on the plate: L, on the patient's left. */

const LETTER = ['#.....', '#.....', '#.....', '#.....', '#.....', '#.....', '######'];

/** Draws L near the upper right corner, where the patient's left is in a frontal view. */
export function drawMarker(pixels: Uint16Array, size: number, value: number): void {
  const scale = Math.max(1, Math.round(size / 128));
  const top = Math.round(0.06 * size);
  const left = Math.round(0.9 * size);
  for (let y = 0; y < LETTER.length * scale; y++) {
    for (let x = 0; x < 6 * scale; x++) {
      if (LETTER[Math.floor(y / scale)]?.[Math.floor(x / scale)] === '#')
        pixels[(top + y) * size + left + x] = value;
    }
  }
}
