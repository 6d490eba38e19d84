/** What the routes of a system say of its workers, before anybody calls. */
import { didYouMean } from '../../../shared/base/did-you-mean.ts';
import { parseRoutes, RoutesError } from '../../../shared/wire/call/routes-schema.ts';

/** @throws Error where two workers have one name: nobody could say which of them is on a call */
export function requireNamesOnce(workers: readonly { readonly name: string }[]): void {
  const names = workers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new Error(`two workers of the worker app have the name "${twice}"; give one of them another name`);
}

/** @throws RoutesError with all problems at once, workers included that the worker app does not have */
export function checkRoutes(routes: readonly object[], workers: readonly string[]): void {
  const unknown = unknownWorkers(routes, workers);
  try {
    parseRoutes(routes);
  } catch (error) {
    if (error instanceof RoutesError) throw new RoutesError([...error.problems, ...unknown]);
    throw error;
  }
  if (unknown.length > 0) throw new RoutesError(unknown);
}

/** A sentence for each worker of a route that there is not. Takes routes that are not valid, too. */
function unknownWorkers(routes: readonly object[], known: readonly string[]): string[] {
  return routes.flatMap((route, index) => {
    const { workers } = route as { workers?: unknown };
    if (!Array.isArray(workers)) return [];
    return workers.flatMap((worker: unknown, at) => {
      const name = (worker as { name?: unknown } | null)?.name;
      if (typeof name !== 'string' || known.includes(name)) return [];
      const path = `routes[${index}].workers[${at}].name`;
      return [
        `${path}: there is no worker "${name}"${didYouMean(name, known)}; there are ${known.join(', ')}`,
      ];
    });
  });
}
