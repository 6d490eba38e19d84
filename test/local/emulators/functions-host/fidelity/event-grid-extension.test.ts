/** After the host's extension for Event Grid (Microsoft.Azure.WebJobs.Extensions.EventGrid), 3.3.0 and its sources. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BuiltApp, writeApp } from '../built-app.ts';
import { type HostProcess, startHost } from '../host-process.ts';

let app: BuiltApp;
let host: HostProcess;

beforeAll(async () => {
  app = writeApp({
    'dist/main.cjs': `
      require('@azure/functions').app.eventGrid('onCall', { handler: (event, context) => context.log('got ' + event.id) });
    `,
  });
  host = await startHost(app.folder);
});

afterAll(async () => {
  await host?.stop();
  app?.remove();
});

interface Sent {
  readonly type?: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
}

const send = (body: string, { type = 'Notification', method = 'POST', path = '', query }: Sent = {}) =>
  fetch(
    `${host.url}/runtime/webhooks/eventgrid${path}?code=eventgrid-key&${query ?? 'functionName=onCall'}`,
    {
      method,
      body,
      headers: { 'aeg-event-type': type },
    },
  );
const EVENT = JSON.stringify([{ id: 'one', eventType: 'Test', subject: 's', data: {}, dataVersion: '1' }]);

it.each([
  ['no JSON', 'not JSON'],
  ['empty', ''],
  ['a number', '7'],
  ['an array of numbers', '[1]'],
])('answers 500 to a delivery that is %s, so that it comes again', async (_, body) => {
  const response = await send(body);
  expect([response.status, await response.text()]).toEqual([500, '']);
});

it('answers 500 to a validation without a code', async () => {
  const type = 'SubscriptionValidation';
  const bodies = ['', '{}', '[]', '[{"data":{}}]', '[{"data":{"validationCode":7}}]', '{"data":"{"}'];
  const answers = await Promise.all(bodies.map(async (body) => (await send(body, { type })).status));
  expect(answers).toEqual(bodies.map(() => 500));
});

it('answers a validation as text, in either schema', async () => {
  const type = 'SubscriptionValidation';
  const asText = JSON.stringify({ validationCode: 'the-code' });
  for (const body of [`[{"data":${asText}}]`, JSON.stringify({ data: asText })]) {
    const response = await send(body, { type });
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect([response.status, await response.text()]).toEqual([200, '{"validationResponse":"the-code"}']);
  }
});

it('takes a longer path, and no other methods than those of webhooks', async () => {
  expect((await send(EVENT, { path: '/and/more' })).status).toBe(202);
  expect((await send(EVENT, { path: 's' })).status, 'that is another extension').toBe(403);
  expect((await send(EVENT, { method: 'PATCH' })).status).toBe(404);
  expect((await send(EVENT, { method: 'PUT' })).status).toBe(404);
  expect((await send('', { method: 'DELETE', type: '' })).status, 'asked for nothing').toBe(400);
});

it('finds a function by its name as it is written, and the name of the parameter in any case', async () => {
  expect((await send(EVENT, { query: 'FUNCTIONNAME=onCall' })).status).toBe(202);
  const other = await send(EVENT, { query: 'functionName=oncall' });
  expect([other.status, await other.text()]).toEqual([404, "cannot find function: 'oncall'"]);
});
