import { SignJWT } from 'jose';
import type { RunningWebPubSub } from '../../../../local/emulators/web-pubsub/service/server.ts';

/** A REST request with the token that it needs, and nothing that an SDK would make right. */
export async function signedRequest(
  service: RunningWebPubSub,
  method: string,
  pathAndQuery: string,
  init: RequestInit & { readonly duplex?: 'half' } = {},
): Promise<Response> {
  const url = `${service.url}${pathAndQuery}`;
  const token = await new SignJWT({ aud: url })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(service.accessKey));
  const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) };
  return await fetch(url, { ...init, method, headers });
}

const VERSION = 'api-version=2024-12-01';

/** The same for an operation of hub `chat`, at this path below the hub. */
export function inHub(
  service: RunningWebPubSub,
  method: string,
  path: string,
  init: RequestInit & { readonly duplex?: 'half' } = {},
): Promise<Response> {
  return signedRequest(
    service,
    method,
    `/api/hubs/chat${path}${path.includes('?') ? '&' : '?'}${VERSION}`,
    init,
  );
}
