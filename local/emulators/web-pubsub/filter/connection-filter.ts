import type { FilterSubject } from '../hub/commands.ts';
import { matchesFilter } from './filter-evaluator.ts';
import { parseFilter } from './filter-parser.ts';

/** A connection about which nothing is known: a filter must make sense for it, too. */
const NOBODY: FilterSubject = Object.freeze({
  connectionId: '',
  userId: undefined,
  groups: new Set<string>(),
  protocol: undefined,
});

/**
 * Reads a `filter` as the REST interface takes it, the OData subset of
 * https://learn.microsoft.com/azure/azure-web-pubsub/reference-odata-filter.
 * @returns whether the filter chooses a connection; it throws FilterError when the filter makes no sense for that
 *   connection
 * @throws FilterError
 */
export function connectionFilter(text: string): (subject: FilterSubject) => boolean {
  const expression = parseFilter(text);
  matchesFilter(expression, NOBODY);
  return (subject) => matchesFilter(expression, subject);
}
