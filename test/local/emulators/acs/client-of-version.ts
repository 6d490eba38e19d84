import { CallAutomationClient } from '@azure/communication-call-automation';
import type { AcsFixture } from './acs-fixture.ts';

/**
 * A client of the same resource that speaks another version of the API. `asThere` writes requests as clients of that
 * version do: `method` is what follows the colon of the path.
 */
export function clientOf(
  { acs }: AcsFixture,
  version: string,
  asThere?: (request: { method: string; body: Record<string, unknown> }) => void,
): CallAutomationClient {
  return new CallAutomationClient(acs.connectionString, {
    allowInsecureConnection: true,
    additionalPolicies: [
      {
        position: 'perCall',
        policy: {
          name: 'versionOfTheTest',
          sendRequest: (request, next) => {
            const url = new URL(request.url);
            url.searchParams.set('api-version', version);
            const [path = '', method = ''] = url.pathname.split(':', 2);
            if (asThere !== undefined && method !== '') {
              const there = { method, body: JSON.parse(String(request.body)) };
              asThere(there);
              url.pathname = `${path}:${there.method}`;
              request.body = JSON.stringify(there.body);
            }
            request.url = url.href;
            return next(request);
          },
        },
      },
    ],
  });
}
