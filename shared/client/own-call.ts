/** The operations on one call, without its id. */
import { type Endpoint, parametersOf } from '../wire/api/endpoint.ts';
import { ENDPOINTS, type OperationId } from '../wire/api/endpoints.ts';
import type { CallsClient } from './calls-client.ts';
import type { RequestOptions } from './client-types.ts';

type OnCall<Id extends OperationId> = (typeof ENDPOINTS)[Id]['path'] extends `calls/{callId}${string}`
  ? Id
  : never;

type OwnOperationId = Exclude<{ [Id in OperationId]: OnCall<Id> }[OperationId], 'streamTimeline'>;

type WithoutFirst<Args extends readonly unknown[]> = Args extends [unknown, ...infer Rest] ? Rest : never;

/** A method for every operation on a call, except the stream of its timeline. */
export type OwnCall = {
  readonly [Id in OwnOperationId]: (
    ...args: WithoutFirst<Parameters<CallsClient[Id]>>
  ) => ReturnType<CallsClient[Id]>;
};

/**
 * @param client called for the first operation; if it throws, that operation rejects
 * @param defaults options of each request, unless the caller gives others
 */
export function ownCall(
  client: () => CallsClient,
  callId: string,
  defaults: () => RequestOptions = () => ({}),
): OwnCall {
  const methods: Record<string, unknown> = {};
  for (const [id, endpoint] of Object.entries<Endpoint>(ENDPOINTS)) {
    const names = parametersOf(endpoint.path);
    if (names[0] !== 'callId' || id === 'streamTimeline') continue;
    const hasContent = endpoint.body !== undefined || endpoint.query !== undefined;
    const optionsAt = names.length - 1 + (hasContent ? 1 : 0);
    methods[id] = async (...args: readonly unknown[]) => {
      const given = Array.from({ length: optionsAt }, (_, index) => args[index]);
      const options = { ...defaults(), ...(args[optionsAt] as RequestOptions | undefined) };
      const method = client()[id as OwnOperationId] as (...all: readonly unknown[]) => Promise<unknown>;
      return await method(callId, ...given, options);
    };
  }
  // The methods come from the same table as their types.
  return methods as unknown as OwnCall;
}
