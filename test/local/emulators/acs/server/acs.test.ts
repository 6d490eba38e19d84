import { randomUUID } from 'node:crypto';
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type AcsOptions, startAcs } from '../../../../../local/emulators/acs/server/acs.ts';
import { createLocalCertificate } from '../../../../../local/emulators/common/local-certificate.ts';
import { newAcsResource } from '../../../../support/acs-resource.ts';
import { until } from '../../../../support/until.ts';
import { startWebhookReceiver } from '../../../../support/webhook-receiver.ts';
import { CALLED, CALLER, silentPhone, startAcsFixture } from '../acs-fixture.ts';
import { FakeMedia } from '../fake-media.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const OPTIONS: AcsOptions = {
  ...newAcsResource(),
};
const PARTS = { openMediaStream: new FakeMedia().open, createPhone: () => silentPhone('4:+1999') };

describe('starting the emulator', () => {
  it.each<[string, Partial<AcsOptions>, RegExp]>([
    ['a key that is too short', { accessKey: 'AAAA' }, /ACS_ACCESS_KEY/],
    ['a key that is not base64', { accessKey: 'not base64 at all, but quite long' }, /ACS_ACCESS_KEY/],
    ['a resource id that is no GUID', { resourceId: 'my-resource' }, /ACS_RESOURCE_ID/],
    ['an endpoint that is no URL', { eventGrid: { endpoint: 'here' } }, /EVENT_GRID_ENDPOINT/],
  ])('fails for %s with a sentence about it', async (_, change, sentence) => {
    await expect(startAcs({ ...OPTIONS, ...change }, PARTS)).rejects.toThrow(sentence);
  });

  it('fails where the port is taken', async () => {
    const first = await startAcs(OPTIONS, PARTS);
    closers.push(first.close);
    const port = Number(new URL(first.url).port);
    await expect(startAcs({ ...OPTIONS, port }, PARTS)).rejects.toThrow(/EADDRINUSE/);
  });

  it('serves https where it has a certificate', async () => {
    const { tls, ca } = await createLocalCertificate('127.0.0.1', Date.now());
    const acs = await startAcs({ ...OPTIONS, tls }, PARTS);
    closers.push(acs.close);
    expect(acs.url).toMatch(/^https:/);
    expect(acs.connectionString).toContain(`endpoint=${acs.url}/;`);
    const body = await new Promise<string>((resolve, reject) => {
      get(acs.tokens.jwksUrl, { ca }, (response) => resolve(text(response))).once('error', reject);
    });
    expect(JSON.parse(body)).toMatchObject({ keys: [{ kty: 'RSA' }] });
  });

  it('closes twice without complaint, also in the middle of calls', async () => {
    const f = await startAcsFixture();
    const { incomingCallContext } = await f.ring();
    await f.ring();
    await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await Promise.all([f.acs.close(), f.acs.close()]);
    await f.close();
  });
});

describe('an Event Grid endpoint', () => {
  it('may confirm its subscription by opening the validation URL', async () => {
    const webhook = await startWebhookReceiver();
    const acs = await startAcs({ ...OPTIONS, eventGrid: { endpoint: `${webhook.url}/events` } }, PARTS);
    closers.push(acs.close, webhook.close);
    acs.placeCall({ from: CALLER, to: CALLED, phone: { tailMs: 0, maxMs: 1 } });
    const { body } = await until(() => webhook.requests[0], 'the validation event');
    const { validationUrl } = JSON.parse(body)[0].data;
    expect((await fetch(`${validationUrl}x`)).status, 'another id confirms nothing').toBe(404);
    expect((await fetch(validationUrl)).status).toBe(200);
    await until(
      () => webhook.requests[1]?.body.includes('Microsoft.Communication.IncomingCall'),
      'the event',
    );
  });

  it('may be given in the CloudEvents schema', async () => {
    const webhook = await startWebhookReceiver((_, response) => {
      response.writeHead(200, { 'webhook-allowed-origin': '*' }).end();
    });
    const eventGrid = { endpoint: webhook.url, schema: 'CloudEventSchemaV1_0' } as const;
    const acs = await startAcs({ ...OPTIONS, eventGrid }, PARTS);
    closers.push(acs.close, webhook.close);
    acs.placeCall({
      from: `8:acs:${randomUUID()}_${randomUUID()}`,
      to: CALLED,
      phone: { tailMs: 0, maxMs: 1 },
    });
    const { body } = await until(() => webhook.requests[1], 'the event');
    expect(JSON.parse(body)).toMatchObject({
      specversion: '1.0',
      type: 'Microsoft.Communication.IncomingCall',
      data: { from: { kind: 'communicationUser' }, to: { kind: 'phoneNumber' } },
    });
  });
});
