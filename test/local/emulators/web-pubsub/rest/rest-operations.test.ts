import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningWebPubSub } from '../../../../../local/emulators/web-pubsub/service/server.ts';
import { type SdkOperation, sdkOperations } from '../sdk-operations.ts';
import { connect, Resources, startService } from '../service.ts';

const allResources = new Resources();
const resources = new Resources();
let service: RunningWebPubSub;
let connectionId: string;
let operations: readonly SdkOperation[];

beforeAll(async () => {
  operations = await sdkOperations();
  service = await startService(allResources);
});
afterAll(() => allResources.dispose());
beforeEach(async () => {
  ({ connectionId } = await connect(resources, service, { userId: 'ana', groups: ['g'] }));
});
afterEach(() => resources.dispose());

interface Attempt {
  /** Instead of the connection, user, group or permission that there is. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly status: number;
  readonly code?: string;
}

/** What an operation answers when it succeeds, and what when it is asked for something it cannot do. */
interface OperationCase {
  readonly success: Attempt;
  readonly failures: readonly Attempt[];
}

const BAD_GROUP: Attempt = { parameters: { group: ' ' }, status: 400, code: 'Error.BadRequest' };
const BAD_FILTER: Attempt = {
  query: 'filter=invalid%20filter',
  contentType: 'text/plain',
  body: 'x',
  status: 400,
  code: 'Error.BadRequest',
};
const TEXT = { contentType: 'text/plain', body: 'x', status: 202 } as const;
const BAD_SENDS: readonly Attempt[] = [
  { contentType: 'text/xml', body: '<x/>', status: 415, code: 'UnsupportedMediaType' },
  { body: 'x', status: 415, code: 'UnsupportedMediaType' },
  { contentType: 'application/json', body: '{', status: 400, code: 'Error.BadRequest' },
  { contentType: 'text/plain', body: 'x'.repeat(1024 * 1024 + 1), status: 400, code: 'Error.BadRequest' },
  ...['-1', '301', '1.5', 'x', ''].map((ttl) => ({
    ...TEXT,
    query: `messageTtlSeconds=${ttl}`,
    status: 400,
  })),
];
const BULK = {
  contentType: 'application/json',
  body: '{"groups":["h"],"filter":"userId eq \'ana\'"}',
  status: 200,
};
const BAD_BULKS: readonly Attempt[] = [
  { ...BULK, contentType: 'text/plain', status: 415 },
  ...[
    '{',
    '[]',
    '{}',
    '{"groups":[]}',
    '{"groups":[1]}',
    '{"groups":[" "]}',
    '{"groups":["g"],"filter":1}',
  ].map((body) => ({ ...BULK, body, status: 400, code: 'Error.BadRequest' })),
  { ...BULK, body: '{"groups":["g"],"filter":"userId"}', status: 400, code: 'Error.BadRequest' },
];
const ABSENT = { connectionId: 'nobody', userId: 'nobody' };
const BAD_PERMISSION: Attempt = {
  parameters: { permission: 'dance' },
  status: 400,
  code: 'Error.BadRequest',
};
const BAD_TARGET: Attempt = { query: 'targetName=%20', status: 400, code: 'Error.BadRequest' };
const NO_TARGET: Attempt = { status: 400, code: 'Error.BadRequest' };

const CASES: Readonly<Record<string, OperationCase>> = {
  'HEAD /api/health': { success: { status: 200 }, failures: [] },
  'POST /api/hubs/{hub}/:generateToken': {
    success: { query: 'userId=ana&role=webpubsub.sendToGroup&group=g&minutesToExpire=5', status: 200 },
    failures: [
      { query: 'minutesToExpire=0', status: 400, code: 'Error.BadRequest' },
      { query: 'clientType=MQTT', status: 501, code: 'NotSupported' },
      { query: 'clientType=dance', status: 400, code: 'Error.BadRequest' },
      { query: 'group=%20', status: 400, code: 'Error.BadRequest' },
    ],
  },
  'POST /api/hubs/{hub}/:send': { success: TEXT, failures: [...BAD_SENDS, BAD_FILTER] },
  'POST /api/hubs/{hub}/connections/{connectionId}/:send': { success: TEXT, failures: BAD_SENDS },
  'POST /api/hubs/{hub}/groups/{group}/:send': {
    success: { ...TEXT, query: 'messageTtlSeconds=300' },
    failures: [...BAD_SENDS, BAD_FILTER, { ...TEXT, ...BAD_GROUP }],
  },
  'POST /api/hubs/{hub}/users/{userId}/:send': {
    success: { ...TEXT, query: 'filter=length(groups)%20eq%201&messageTtlSeconds=0' },
    failures: [...BAD_SENDS, BAD_FILTER],
  },
  'POST /api/hubs/{hub}/:closeConnections': { success: { query: 'reason=r', status: 204 }, failures: [] },
  'POST /api/hubs/{hub}/groups/{group}/:closeConnections': {
    success: { status: 204 },
    failures: [BAD_GROUP],
  },
  'POST /api/hubs/{hub}/users/{userId}/:closeConnections': { success: { status: 204 }, failures: [] },
  'DELETE /api/hubs/{hub}/connections/{connectionId}': { success: { status: 204 }, failures: [] },
  'HEAD /api/hubs/{hub}/connections/{connectionId}': {
    success: { status: 200 },
    failures: [{ parameters: ABSENT, status: 404, code: 'Warning.Connection.NotExisted' }],
  },
  'HEAD /api/hubs/{hub}/groups/{group}': {
    success: { status: 200 },
    failures: [{ parameters: { group: 'nobody' }, status: 404, code: 'Warning.Group.NotExisted' }, BAD_GROUP],
  },
  'HEAD /api/hubs/{hub}/users/{userId}': {
    success: { status: 200 },
    failures: [{ parameters: ABSENT, status: 404 }],
  },
  'GET /api/hubs/{hub}/groups/{group}/connections': {
    success: { query: 'maxpagesize=200&top=1', status: 200 },
    failures: [
      ...['maxpagesize=0', 'maxpagesize=201', 'top=0', 'continuationToken=%21'].map((query) => ({
        query,
        status: 400,
        code: 'Error.BadRequest',
      })),
      BAD_GROUP,
    ],
  },
  'PUT /api/hubs/{hub}/groups/{group}/connections/{connectionId}': {
    success: { status: 200 },
    failures: [{ parameters: ABSENT, status: 404, code: 'Error.Connection.NotExisted' }, BAD_GROUP],
  },
  'DELETE /api/hubs/{hub}/groups/{group}/connections/{connectionId}': {
    success: { status: 204 },
    failures: [BAD_GROUP],
  },
  'DELETE /api/hubs/{hub}/connections/{connectionId}/groups': { success: { status: 204 }, failures: [] },
  'PUT /api/hubs/{hub}/users/{userId}/groups/{group}': {
    success: { status: 200 },
    failures: [{ parameters: ABSENT, status: 404, code: 'Warning.User.NotExisted' }, BAD_GROUP],
  },
  'DELETE /api/hubs/{hub}/users/{userId}/groups/{group}': { success: { status: 204 }, failures: [BAD_GROUP] },
  'DELETE /api/hubs/{hub}/users/{userId}/groups': { success: { status: 204 }, failures: [] },
  'POST /api/hubs/{hub}/:addToGroups': { success: BULK, failures: BAD_BULKS },
  'POST /api/hubs/{hub}/:removeFromGroups': { success: BULK, failures: BAD_BULKS },
  'PUT /api/hubs/{hub}/permissions/{permission}/connections/{connectionId}': {
    success: { query: 'targetName=g', status: 200 },
    failures: [
      { parameters: ABSENT, query: 'targetName=g', status: 404, code: 'Info.Connection.NotExisted' },
      BAD_PERMISSION,
      BAD_TARGET,
      NO_TARGET,
    ],
  },
  'DELETE /api/hubs/{hub}/permissions/{permission}/connections/{connectionId}': {
    success: { query: 'targetName=g', status: 204 },
    failures: [BAD_PERMISSION, BAD_TARGET, NO_TARGET],
  },
  'HEAD /api/hubs/{hub}/permissions/{permission}/connections/{connectionId}': {
    // Granted by the case itself: a client has no permissions unless its token says so.
    success: { query: 'targetName=granted', status: 200 },
    failures: [
      { query: 'targetName=g', status: 404 },
      { parameters: ABSENT, query: 'targetName=granted', status: 404 },
      BAD_PERMISSION,
    ],
  },
};

async function request(operation: SdkOperation, attempt: Partial<Attempt>, signed = true): Promise<Response> {
  const values = {
    hub: 'chat',
    connectionId,
    userId: 'ana',
    group: 'g',
    permission: 'sendToGroup',
    ...attempt.parameters,
  };
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: keyof typeof values) =>
    encodeURIComponent(values[name]),
  );
  const url = `${service.url}${path}?api-version=2024-12-01${attempt.query === undefined ? '' : `&${attempt.query}`}`;
  const token = await new SignJWT({ aud: url })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(service.accessKey));
  return await fetch(url, {
    method: operation.method,
    headers: {
      ...(signed ? { authorization: `Bearer ${token}` } : {}),
      ...(attempt.contentType === undefined ? {} : { 'content-type': attempt.contentType }),
    },
    // Bytes, so that fetch adds no content type of its own.
    ...(attempt.body === undefined ? {} : { body: Buffer.from(attempt.body) }),
  });
}

