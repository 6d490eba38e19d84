/** What Microsoft's SDKs hold of the service: the requests in their tests, and the outputs in their READMEs. */
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { clientToken, clientUrl, RawClient } from '../raw-client.ts';
import { connect, Resources, serviceClient, startService } from '../service.ts';
import { errorOf, everything, startWithWebhook } from '../webhook.ts';

const resources = new Resources();
afterEach(() => resources.dispose());

it('tells the user and the roles of a token by their short names and by their URIs', async () => {
  const { webhook, service } = await startWithWebhook(resources, (url) => ({
    ...everything(url),
    systemEvents: ['connect'],
  }));
  const token = await clientToken(service, { sub: 'ddd', role: ['webpubsub.sendToGroup'], team: 'blue' });
  await RawClient.open(resources, clientUrl(service, token));
  const { claims } = JSON.parse(webhook.events()[0]?.body ?? '') as { claims: Record<string, unknown> };
  expect(claims).toMatchObject({
    sub: ['ddd'],
    'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier': ['ddd'],
    role: ['webpubsub.sendToGroup'],
    'http://schemas.microsoft.com/ws/2008/06/identity/claims/role': ['webpubsub.sendToGroup'],
    team: ['blue'],
  });
});

describe('a client that the application closes', () => {
  it.each([
    ['Hello closed.', 'Application server closed the connection. Reason: Hello closed.'],
    ['', 'Application server closed the connection.'],
  ])(
    'with the reason %j is told so in one sentence, and the close frame says no more',
    async (reason, message) => {
      const service = await startService(resources);
      const client = await RawClient.open(resources, clientUrl(service, await clientToken(service)));
      await until(() => client.frames.length === 1, 'the connected message');
      const { connectionId = '' } = client.messages()[0] as Record<string, string>;
      await serviceClient(service, 'chat').closeConnection(connectionId, reason === '' ? {} : { reason });
      expect(await client.closed).toEqual({ code: 1000, reason: '' });
      expect(client.messages().slice(1)).toEqual([{ type: 'system', event: 'disconnected', message }]);
    },
  );
});

it('tells a client in one sentence what it has no permission to do', async () => {
  const service = await startService(resources);
  const { client } = await connect(resources, service);
  const forbidden = (what: string): string =>
    `Forbidden: The client does not have permission to ${what} group 'group1'.`;
  expect(await errorOf(client.joinGroup('group1'))).toBe(forbidden('join'));
  expect(await errorOf(client.leaveGroup('group1'))).toBe(forbidden('leave'));
  expect(await errorOf(client.sendToGroup('group1', 'x', 'text'))).toBe(forbidden('send to'));
});

it('names no sender in a message of one without a user id', async () => {
  const service = await startService(resources);
  const claims = { role: ['webpubsub.sendToGroup'], 'webpubsub.group': 'g' };
  const client = await RawClient.open(resources, clientUrl(service, await clientToken(service, claims)));
  client.send({ type: 'sendToGroup', group: 'g', dataType: 'text', data: 'x' });
  await until(() => client.frames.length === 2, 'the message');
  expect(client.messages()[1]).toEqual({
    type: 'message',
    from: 'group',
    group: 'g',
    dataType: 'text',
    data: 'x',
  });
});

it('lets the name of a group have a line feed', async () => {
  const service = await startService(resources);
  const group = 'two\nlines';
  const { client, connectionId } = await connect(resources, service, { roles: ['webpubsub.joinLeaveGroup'] });
  const heard = new Promise((resolve) => client.on('group-message', ({ message }) => resolve(message.group)));
  await client.joinGroup(group);
  const admin = serviceClient(service, 'chat');
  await admin.group(group).sendToAll('x', { contentType: 'text/plain' });
  expect(await heard).toBe(group);
  await admin.group(group).removeConnection(connectionId);
  expect(await admin.groupExists(group)).toBe(false);
});
