/**
 * The window of a filter whose stop band is `stopDb` down (J. F. Kaiser, 1974): the weight at a place from -1 to 1,
 * which is 1 in the middle.
 */
export function kaiserWindow(stopDb: number): (place: number) => number {
  const beta = 0.1102 * (stopDb - 8.7);
  const middle = bessel(beta);
  return (place) => bessel(beta * Math.sqrt(1 - place ** 2)) / middle;
}

/** The modified Bessel function of the first kind and order 0, by its power series. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-12 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
