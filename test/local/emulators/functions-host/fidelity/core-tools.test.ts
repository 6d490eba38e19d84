/** After `func start` of Azure Functions Core Tools 4, and its log as documentation quotes it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { type BuiltApp, writeApp } from '../built-app.ts';
import { type HostProcess, startHost, startRefused } from '../host-process.ts';

let app: BuiltApp;
let host: HostProcess;

beforeAll(async () => {
  app = writeApp({
    'dist/main.cjs': `
      const { app } = require('@azure/functions');
      app.timer('sweep', { schedule: '0 0 0 1 1 *', runOnStartup: true, handler: () => {} });
      app.http('hello', { route: 'hello/{name}', methods: ['GET', 'PUT'], handler: (_, { invocationId }) => ({ body: invocationId }) });
      app.http('fails', { handler: () => { throw new Error('not today'); } });
      app.http('off', { handler: () => ({}) });
      app.eventGrid('onCall', { handler: () => {} });
    `,
  });
  host = await startHost(app.folder, { env: { AzureWebJobs_off_Disabled: 'true' } });
});

afterAll(async () => {
  await host?.stop();
  app?.remove();
});

const logged = (line: RegExp): Promise<unknown> =>
  until(() => line.test(host.output()), `a line like ${line}`);

it('lists the functions at the start: methods and address of each, or its trigger, and those that are off', () => {
  expect(host.output()).toContain(
    [
      '\nFunctions:\n',
      `\thello: [GET,PUT] ${host.url}/api/hello/{name}\n`,
      `\tfails: [GET,POST] ${host.url}/api/fails\n`,
      '\tsweep: timerTrigger\n',
      '\tonCall: eventGridTrigger\n',
      'Function off is disabled.\n',
    ].join('\n'),
  );
});

it('logs the beginning and the end of an invocation, with its reason, id and duration', async () => {
  const id = await (await fetch(`${host.url}/api/hello/Ada`)).text();
  const reason = 'This function was programmatically called via the host APIs.';
  await logged(new RegExp(`info .* Executing 'Functions.hello' \\(Reason='${reason}', Id=${id}\\)\n`));
  await logged(new RegExp(`info .* Executed 'Functions.hello' \\(Succeeded, Id=${id}, Duration=\\d+ms\\)\n`));
});

it('logs a failure with the error under it', async () => {
  await fetch(`${host.url}/api/fails`);
  await logged(
    /error .* Executed 'Functions.fails' \(Failed, Id=[0-9a-f-]{36}, Duration=\d+ms\)\n.*Error: not today\n/,
  );
});

it('says when a timer or Event Grid is the reason', async () => {
  const at = String.raw`at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z`;
  await logged(new RegExp(`Executing 'Functions.sweep' \\(Reason='Timer fired ${at}', Id=`));
  await fetch(`${host.url}/runtime/webhooks/eventgrid?functionName=onCall&code=eventgrid-key`, {
    method: 'POST',
    body: '[{"id":"1"}]',
    headers: { 'aeg-event-type': 'Notification' },
  });
  await logged(new RegExp(`Executing 'Functions.onCall' \\(Reason='EventGrid trigger fired ${at}', Id=`));
});

it('finds no app in a folder without host.json', async () => {
  const { code, output } = await startRefused(['--app', '/nowhere', '--port', '0']);
  expect(code).toBe(1);
  expect(output).toContain(
    'Unable to find project root. Expecting to find one of host.json, local.settings.json',
  );
});
