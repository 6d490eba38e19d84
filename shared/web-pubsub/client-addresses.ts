/** Addresses with an access token, for clients of Web PubSub. */
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { isLoopbackHttp } from '../base/loopback-url.ts';
import { HUB } from '../wire/names.ts';

/** How soon a client must use its token. The service checks it only when the client connects. */
const TOKEN_MINUTES = 5;

export interface WebPubSubAccess {
  readonly connectionString: string;
  readonly endpoint: string;
}

interface Client {
  readonly userId: string;
  /** Groups that the client joins when it connects. */
  readonly groups: readonly string[];
  /** What the client may do besides raising events, which needs no role. Defaults to nothing. */
  readonly roles?: readonly string[];
}

/** Makes addresses for the Web PubSub resource of this connection string. */
export function clientAddresses({
  connectionString,
  endpoint,
}: WebPubSubAccess): (client: Client) => Promise<string> {
  const service = new WebPubSubServiceClient(connectionString, HUB, {
    allowInsecureConnection: isLoopbackHttp(endpoint),
  });
  return async ({ userId, groups, roles = [] }) => {
    const { url } = await service.getClientAccessToken({
      userId,
      groups: [...groups],
      roles: [...roles],
      expirationTimeInMinutes: TOKEN_MINUTES,
    });
    return url;
  };
}
