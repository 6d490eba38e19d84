/** Requests of a caller who may do everything, and tries to do something else by how he writes them. */
import type { ProblemName } from '../../../../shared/wire/api/problem.ts';
import { type HostileCase, JSON_TYPE } from './hostile-case.ts';
import { CALL, FUNCTION_KEY, OTHER_CALL } from './hostile-fixture.ts';

const KEY = ['x-functions-key', FUNCTION_KEY] as const;

interface Written {
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
}

function refused(
  what: string,
  status: number,
  problem: ProblemName | undefined,
  target: string,
  { method = 'POST', headers = [], body }: Written = {},
): HostileCase {
  return {
    what,
    request: () => ({ method, target, headers: [KEY, ...headers], ...(body === undefined ? {} : { body }) }),
    status,
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Addresses that lead to no call, though they look as if they might. */
const paths: readonly HostileCase[] = [
  refused('dots in place of a call', 404, undefined, '/api/calls/../hang-up'),
  refused('encoded dots in place of a call', 404, undefined, '/api/calls/%2e%2e/hang-up'),
  refused('dots behind encoded slashes', 404, 'call-not-found', `/api/calls/..%2f..%2fadmin/hang-up`),
  refused('an encoded slash in the id', 404, 'call-not-found', `/api/calls/${CALL}%2fx/hang-up`),
  refused('an encoded backslash in the id', 404, 'call-not-found', `/api/calls/${CALL}%5c/hang-up`),
  refused('two slashes', 404, undefined, `/api/calls//${CALL}//hang-up`),
  refused('nothing in place of a call', 404, undefined, '/api/calls//hang-up'),
  refused('an encoded NUL', 400, undefined, `/api/calls/${CALL}%00/hang-up`),
  refused('a NUL', 400, undefined, `/api/calls/${CALL}\0/hang-up`),
  refused('an encoded end of line', 404, 'call-not-found', `/api/calls/${CALL}%0d%0aX:1/hang-up`),
  refused('bytes that are no UTF-8', 404, undefined, `/api/calls/%ff%fe/hang-up`),
  refused(
    'letters of another script that look alike',
    404,
    'call-not-found',
    `/api/calls/${encodeURIComponent('а'.repeat(32))}/hang-up`,
  ),
  refused('an id in capitals', 404, 'call-not-found', `/api/calls/${CALL.toUpperCase()}/hang-up`),
  refused(
    'an id with a quote for the query of a table',
    404,
    'call-not-found',
    `/api/calls/${encodeURIComponent("x' or PartitionKey ne '")}/hang-up`,
  ),
  refused('a very long id', 404, 'call-not-found', `/api/calls/${'a'.repeat(4_000)}/hang-up`),
  refused(
    'an address that is longer than addresses are',
    414,
    undefined,
    `/api/calls/${'a'.repeat(20_000)}/hang-up`,
  ),
  refused('a name that objects have from birth', 404, 'call-not-found', '/api/calls/__proto__/hang-up'),
  refused('another such name', 404, 'call-not-found', '/api/calls/constructor/hang-up'),
  refused('a call that is not there', 404, 'call-not-found', `/api/calls/${'c'.repeat(32)}/hang-up`),
  refused('a participant who is none', 400, 'invalid-request', `/api/calls/${CALL}/participants/remove`, {
    headers: [JSON_TYPE],
    body: '{"participant":"<script>"}',
  }),
  refused(
    'a participant in the path',
    400,
    'invalid-request',
    `/api/calls/${CALL}/participants/${encodeURIComponent('4:+882165550100')}/mute`,
  ),
  refused(
    'a participant whose id has no end',
    400,
    'invalid-request',
    `/api/calls/${CALL}/participants/8:${'a'.repeat(500)}`,
    { method: 'DELETE' },
  ),
  refused(
    'a worker with a name of its own making',
    400,
    'invalid-request',
    `/api/calls/${CALL}/workers/..%2f..%2fadmin`,
    { method: 'PUT' },
  ),
  refused('another method', 404, undefined, `/api/calls/${CALL}/hang-up`, { method: 'GET' }),
  refused('a method that nobody has', 404, undefined, `/api/calls/${CALL}/hang-up`, { method: 'PATCH' }),
  refused('TRACE', 404, undefined, `/api/calls/${CALL}`, { method: 'TRACE' }),
  refused('a method in the wrong case', 400, undefined, `/api/calls/${CALL}`, { method: 'get' }),
  refused('a parameter that is not known', 400, 'invalid-request', `/api/calls/${CALL}/hang-up?force=true`),
  ...['callId', 'CALLID', 'call%49d'].map((name) =>
    refused(
      `another call in the query, as ${name}`,
      400,
      'invalid-request',
      `/api/calls/${CALL}/hang-up?${name}=${OTHER_CALL}`,
    ),
  ),
  refused(
    'another worker in the query',
    400,
    'invalid-request',
    `/api/calls/${CALL}/workers/echo?worker=robot`,
    {
      method: 'PUT',
    },
  ),
  refused('a parameter twice', 400, 'invalid-request', '/api/calls?limit=1&limit=1000', { method: 'GET' }),
  refused('a limit beyond the limits', 400, 'invalid-request', '/api/calls?limit=1e9', { method: 'GET' }),
  refused(
    'a place in the list that was never given out',
    400,
    'invalid-request',
    `/api/calls?after=${encodeURIComponent("' or 1 eq 1")}`,
    { method: 'GET' },
  ),
];

const HANG_UP = `/api/calls/${CALL}/hang-up`;
const MESSAGES = `/api/calls/${CALL}/messages`;
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

const MEGABYTE = 1_048_576;

/** In chunks, with more bytes than the buffers of two connections hold. */
const CHUNKED = `${MEGABYTE.toString(16)}\r\n${'x'.repeat(MEGABYTE)}\r\n`.repeat(20).concat('0\r\n\r\n');

/** Bodies that are not what they should be. */
const bodies: readonly HostileCase[] = [
  ...(
    [
      ['that ends in the middle', '{"forEveryone":tr'],
      ['that is no object', '[1,2]'],
      ['that is null', 'null'],
      ['with a comment', '{"forEveryone":true/* yes */}'],
      ['with a trailing comma', '{"forEveryone":true,}'],
      ['with something behind it', '{"forEveryone":true} {"a":1}'],
      ['with a member that is not known', '{"forEveryone":true,"admin":true}'],
      ['with __proto__', '{"forEveryone":true,"__proto__":{"admin":true}}'],
      ['with constructor', '{"constructor":{"prototype":{"admin":true}}}'],
      ['with __proto__ written in escapes', '{"\\u005f\\u005fproto\\u005f\\u005f":{"forEveryone":true}}'],
      ['with the wrong type', '{"forEveryone":"true"}'],
      ['with two members of one name, the last of the wrong type', '{"forEveryone":true,"forEveryone":1}'],
      ['nested a hundred thousand deep', nested(60_000)],
      ['in XML', '<hangUp/>'],
      ['of control characters', '\u0000\u0001\u0002'],
    ] as const
  ).map(([what, body]) =>
    refused(`a body ${what}`, 400, 'invalid-request', HANG_UP, { headers: [JSON_TYPE], body }),
  ),
  refused('a body in UTF-16', 415, 'unsupported-media-type', HANG_UP, {
    headers: [['content-type', 'application/json; charset=utf-16']],
    body: Buffer.from('{}', 'utf16le'),
  }),
  refused('a body that is no UTF-8', 400, 'invalid-request', MESSAGES, {
    headers: [JSON_TYPE],
    body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  }),
  refused('a message nested deeper than any', 400, 'invalid-request', MESSAGES, {
    headers: [JSON_TYPE],
    body: `{"data":${nested(100)}}`,
  }),
  refused('a message with __proto__ deep inside', 400, 'invalid-request', MESSAGES, {
    headers: [JSON_TYPE],
    body: '{"data":{"a":[{"__proto__":{"b":1}}]}}',
  }),
  refused('a body that is too large', 413, 'payload-too-large', MESSAGES, {
    headers: [JSON_TYPE],
    body: `{"data":"${'x'.repeat(140_000)}"}`,
  }),
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json, text/plain',
  ].map((type) =>
    refused(`a body as ${type}`, 415, 'unsupported-media-type', HANG_UP, {
      headers: [['content-type', type]],
      body: '{}',
    }),
  ),
  refused('a body without a type', 415, 'unsupported-media-type', HANG_UP, { body: '{}' }),
  refused('a body of 20 MB in chunks', 413, 'payload-too-large', MESSAGES, {
    headers: [JSON_TYPE, ['transfer-encoding', 'chunked']],
    body: CHUNKED,
  }),
  refused('a number that is a name', 400, 'invalid-request', `/api/calls/${CALL}/transfer`, {
    headers: [JSON_TYPE],
    body: '{"target":"everybody"}',
  }),
  refused(
    'a number with a way to another inside',
    403,
    'destination-not-allowed',
    `/api/calls/${CALL}/transfer`,
    { headers: [JSON_TYPE], body: '{"target":"4:+14255550100;+882165550100"}' },
  ),
  refused('a call to an expensive number', 403, 'destination-not-allowed', '/api/calls', {
    headers: [JSON_TYPE],
    body: '{"to":"+882165550100","callerId":"+14255550100"}',
  }),
  refused(
    'an expensive number as a participant',
    403,
    'destination-not-allowed',
    `/api/calls/${CALL}/participants`,
    { headers: [JSON_TYPE], body: '{"target":"+882165550100","callerId":"+14255550100"}' },
  ),
  refused("a file to be played from this machine's disk", 400, 'invalid-request', `/api/calls/${CALL}/play`, {
    headers: [JSON_TYPE],
    body: '{"source":{"kind":"file","url":"file:///etc/passwd"}}',
  }),
];

/** Headers that are too many, contradict each other, or were made up. */
const headers: readonly HostileCase[] = [
  refused('a thousand headers', 431, undefined, HANG_UP, {
    headers: Array.from({ length: 1_500 }, (_, index) => [`x-bomb-${index}`, 'x'.repeat(20)] as const),
  }),
  refused('headers of 20 KB', 404, 'call-not-found', `/api/calls/${'c'.repeat(32)}/hang-up`, {
    headers: [['x-bomb', 'x'.repeat(20_000)]],
  }),
  refused('a header of a hundred thousand characters', 431, undefined, HANG_UP, {
    headers: [['x-bomb', 'x'.repeat(100_000)]],
  }),
  refused('two lengths', 400, undefined, HANG_UP, {
    headers: [JSON_TYPE, ['content-length', '2'], ['content-length', '3']],
    body: '{}x',
  }),
  refused('a length and chunks', 400, undefined, HANG_UP, {
    headers: [JSON_TYPE, ['content-length', '2'], ['transfer-encoding', 'chunked']],
    body: '{}',
  }),
  refused('an end of line in a name', 400, undefined, HANG_UP, { headers: [['x-bad name\u0001', 'a']] }),
  ...(['nonsense', '-1', '1e99', "0' or 1 eq 1", '9'.repeat(400)] as const).map((id) =>
    refused(
      `a stream from the event ${id.slice(0, 20)}`,
      400,
      'invalid-request',
      `/api/calls/${CALL}/timeline/stream`,
      { method: 'GET', headers: [['last-event-id', id]] },
    ),
  ),
  // In Azure it has no answer at all: the host loses it before the app sees it.
  refused('an Idempotency-Key beyond ASCII', 502, undefined, HANG_UP, {
    headers: [JSON_TYPE, ['idempotency-key', 'ä']],
    body: '{}',
  }),
  ...(['', 'two words', 'x'.repeat(256)] as const).map((key) =>
    refused(`the Idempotency-Key "${key.slice(0, 12)}"`, 400, 'invalid-request', HANG_UP, {
      headers: [JSON_TYPE, ['idempotency-key', key]],
      body: '{}',
    }),
  ),
];

/** A key that the fixture has used for a request of its own, which was refused. */
export const USED_KEY = 'used-before';

const idempotency: readonly HostileCase[] = [
  refused(
    'a used Idempotency-Key with another body',
    422,
    'idempotency-key-reused',
    `/api/calls/${CALL}/transfer`,
    { headers: [JSON_TYPE, ['idempotency-key', USED_KEY]], body: '{"target":"+882165550199"}' },
  ),
  refused(
    'a used Idempotency-Key for another call',
    422,
    'idempotency-key-reused',
    `/api/calls/${OTHER_CALL}/transfer`,
    { headers: [JSON_TYPE, ['idempotency-key', USED_KEY]], body: '{"target":"+882165550100"}' },
  ),
  refused('a used Idempotency-Key for another operation', 422, 'idempotency-key-reused', HANG_UP, {
    headers: [JSON_TYPE, ['idempotency-key', USED_KEY]],
    body: '{}',
  }),
];

export const REQUESTS: readonly HostileCase[] = [...paths, ...bodies, ...headers, ...idempotency];
