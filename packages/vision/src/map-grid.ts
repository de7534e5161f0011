/** Maps of features at a coarser grid: fewer numbers that still say where. */

/**
 * The map's mean over each cell of a grid: pixels that a border cuts count for either side by their share, so that any
 * grid up to the map's own size is exact.
 * @param map [C, side, side]
 * @returns [grid, grid, C]
 */
export function averageGrid(map: ArrayLike<number>, side: number, grid: number): Float32Array {
  const channels = map.length / (side * side);
  const shares = gridShares(side, grid);
  const out = new Float32Array(grid * grid * channels);
  for (let row = 0; row < grid; row++)
    for (let column = 0; column < grid; column++)
      for (const [y, down] of shares[row] as Share[])
        for (const [x, across] of shares[column] as Share[])
          for (let c = 0, at = (row * grid + column) * channels; c < channels; c++, at++)
            out[at] = (out[at] as number) + down * across * (map[(c * side + y) * side + x] as number);
  return out;
}

type Share = readonly [pixel: number, share: number];

/** For each cell along a side: the pixels under it and their shares, which add up to 1. */
function gridShares(side: number, grid: number): Share[][] {
  const width = side / grid;
  return Array.from({ length: grid }, (_, cell) => {
    const [start, end] = [cell * width, (cell + 1) * width];
    const shares: Share[] = [];
    for (let pixel = Math.floor(start); pixel < end && pixel < side; pixel++) {
      const share = (Math.min(end, pixel + 1) - Math.max(start, pixel)) / width;
      if (share > 1e-9) shares.push([pixel, share]);
    }
    return shares;
  });
}
