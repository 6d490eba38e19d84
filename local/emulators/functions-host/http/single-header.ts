import type { IncomingMessage } from 'node:http';

/** The value of a header that may come once only; one that comes several times is as good as absent. */
export function singleHeader(request: IncomingMessage, name: string): string | undefined {
  const values = request.headersDistinct[name];
  return values?.length === 1 ? values[0] : undefined;
}
