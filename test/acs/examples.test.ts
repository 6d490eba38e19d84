import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { startApp } from '../../examples/acs-app/app.ts';
import { DIALECTS } from '../../examples/acs-app/outbound.ts';
import type { CallReport } from '../../local/acs/control/call-report.ts';
import { startAcs } from '../../local/acs/server.ts';
import { parseSubscriptions } from '../../local/event-grid/subscription-settings.ts';
import { createWavPhone, type WavPhone } from '../../local/phone/wav-phone.ts';
import { freePort } from '../../local/process/free-port.ts';
import { speechLike } from '../support/signals.ts';
import { until } from '../support/until.ts';

const SPEECH_SAMPLES = 6_400;
const CALLER = '+14255550123';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function numberOf(index: number): string {
  return `+1425555010${index}`;
}

describe('the example application', () => {
  it('is called, hears, answers and is heard to the bit, in the spelling of each official SDK', async () => {
    const accessKey = randomBytes(32).toString('base64');
    const acsPort = await freePort();
    const apps = await Promise.all(
      DIALECTS.map((dialect) =>
        startApp({
          connectionString: `endpoint=http://127.0.0.1:${acsPort}/;accesskey=${accessKey}`,
          port: 0,
          dialect,
          log: () => {},
        }),
      ),
    );
    for (const app of apps) closers.push(app.close);
    const subscriptions = parseSubscriptions(
      apps.map(({ incomingCallUrl }, index) => ({
        name: DIALECTS[index],
        endpointUrl: incomingCallUrl,
        filter: {
          includedEventTypes: ['Microsoft.Communication.IncomingCall'],
          advancedFilters: [
            { operatorType: 'StringIn', key: 'data.to.PhoneNumber.Value', values: [numberOf(index)] },
          ],
        },
      })),
    );
    const acs = await startAcs({
      port: acsPort,
      accessKey,
      resourceId: randomUUID(),
      eventGrid: { subscriptions },
    });
    closers.push(acs.close);

    const speech = speechLike(SPEECH_SAMPLES, 16_000);
    await Promise.all(
      DIALECTS.map(async (dialect, index) => {
        let phone: WavPhone | undefined;
        const call = acs.placeCall({
          from: CALLER,
          to: numberOf(index),
          phone: (rawId, hangUp) => {
            phone = createWavPhone({
              rawId,
              speech: { samples: speech, sampleRateHz: 16_000 },
              tailMs: 1_500,
              maxMs: 5_000,
              onHangUp: hangUp,
            });
            return phone;
          },
        });
        await until(() => call.state === 'disconnected', `the ${dialect} call to end`);
        const heard = phone?.heardFromApplication() ?? new Int16Array();
        expect(heard.length, `the ${dialect} application said back all of it`).toBeGreaterThanOrEqual(
          SPEECH_SAMPLES,
        );
        expect(heard.subarray(0, SPEECH_SAMPLES), `what the ${dialect} application said back`).toEqual(
          speech,
        );
      }),
    );
  });

  it('works unmodified, as a process of its own, with a stand-in that stands alone and speaks https', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stand-alone-'));
    closers.push(() => rm(folder, { recursive: true }));
    const caFile = join(folder, 'ca.pem');
    const appPort = await freePort();
    const acs = start('local/acs/main.ts', folder, {}, [
      ...['--stand-alone', '--port', '0', '--https', '--ca-out', caFile],
      ...['--event-grid-endpoint', `http://127.0.0.1:${appPort}/api/incomingCall`],
    ]);
    const connectionString = await acs.line(/connection string +(\S+)/);
    const url = /endpoint=(\S+?)\/;/.exec(connectionString)?.[1] ?? '';
    const authorization = await acs.line(/Authorization: (Bearer \S+)'/);
    const app = start(
      'examples/acs-app/main.ts',
      folder,
      { ACS_CONNECTION_STRING: connectionString, NODE_EXTRA_CA_CERTS: caFile },
      [String(appPort), 'csharp'],
    );
    await app.line(/(IncomingCall is to go)/);

    const client = new HttpsClient(await readFile(caFile, 'utf8'), authorization);
    const speech = Buffer.from(speechLike(SPEECH_SAMPLES, 16_000).buffer).toString('base64');
    const { id } = await client.request<{ id: string }>('POST', `${url}/eventgrid/incomingCall`, {
      from: CALLER,
      to: numberOf(0),
      speech: { audio: speech, sampleRateHz: 16_000 },
      tailMs: 1_500,
      maxMs: 5_000,
    });
    const report = await until(async () => {
      const view = await client.request<CallReport>('GET', `${url}/control/calls/${id}`);
      return view.state === 'disconnected' && view;
    }, 'the call to end');
    expect(report.outcome).toBe('hungUpByCaller');
    expect(report.streams[0]?.samplesPlayed).toBeGreaterThanOrEqual(SPEECH_SAMPLES);
  });
});

/** A process, and the lines that it prints. */
function start(module: string, cwd: string, env: Record<string, string>, args: readonly string[]) {
  const child = fork(new URL(`../../${module}`, import.meta.url), args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    silent: true,
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  closers.push(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  return {
    /** The first group of the first line that matches. */
    line: (pattern: RegExp): Promise<string> =>
      until(() => {
        if (child.exitCode !== null) throw new Error(`${module} ended: ${lines.join('\n')}`);
        return lines.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined);
      }, `${module} to print ${pattern}`),
  };
}

/** `fetch` takes no authority of its own. */
class HttpsClient {
  readonly #ca: string;
  readonly #authorization: string;

  constructor(ca: string, authorization: string) {
    this.#ca = ca;
    this.#authorization = authorization;
  }

  request<Answer>(method: string, url: string, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        url,
        { method, ca: this.#ca, headers: { authorization: this.#authorization } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
        },
      );
      request.once('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
