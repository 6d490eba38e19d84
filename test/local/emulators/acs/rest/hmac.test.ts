import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hmacProblem, type SignedRequest } from '../../../../../local/emulators/acs/rest/hmac.ts';

const KEY = Buffer.from('0123456789abcdef0123456789abcdef');
const NOW = Date.UTC(2026, 10, 22, 7, 47, 59);

function sign(change: Partial<SignedRequest & { date: string; key: Buffer }> = {}): SignedRequest {
  const {
    method = 'POST',
    url = '/calling/callConnections:answer?api-version=2026-03-12',
    key = KEY,
  } = change;
  const body = change.body ?? Buffer.from('{"name":"Zoë"}');
  const date = change.date ?? new Date(NOW).toUTCString();
  const hash = createHash('sha256').update(body).digest('base64');
  const signature = createHmac('sha256', key)
    .update(`${method}\n${url}\n${date};127.0.0.1:8070;${hash}`)
    .digest('base64');
  return {
    method,
    url,
    body,
    headers: {
      host: '127.0.0.1:8070',
      'x-ms-date': date,
      'x-ms-content-sha256': hash,
      authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`,
      ...change.headers,
    },
  };
}

describe('the signature check', () => {
  it('accepts a request signed with the key', () => {
    expect(hmacProblem(sign(), KEY, NOW)).toBeUndefined();
  });

  it('knows the published hash of an empty body', () => {
    const request = sign({ body: new Uint8Array() });
    expect(request.headers['x-ms-content-sha256']).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
    expect(hmacProblem(request, KEY, NOW)).toBeUndefined();
  });

  it.each([
    ['another method', { method: 'DELETE' }],
    ['another path', { url: '/calling/callConnections:reject?api-version=2026-03-12' }],
    ['another query', { url: '/calling/callConnections:answer?api-version=2025-05-15' }],
    ['another body', { body: Buffer.from('{"name":"Zoe"}') }],
  ])('refuses a signature that was made for %s', (_, change) => {
    expect(hmacProblem({ ...sign(), ...change }, KEY, NOW)).toBeDefined();
  });

  it('refuses a signature made with another key', () => {
    expect(hmacProblem(sign({ key: Buffer.alloc(32, 1) }), KEY, NOW)).toMatch(
      /^HMAC-SHA256 validation failed\. Another access key/,
    );
  });

  it.each(['authorization', 'x-ms-date', 'x-ms-content-sha256', 'host'])(
    'refuses a request without %s',
    (name) => {
      const { [name]: _, ...headers } = sign().headers;
      expect(hmacProblem({ ...sign(), headers }, KEY, NOW)).toMatch(/missing/);
    },
  );

  it('refuses a bearer token in words that say what to use instead, and any other scheme', () => {
    const problem = (authorization: string) => hmacProblem(sign({ headers: { authorization } }), KEY, NOW);
    expect(problem('Bearer eyJ')).toMatch(/Entra ID are not supported .*: sign with the access key/);
    expect(problem('Basic eyJ')).toMatch(/not an HMAC-SHA256/);
  });

  it.each([-5, 5])('accepts a date that is %i minutes off, and no millisecond more', (minutes) => {
    const date = new Date(NOW + minutes * 60_000).toUTCString();
    expect(hmacProblem(sign({ date }), KEY, NOW)).toBeUndefined();
    expect(hmacProblem(sign({ date }), KEY, NOW - Math.sign(minutes))).toMatch(/x-ms-date/);
  });

  it('refuses a date that is none', () => {
    expect(hmacProblem(sign({ date: 'yesterday' }), KEY, NOW)).toMatch(/x-ms-date/);
  });
});
