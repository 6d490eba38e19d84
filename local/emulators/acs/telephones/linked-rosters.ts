import type { PhoneLine, SharedRoster } from './phone-line.ts';

/**
 * Two applications of one call, each with a connection of its own, see one roster: whom either of them adds, mutes or
 * holds, both show, through any number of such links. Nothing is shared while the telephone of a line is in a room.
 * @returns a function that ends it
 */
export function linkRosters(...lines: readonly [PhoneLine, PhoneLine]): () => void {
  const link = {};
  let passing = false;
  /** What one roster has from the other does not go back. */
  const pass = (from: SharedRoster, to: SharedRoster): void => {
    if (passing) return;
    passing = true;
    to.show(link, from.besides(link));
    passing = false;
  };
  let unlink = (): void => {};
  const renew = (): void => {
    unlink();
    const [one, other] = lines.map(({ host }) => host?.roster);
    if (one === undefined || other === undefined) return;
    const watches = [one.watch(() => pass(one, other)), other.watch(() => pass(other, one))];
    pass(one, other);
    pass(other, one);
    unlink = () => {
      unlink = () => {};
      for (const end of watches) end();
      for (const roster of [one, other]) roster.show(link, []);
    };
  };
  for (const line of lines) line.moved = renew;
  renew();
  return () => {
    for (const line of lines) line.moved = undefined;
    unlink();
  };
}
