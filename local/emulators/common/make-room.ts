/**
 * Makes room for one more entry in a map that holds at most `max`: the entries that were set longest ago go.
 * @returns how many went
 */
export function makeRoom(map: Map<unknown, unknown>, max: number): number {
  let forgotten = 0;
  for (const key of map.keys()) {
    if (map.size < max) break;
    map.delete(key);
    forgotten += 1;
  }
  return forgotten;
}
