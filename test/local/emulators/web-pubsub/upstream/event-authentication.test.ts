import { createRemoteJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import { afterEach, expect, it } from 'vitest';
import { connect, Resources, startService } from '../service.ts';
import { Webhook } from '../webhook.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

async function setUp(resource: string) {
  const handler = await Webhook.start(resources);
  const service = await startService(resources, {
    hubs: {
      chat: [{ urlTemplate: handler.url, eventPattern: '*', auth: { type: 'managedIdentity', resource } }],
    },
  });
  const { client } = await connect(resources, service);
  return { handler, service, client };
}

it('calls a handler with authentication with a token of the service that its published keys verify', async () => {
  const { handler, service, client } = await setUp('api://workers');
  await client.sendEvent('a', 'x', 'text');
  const discovery = await fetch(`${service.issuer}/.well-known/openid-configuration`);
  const { issuer, jwks_uri } = (await discovery.json()) as { issuer: string; jwks_uri: string };
  expect(issuer).toBe(service.issuer);
  const keys = createRemoteJWKSet(new URL(jwks_uri));
  const verify = async (header: string | undefined): Promise<JWTPayload> => {
    const token = header?.replace(/^Bearer /, '') ?? '';
    return (await jwtVerify(token, keys, { issuer, audience: 'api://workers' })).payload;
  };
  const [validation, event] = handler.requests;
  expect(validation?.method, 'a protected handler sees the token before the first event, too').toBe(
    'OPTIONS',
  );
  expect(await verify(validation?.headers.authorization)).toMatchObject({ ver: '1.0' });
  const claims = await verify(event?.headers.authorization);
  expect(Number(claims.exp) - Number(claims.iat)).toBe(24 * 60 * 60);
  expect(claims.sub).toBe(claims['oid']);
  expect(claims).toHaveProperty('appid');
});

it('uses a token again until an hour before it ends', async () => {
  const { handler, service, client } = await setUp('api://workers');
  const tokenOfNext = async (): Promise<string> => {
    await client.sendEvent('a', 'x', 'text');
    // Beside the event there may be a validation, which nobody waits for.
    return handler.events().at(-1)?.headers.authorization ?? '';
  };
  const first = await tokenOfNext();
  expect(await tokenOfNext()).toBe(first);
  service.advanceClock(22 * 60 * 60_000);
  expect(await tokenOfNext()).toBe(first);
  service.advanceClock(90 * 60_000);
  const later = await tokenOfNext();
  expect(later).not.toBe(first);
  expect(Number(decodeJwt(later.slice(7)).exp)).toBeGreaterThan(Number(decodeJwt(first.slice(7)).exp));
});

it('calls other handlers without a token', async () => {
  const handler = await Webhook.start(resources);
  const service = await startService(resources, {
    hubs: { chat: [{ urlTemplate: handler.url, eventPattern: '*' }] },
  });
  const { client } = await connect(resources, service);
  await client.sendEvent('a', 'x', 'text');
  expect(handler.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
});
