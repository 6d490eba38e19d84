import { CallAutomationClient } from '@azure/communication-call-automation';
import type { AcsFixture } from './acs-fixture.ts';

/** A client of the same resource that speaks another version of the API. */
export function clientOf({ acs }: AcsFixture, version: string): CallAutomationClient {
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
            request.url = url.href;
            return next(request);
          },
        },
      },
    ],
  });
}
