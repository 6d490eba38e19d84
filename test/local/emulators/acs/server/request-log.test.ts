import { createHash, createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../../support/until.ts';
import { CALLED, CALLER, startAcsFixture } from '../acs-fixture.ts';

let lines: string[];
let f: Awaited<ReturnType<typeof startAcsFixture>>;

beforeEach(async () => {
  lines = [];
  f = await startAcsFixture({
    requestLog: (line) => lines.push(line),
    log: (line) => lines.push(line),
    // Telephones that answer are of no interest here.
    behaviour: { callbackRetryDelaysMs: [1] },
  });
});

afterEach(() => f.close());

const logged = (pattern: RegExp): Promise<string> =>
  until(() => lines.find((line) => pattern.test(line)), `a line like ${pattern}`);

/** A request signed with the resource's key, which the client of the SDK would not send. */
async function signed(method: string, path: string, body: string): Promise<void> {
  const { connectionString, url } = f.acs;
  const [, key = ''] = /accesskey=(.+)$/.exec(connectionString) ?? [];
  const date = new Date().toUTCString();
  const hash = createHash('sha256').update(body).digest('base64');
  const text = `${method}\n${path}\n${date};${new URL(url).host};${hash}`;
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
  const authorization = `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`;
  const headers = { 'x-ms-date': date, 'x-ms-content-sha256': hash, authorization };
  await fetch(url + path, { method, headers, body });
}

describe('the request log of the ACS emulator', () => {
  it('has a line for each request, event and callback of a call, and each state of the call once', async () => {
    const { incomingCallContext, call } = await f.ring();
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected');
    await callConnection.hangUp(false);
    await f.callback('CallDisconnected');
    const { callConnectionId } = call.ids;
    await logged(/^Event Grid Microsoft\.Communication\.IncomingCall to trunkline-local: 200$/);
    await logged(/^POST \/calling\/callConnections:answer 200, \d+ ms$/);
    await logged(new RegExp(`^callback CallConnected of ${callConnectionId}: 200$`));
    await logged(new RegExp(`^DELETE /calling/callConnections/${callConnectionId} 204, \\d+ ms$`));
    await logged(new RegExp(`^callback CallDisconnected of ${callConnectionId}: 200$`));
    const states = lines.filter((line) => line.startsWith('call '));
    expect(states.filter((line) => line.includes('disconnecting'))).toHaveLength(1);
    expect(new Set(states).size).toBe(states.length);
  });

  it('says why a request is refused: no signature, JSON that breaks off, no such call', async () => {
    await fetch(`${f.acs.url}/calling/callConnections/none?code=secret`, { method: 'DELETE' });
    expect(await logged(/ 401, /)).toMatch(
      /^DELETE \/calling\/callConnections\/none 401, \d+ ms, 7509: .*authorization/i,
    );
    await signed('POST', '/calling/callConnections:answer', '{"incomingCallContext": "secret",}');
    expect(await logged(/ 400, /)).toContain(
      '8523: Invalid argument: The request body is not JSON: it breaks off at line 1, column 34.',
    );
    await f.client
      .getCallConnection('none')
      .hangUp(false)
      .catch(() => {});
    await logged(/^DELETE \/calling\/callConnections\/none 404, \d+ ms, 8522: Call not found/);
  });

  it('says how often a callback was tried, and that nobody was reached', async () => {
    const { incomingCallContext, call } = await f.ring();
    await f.client.answerCall(incomingCallContext, 'http://127.0.0.1:1/callbacks?code=secret');
    const callback = `callback CallConnected of ${call.ids.callConnectionId}: not reached`;
    await logged(new RegExp(`^${callback}$`));
    await logged(new RegExp(`^${callback}, attempt 2$`));
  });

  it('holds no query, no telephone number, and nothing of those who only look at the control surface', async () => {
    const { incomingCallContext } = await f.ring();
    const { callConnection } = await f.client.answerCall(incomingCallContext, f.callbackUrl);
    await f.callback('CallConnected');
    await callConnection.getParticipant({ phoneNumber: CALLER });
    await logged(/^GET \/calling\/callConnections\/[\w-]+\/participants\/4%3A%2B14… 200/);
    await f.control('GET', 'calls');
    await f.control('GET', 'calls', undefined, 'wrong');
    await logged(/^GET \/control\/calls 404, \d+ ms, NotFound: Not found\.$/);
    expect(lines.filter((line) => line.startsWith('GET /control/'))).toHaveLength(1);
    for (const secret of [CALLER.slice(4), CALLED.slice(4), 'secret', '?'])
      expect(lines.join('\n')).not.toContain(secret);
  });
});
