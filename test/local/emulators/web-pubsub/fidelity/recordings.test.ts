/**
 * Answers of the real service that Microsoft recorded for the tests of its SDKs (Azure/azure-sdk-assets: Python
 * 447df31, JavaScript 06b3c09, 211d32e and 3f4f679, Java 6ee1c7d and 9e825b8).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningWebPubSub } from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { connect, Resources, startService } from '../service.ts';
import { inHub } from '../signed-request.ts';

const resources = new Resources();
let service: RunningWebPubSub;
beforeAll(async () => {
  service = await startService(resources);
});
afterAll(() => resources.dispose());

const TEXT = { headers: { 'content-type': 'text/plain' }, body: 'hello' };
const VERSIONS = '2021-10-01, 2022-11-01, 2023-07-01, 2024-01-01, 2024-12-01';

/** Problem details as the service writes them. */
function problem(message: string, target: string): object {
  return {
    code: 'Error.BadRequest',
    message,
    target,
    errors: { [target]: [message] },
    type: null,
    title: 'One or more validation errors occurred.',
    status: 400,
    detail: null,
    instance: null,
    extensions: {},
  };
}

describe('a refusal', () => {
  it.each([
    ['PUT', '/permissions/sendToGroup/connections/fake-connection-id?targetName=group1', 'Info'],
    ['PUT', '/groups/group/connections/fake-connection-id', 'Error'],
  ])('of %s %s says inner where it has no inner error', async (method, path, severity) => {
    const response = await inHub(service, method, path);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('x-ms-error-code')).toBe(`${severity}.Connection.NotExisted`);
    expect(await response.text()).toBe(
      `{"code":"${severity}.Connection.NotExisted","message":"Connection \`fake-connection-id\` is not found.","target":"Connection","details":null,"inner":null}`,
    );
  });

  it.each([
    ['/users/foo', 'Warning.User.NotExisted', '115'],
    ['/connections/hgl4Apa-MDWsdYdGSBB_JAmtbNwgK02', 'Warning.Connection.NotExisted', '161'],
    [
      '/permissions/sendToGroup/connections/fake-connection-id?targetName=group1',
      'Info.Connection.NotExisted',
      '145',
    ],
  ])('of HEAD %s has the length of the body that it leaves out', async (path, code, length) => {
    const response = await inHub(service, 'HEAD', path);
    expect(response.status).toBe(404);
    expect(response.headers.get('x-ms-error-code')).toBe(code);
    expect(response.headers.get('content-length')).toBe(length);
  });

  it('of a filter has problem details, which name it as the URL or the body spells it', async () => {
    const words =
      "Invalid syntax for 'invalid filter': Syntax error at position 14 in 'invalid filter'. (Parameter 'filter')";
    const inUrl = await inHub(service, 'POST', '/:send?filter=invalid%20filter', TEXT);
    const inBody = await inHub(service, 'POST', '/:addToGroups', {
      headers: { 'content-type': 'application/json' },
      body: '{"groups":["group1","group2"],"filter":"invalid filter"}',
    });
    for (const [response, target] of [
      [inUrl, 'filter'],
      [inBody, 'Filter'],
    ] as const) {
      expect(response.status).toBe(400);
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(response.headers.get('content-length')).toBe('416');
      expect(await response.json()).toEqual(problem(words, target));
    }
  });

  it('of a body without groups names the rule of group names', async () => {
    const body = `{"filter":"userId eq 'user 1'"}`;
    const response = await inHub(service, 'POST', '/:addToGroups', {
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(response.headers.get('content-length')).toBe('374');
    expect(await response.json()).toEqual(
      problem(
        'Invalid group name. Valid group name should be in between 1 and 1024 characters long.',
        'Groups',
      ),
    );
  });

  it('of a client type that there is not repeats it, as plain JSON', async () => {
    const response = await inHub(service, 'POST', '/:generateToken?clientType=socketio');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('content-length')).toBe('280');
    expect(await response.json()).toEqual(problem("The value 'socketio' is not valid.", 'clientType'));
  });

  it.each(['PUT', 'DELETE', 'HEAD'])('of %s meets a permission that names no group', async (method) => {
    const response = await inHub(service, method, '/permissions/sendToGroup/connections/xxx');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('x-ms-error-code')).toBe('Error.BadRequest');
    const body =
      '{"code":"Error.BadRequest","message":"Invalid group name. Valid group name should be in between 1 and 1024 characters long.","target":"Request","details":null,"inner":null}';
    expect(await response.text()).toBe(method === 'HEAD' ? '' : body);
  });
});

describe('the versions of the interface', () => {
  it('are told with every answer of an operation, a success and a 404 alike', async () => {
    for (const [method, path, init] of [
      ['POST', '/:send', TEXT],
      ['POST', '/:generateToken', {}],
      ['DELETE', '/users/brian/groups', {}],
      ['HEAD', '/users/foo', {}],
      ['GET', '/groups/group/connections', {}],
    ] as const) {
      const response = await inHub(service, method, path, init);
      expect(response.headers.get('api-supported-versions'), `${method} ${path}`).toBe(VERSIONS);
    }
  });

  it('are told neither with health nor with a parameter that breaks its rule', async () => {
    const health = await fetch(`${service.url}/api/health?api-version=2024-12-01`, { method: 'HEAD' });
    const filter = await inHub(service, 'POST', '/:send?filter=invalid%20filter', TEXT);
    const clientType = await inHub(service, 'POST', '/:generateToken?clientType=socketio');
    for (const response of [health, filter, clientType])
      expect(response.headers.has('api-supported-versions')).toBe(false);
  });
});

it('lists a member of a group that has no user id with null', async () => {
  const { connectionId } = await connect(resources, service, { groups: ['listed'] });
  const response = await inHub(service, 'GET', '/groups/listed/connections?top=6');
  expect(await response.text()).toBe(`{"value":[{"connectionId":"${connectionId}","userId":null}]}`);
});
