import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { COMPILED } from '../support/compiled.ts';
import {
  CALL_ID,
  dial,
  get,
  mediaUrl,
  relayConfig,
  startRelayFixture,
  TICKET_KEY,
  ticketFor,
} from './relay-fixture.ts';

const MAIN = join(import.meta.dirname, '../../relay/main.ts');

function settings(): Record<string, string> {
  const { acsTokens, webPubSub } = relayConfig();
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    WEB_PUBSUB_CONNECTION_STRING: webPubSub.connectionString,
    RELAY_TICKET_KEY: TICKET_KEY,
    ACS_MEDIA_TOKEN_POLICY: 'off',
    ACS_TOKEN_ISSUER: acsTokens.issuer,
    ACS_TOKEN_AUDIENCE: acsTokens.audience,
    ACS_JWKS_URL: acsTokens.jwksUrl,
  };
}

interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output(): string;
}

function start(env: Record<string, string>): Started {
  const child = fork(MAIN, { env: { PATH: process.env['PATH'] ?? '', ...COMPILED, ...env }, silent: true });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (part) => {
      output += String(part);
    });
  }
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return { child, exited, output: () => output };
}

async function ready({ child, exited, output }: Started): Promise<string> {
  const message = await Promise.race([once(child, 'message'), exited.then(() => undefined)]);
  if (message === undefined) throw new Error(`the relay ended before it was ready:\n${output()}`);
  expect(message[0]).toEqual({ type: 'ready', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
  return (message[0] as { url: string }).url;
}

/** Ends only what hangs: a process takes seconds to start on a busy machine. */
const LIMIT_MS = 60_000;

describe('the process of the relay', { timeout: LIMIT_MS }, () => {
  it('says where it is, serves, and ends its calls when it is told to stop', async () => {
    const started = start(settings());
    const url = await ready(started);
    expect((await get(`${url}/readyz`)).status).toBe(200);
    const ticket = await ticketFor();
    const acs = await dial(mediaUrl({ url }, ticket));
    started.child.kill('SIGTERM');
    expect(await acs.closed).toEqual({ code: 1001, reason: 'relay shutting down' });
    expect(await started.exited).toBe(0);
    expect(started.output(), 'the call is logged').toContain(CALL_ID);
    expect(started.output(), 'its ticket is not').not.toContain(ticket);
  });

  it('ends with the process that started it', async () => {
    const started = start(settings());
    await ready(started);
    // After a disconnect the parent hears of the exit, but not of the closing of the pipes.
    const exited = once(started.child, 'exit');
    started.child.disconnect();
    expect(await exited).toEqual([0, null]);
  });

  it('says in one sentence that its port is taken', async () => {
    const { port } = new URL((await startRelayFixture()).url);
    const { exited, output } = start({ ...settings(), PORT: port });
    expect(await exited).toBe(1);
    expect(output()).toBe(
      `The relay cannot start: port ${port} is already taken; stop what uses it, or set PORT.\n`,
    );
  });
});
