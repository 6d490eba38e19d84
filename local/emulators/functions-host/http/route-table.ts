import type { HttpFunction } from '../functions/function-index.ts';
import { pathSegments, type RouteValues } from '../functions/route-template.ts';

export interface RouteMatch {
  readonly target: HttpFunction;
  readonly values: RouteValues;
}

/**
 * Finds the function of a request as the host does: functions in the order of their names without regard to case,
 * the first whose route and methods fit. A literal has no precedence over a parameter, and a method that is not
 * listed makes the route not match, so that no request is ever answered with 405. Two slashes in a row fit no route,
 * not even one that takes the rest.
 */
export class HttpRoutes {
  readonly #functions: readonly HttpFunction[];

  constructor(functions: readonly HttpFunction[]) {
    this.#functions = functions.toSorted((left, right) =>
      compareText(left.name.toUpperCase(), right.name.toUpperCase()),
    );
  }

  find(method: string, pathname: string): RouteMatch | undefined {
    const path = pathSegments(pathname);
    if (path.includes('')) return undefined;
    for (const target of this.#functions) {
      if (target.methods !== undefined && !target.methods.includes(method)) continue;
      const values = target.route.match(path);
      if (values !== undefined) return { target, values };
    }
    return undefined;
  }
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
