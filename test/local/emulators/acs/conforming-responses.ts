import type { CallAutomationClientOptions } from '@azure/communication-call-automation';
import { responseDefinition } from '../../../../local/emulators/acs/rest/api-types.ts';
import { conformance } from '../../../../local/emulators/acs/rest/conformance.ts';
import { matchOperation } from '../../../../local/emulators/acs/rest/match-operation.ts';

type Policy = NonNullable<CallAutomationClientOptions['additionalPolicies']>[number]['policy'];

/**
 * Fails a request of the SDK whose answer does not follow the API's definition to the letter, successes and errors
 * alike.
 */
export const conformingResponses: Policy = {
  name: 'conformingResponses',
  async sendRequest(request, next) {
    const response = await next(request);
    const match = matchOperation(request.method, new URL(request.url).pathname);
    const { status, bodyAsText } = response;
    const definition =
      status >= 400
        ? 'CommunicationErrorResponse'
        : match.type === 'found'
          ? responseDefinition(match.operation.name)
          : undefined;
    if (definition === undefined || bodyAsText === undefined || bodyAsText === null || bodyAsText === '') {
      if (definition === undefined) return response;
      throw new Error(`${request.method} ${request.url} was answered with ${status} and no body`);
    }
    const { violation, unknown } = conformance(definition, JSON.parse(bodyAsText), 'exact');
    if (violation === undefined && unknown.length === 0) return response;
    throw new Error(
      `${request.method} ${request.url} was answered with ${status}: ${violation ?? ''} unknown: ${unknown.join(', ')}`,
    );
  },
};
