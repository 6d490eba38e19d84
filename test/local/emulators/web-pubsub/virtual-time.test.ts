import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import { CONTROL_TOKEN, control } from './control-client.ts';
import { clientToken, clientUrl, RawClient } from './raw-client.ts';
import { Resources, serviceClient, startService } from './service.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

const RELIABLE = 'json.reliable.webpubsub.azure.v1';

/**
 * A reliable client that does nothing by itself, in group `room`; `recovered` takes its connection over. Time is only
 * put forward.
 */
async function reliableClient() {
  const clock = new ManualClock(Date.now());
  const service = await startService(resources, { controlToken: CONTROL_TOKEN, clock });
  const url = clientUrl(service, await clientToken(service, { 'webpubsub.group': 'room' }));
  const client = await RawClient.open(resources, url, RELIABLE);
  await until(() => client.frames.length === 1, 'the message that tells the connection id');
  const { connectionId, reconnectionToken } = client.messages()[0] as Record<string, string>;
  const query = `awps_connection_id=${connectionId}&awps_reconnection_token=${reconnectionToken}`;
  return {
    service,
    startMs: clock.now(),
    admin: serviceClient(service, 'chat'),
    connectionId: String(connectionId),
    advance: (advanceMs: number) => control(service, 'POST', 'clock', { body: { advanceMs } }),
    recovered: () => RawClient.open(resources, `${clientUrl(service, 'expired')}&${query}`, RELIABLE),
  };
}

describe('putting the clock forward', () => {
  it('ends the time in which a connection can be recovered', async () => {
    const { service, admin, connectionId, advance, recovered } = await reliableClient();
    await control(service, 'POST', 'drop');
    await advance(29_000);
    expect(await admin.connectionExists(connectionId), 'it could come back for another second').toBe(true);
    await advance(999);
    expect(await admin.connectionExists(connectionId), 'it could come back now').toBe(true);
    await advance(1);
    expect(await admin.connectionExists(connectionId)).toBe(false);
    const late = await recovered();
    expect(await late.closed).toMatchObject({ code: 1008 });
  });

  it('lets a message expire that nobody came for', async () => {
    const { service, admin, advance, recovered } = await reliableClient();
    await control(service, 'POST', 'drop');
    const text = { contentType: 'text/plain' } as const;
    await admin.group('room').sendToAll('short', { ...text, messageTtlSeconds: 5 });
    await admin.group('room').sendToAll('long', { ...text, messageTtlSeconds: 20 });
    await advance(10_000);
    const back = await recovered();
    await until(() => back.frames.length >= 2, 'what is sent again');
    expect(back.messages().map(({ event, data }) => event ?? data)).toEqual(['connected', 'long']);
  });

  it('lets the tokens of clients and of REST callers expire', async () => {
    const { service, admin, advance } = await reliableClient();
    const url = clientUrl(service, await clientToken(service));
    await advance(5 * 60_000);
    await RawClient.open(resources, url);
    await advance(2 * 60_000);
    await expect(RawClient.open(resources, url), 'a minute and five for clocks that differ').rejects.toThrow(
      'HTTP 401',
    );
    await admin.groupExists('room');
    await advance(65 * 60_000);
    await expect(admin.groupExists('room')).rejects.toMatchObject({ statusCode: 401 });
  });

  it('tells the time, and takes only a time that can be', async () => {
    const { service, startMs, advance } = await reliableClient();
    const { status, body } = await advance(3_600_000);
    expect(status).toBe(200);
    const { now, aheadMs } = body as { now: string; aheadMs: number };
    expect(aheadMs).toBe(3_600_000);
    expect(Date.parse(now)).toBe(startMs + 3_600_000);
    expect(await control(service, 'GET', 'clock')).toMatchObject({ status: 200, body: { aheadMs } });
    for (const body of [{}, { advanceMs: -1 }, { advanceMs: '1' }, { advanceMs: 1, more: 1 }]) {
      expect((await control(service, 'POST', 'clock', { body })).status, JSON.stringify(body)).toBe(400);
    }
  });
});
