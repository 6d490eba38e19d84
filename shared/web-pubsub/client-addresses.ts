/** Addresses with an access token, at which the relay connects to Web PubSub as a client. */
import { WebPubSubServiceClient } from '@azure/web-pubsub';
import { isLoopbackHttp } from '../base/loopback-url.ts';
import { HUB } from '../wire/names.ts';

/** How long a token may take from being made to being used; the service looks at it only when the client connects. */
const TOKEN_MINUTES = 5;

export interface WebPubSubAccess {
  readonly connectionString: string;
  readonly endpoint: string;
}

export interface Client {
  readonly userId: string;
  /** Joined when it connects. */
  readonly groups: readonly string[];
  /** Events need no role. Absent: none. */
  readonly roles?: readonly string[];
}

/** Makes them for the Web PubSub resource of this connection string. */
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
