/** The reference of the REST interface, api-version 2024-12-01. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningWebPubSub } from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { until } from '../../../../support/until.ts';
import { connect, Resources, startService } from '../service.ts';
import { inHub } from '../signed-request.ts';

const resources = new Resources();
let service: RunningWebPubSub;
beforeAll(async () => {
  service = await startService(resources);
});
afterAll(() => resources.dispose());

const TEXT = { headers: { 'content-type': 'text/plain' }, body: 'hello' };

it('has no excluded connections where a message goes to one user or one connection, and no filter in the latter', async () => {
  const { client, connectionId } = await connect(resources, service, { userId: 'ana' });
  let heard = 0;
  client.on('server-message', () => {
    heard += 1;
  });
  const nobody = `excluded=${connectionId}`;
  await inHub(service, 'POST', `/users/ana/:send?${nobody}`, TEXT);
  await inHub(service, 'POST', `/connections/${connectionId}/:send?${nobody}&filter=no%20filter`, TEXT);
  await until(() => heard === 2, 'both messages');
  await inHub(service, 'DELETE', `/connections/${connectionId}?${nobody}`);
  expect((await inHub(service, 'HEAD', `/connections/${connectionId}`)).status).toBe(404);
});

it('takes %2F in a path for three characters of a name, not for a slash', async () => {
  await connect(resources, service, { userId: 'tenant/alice', groups: ['g/1'] });
  await connect(resources, service, { userId: 'tenant%2Fbob', groups: ['g%2F2 x'] });
  const statuses = await Promise.all(
    ['/users/tenant%2Falice', '/groups/g%2F1', '/users/tenant%2Fbob', '/groups/g%2F2%20x'].map(
      async (path) => (await inHub(service, 'HEAD', path)).status,
    ),
  );
  expect(statuses).toEqual([404, 404, 200, 200]);
});

it('gives a token any number of minutes from 1, and no less', async () => {
  const status = async (minutes: string): Promise<number> =>
    (await inHub(service, 'POST', `/:generateToken?minutesToExpire=${minutes}`)).status;
  expect([await status('2147483647'), await status('0')]).toEqual([200, 400]);
});