/** A refusal has the error model of the REST reference; an answer to HEAD has no body. */
async function expectRefusal(
  operation: SdkOperation,
  response: Response,
  { status, code }: Attempt,
): Promise<void> {
  expect(response.status).toBe(status);
  const text = await response.text();
  if (code !== undefined) expect(response.headers.get('x-ms-error-code')).toBe(code);
  expect(response.headers.get('content-type')).toMatch(/^application\/(problem\+)?json; charset=utf-8$/);
  if (operation.method === 'HEAD') {
    expect(text).toBe('');
    return;
  }
  const body = JSON.parse(text) as { code: string; message: string };
  expect(body.message).not.toBe('');
  expect(response.headers.get('x-ms-error-code')).toBe(body.code);
}

it('there is a case for every operation of the server SDK, and for no other', () => {
  const known = operations.map(({ method, path }) => `${method} ${path}`);
  expect(known.length).toBeGreaterThan(20);
  expect(Object.keys(CASES).sort()).toEqual([...known].sort());
});

describe.each(Object.entries(CASES))('%s', (name, { success, failures }) => {
  function operation(): SdkOperation {
    const found = operations.find(({ method, path }) => `${method} ${path}` === name);
    if (found === undefined) throw new Error(`the SDK has no operation ${name}`);
    return found;
  }

  async function grant(): Promise<void> {
    const path = '/api/hubs/{hub}/permissions/{permission}/connections/{connectionId}';
    const response = await request(
      { method: 'PUT', path, successes: [200] },
      { query: 'targetName=granted' },
    );
    expect(response.status).toBe(200);
  }

  it('succeeds with the status that the SDK wants', async () => {
    await grant();
    const response = await request(operation(), success);
    await response.text();
    expect(operation().successes).toContain(success.status);
    expect(response.status).toBe(success.status);
  });

  it('fails as documented', async () => {
    await grant();
    for (const failure of failures)
      await expectRefusal(operation(), await request(operation(), failure), failure);
    if (name === 'HEAD /api/health') return;
    const unsigned = await request(operation(), success, false);
    await expectRefusal(operation(), unsigned, { status: 401, code: 'Unauthorized' });
    const badVersion = await request(operation(), { ...success, query: 'api-version=2099-01-01' });
    await expectRefusal(operation(), badVersion, { status: 400, code: 'Error.BadRequest' });
    const badHub = await request(operation(), { ...success, parameters: { hub: '1chat' } });
    await expectRefusal(operation(), badHub, { status: 400, code: 'Error.BadRequest' });
  });
});
