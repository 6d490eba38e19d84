import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { startApp } from '../../../../examples/acs-app/app.ts';
import { DIALECTS } from '../../../../examples/acs-app/outbound.ts';
import type { CallReport } from '../../../../local/emulators/acs/control/call-report.ts';
import { startAcs } from '../../../../local/emulators/acs/server/acs.ts';
import { freePort } from '../../../../local/emulators/common/free-port.ts';
import { parseSubscriptions } from '../../../../local/emulators/event-grid/subscription-settings.ts';
import { WavPhone } from '../../../../local/phone/wav-phone.ts';
import { COMPILED } from '../../../support/compiled.ts';
import { speechLike } from '../../../support/signals.ts';
import { until } from '../../../support/until.ts';
import { type PhoneWatch, watchPhone } from '../../../support/watched-phone.ts';

const SPEECH_SAMPLES = 6_400;
const CALLER = '+14255550123';
/** How long a caller listens to silence: nobody hangs up because a process is slow. */
const PATIENCE_MS = 60_000;
/** Until a process of its own has started, or answered. */
const PROCESS_LIMIT_MS = 60_000;

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
        let watch: PhoneWatch | undefined;
        const heardBack = () => watch?.heardFromApplication() ?? new Int16Array();
        const call = acs.placeCall({
          from: CALLER,
          to: numberOf(index),
          phone: (rawId, hangUp) => {
            const phone = new WavPhone({
              rawId,
              speech: { samples: speech, sampleRateHz: 16_000 },
              tailMs: PATIENCE_MS,
              maxMs: PATIENCE_MS,
              onHangUp: () => hangUp(),
            });
            watch = watchPhone(phone);
            return phone;
          },
        });
        await until(
          () => heardBack().length >= SPEECH_SAMPLES,
          `the ${dialect} application to say back all of it`,
        );
        call.hangUpByCaller();
        await until(() => call.state === 'disconnected', `the ${dialect} call to end`);
        const heard = heardBack();
        expect(heard.subarray(0, SPEECH_SAMPLES), `what the ${dialect} application said back`).toEqual(
          speech,
        );
      }),
    );
  });

  it(
    'works unmodified, as a process of its own, with an emulator that stands alone and speaks https',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'stand-alone-'));
      closers.push(() => rm(folder, { recursive: true }));
      const caFile = join(folder, 'ca.pem');
      const appPort = await freePort();
      const acs = start('local/emulators/acs/main.ts', folder, {}, [
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
        tailMs: PATIENCE_MS,
        maxMs: PATIENCE_MS,
      });
      const look = (): Promise<CallReport> => client.request<CallReport>('GET', `${url}/control/calls/${id}`);
      await until(
        async () => ((await look()).streams[0]?.samplesPlayed ?? 0) >= SPEECH_SAMPLES,
        'the application to say back all of it',
        PROCESS_LIMIT_MS,
      );
      await client.request('POST', `${url}/control/calls/${id}/hang-up`);
      const report = await until(
        async () => {
          const view = await look();
          return view.state === 'disconnected' && view;
        },
        'the call to end',
        PROCESS_LIMIT_MS,
      );
      expect(report.outcome).toBe('hungUpByCaller');
    },
    4 * PROCESS_LIMIT_MS,
  );
});

/** A process, and the lines that it prints. */
function start(module: string, cwd: string, env: Record<string, string>, args: readonly string[]) {
  const child = fork(new URL(`../../../../${module}`, import.meta.url), args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...COMPILED, ...env },
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
      until(
        () => {
          if (child.exitCode !== null) throw new Error(`${module} ended: ${lines.join('\n')}`);
          return lines.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined);
        },
        `${module} to print ${pattern}`,
        PROCESS_LIMIT_MS,
      ),
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
          response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8') || 'null')));
        },
      );
      request.once('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
