import { describe, expect, it } from 'vitest';
import { readControlConfig } from '../../../functions/control/settings/control-config.ts';
import {
  adviceOn,
  isControlApp,
  readWorkerConfig,
} from '../../../functions/workers/settings/worker-config.ts';
import { readRelayConfig } from '../../../relay/settings/relay-config.ts';
import { isLoopbackHttp } from '../../../shared/base/loopback-url.ts';
import { ConfigError } from '../../../shared/base/settings.ts';

const TICKET_KEY = 'a-ticket-key-of-thirty-two-bytes!';

const control = {
  ACS_CONNECTION_STRING: 'endpoint=http://127.0.0.1:8070/;accesskey=c2VjcmV0',
  ACS_TOKEN_AUDIENCE: 'resource',
  PUBLIC_BASE_URL: 'http://127.0.0.1:7071/',
  RELAY_URL: 'ws://127.0.0.1:8090',
  RELAY_TICKET_KEY: TICKET_KEY,
  CALL_ROUTES: '[]',
  TABLES_CONNECTION_STRING: 'UseDevelopmentStorage=true',
};

const relay = {
  WEB_PUBSUB_CONNECTION_STRING: 'Endpoint=http://127.0.0.1:8080;AccessKey=abc;Version=1.0;',
  RELAY_TICKET_KEY: TICKET_KEY,
  ACS_TOKEN_AUDIENCE: 'resource',
};

function problemsOf(read: () => unknown): ConfigError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('expected a ConfigError, but the settings were accepted');
}

describe('the configuration', () => {
  it('is frozen, with defaults filled in and slashes at the end of addresses taken away', () => {
    const config = readControlConfig(control);
    expect(config).toMatchObject({ publicBaseUrl: 'http://127.0.0.1:7071', maxCallMinutes: 240, routes: [] });
    expect(config.acsTokens.issuer).toBe('https://acscallautomation.communication.azure.com');
    expect(Object.isFrozen(config.acsTokens)).toBe(true);
  });

  it('names every missing setting of the control app at once, what it is, where to get it, and an example', () => {
    const error = problemsOf(() => readControlConfig({}));
    expect(error.problems.map((problem) => problem.name)).toEqual([
      'ACS_CONNECTION_STRING',
      'ACS_TOKEN_AUDIENCE',
      'PUBLIC_BASE_URL',
      'RELAY_URL',
      'RELAY_TICKET_KEY',
      'CALL_ROUTES',
      'TABLES_CONNECTION_STRING',
    ]);
    expect(error.message).toContain('7 settings need attention');
    for (const { name, setting } of error.problems) {
      expect(error.message).toContain(`${name}=${setting.example}`);
      expect(error.message).toContain(setting.what);
      expect(error.message).toContain(setting.where);
    }
  });

  it('never repeats the value of a setting that is not usable', () => {
    const error = problemsOf(() => readRelayConfig({ ...relay, RELAY_TICKET_KEY: 'tooshort', PORT: '80x' }));
    expect(error.problems.map((problem) => problem.name)).toEqual(['PORT', 'RELAY_TICKET_KEY']);
    expect(error.message).not.toContain('tooshort');
    expect(error.message).not.toContain('80x');
  });

  it('accepts unencrypted addresses on this machine only', () => {
    expect(isLoopbackHttp('http://127.0.0.1:8070')).toBe(true);
    expect(isLoopbackHttp('ws://[::1]:8090')).toBe(true);
    expect(isLoopbackHttp('http://127.0.0.1.example.com')).toBe(false);
    const error = problemsOf(() => readControlConfig({ ...control, RELAY_URL: 'ws://relay.example.com' }));
    expect(error.problems.map((problem) => problem.name)).toEqual(['RELAY_URL']);
  });

  it('takes an address and managed identity in place of a connection string', () => {
    const { ACS_CONNECTION_STRING: _, ...rest } = control;
    const config = readControlConfig({ ...rest, ACS_ENDPOINT: 'https://contoso.communication.azure.com/' });
    expect(config.acs).toEqual({ endpoint: 'https://contoso.communication.azure.com' });
  });

  it('takes the public address of the control app from the platform when it is not set', () => {
    const { PUBLIC_BASE_URL: _, ...rest } = control;
    const config = readControlConfig({ ...rest, WEBSITE_HOSTNAME: 'contoso.azurewebsites.net' });
    expect(config.publicBaseUrl).toBe('https://contoso.azurewebsites.net');
  });

  it('keeps the previous ticket key and the secondary access key for rotation', () => {
    const previous = 'a-quick-brown-fox-jumped-over-this-lazy-dog';
    expect(readRelayConfig({ ...relay, RELAY_TICKET_KEY_PREVIOUS: previous }).ticketKeys).toEqual([
      TICKET_KEY,
      previous,
    ]);
    const worker = readWorkerConfig({ ...relay, WEB_PUBSUB_SECONDARY_KEY: 'second' });
    expect(worker.webPubSub).toMatchObject({ endpointHost: '127.0.0.1', accessKeys: ['abc', 'second'] });
  });
});

describe('how much may wait in a relay', () => {
  it('is bounded for both settings together, which no relay starts without', () => {
    const start = (MAX_CALLS: string, MAX_BACKLOG_MS: string) => () =>
      readRelayConfig({ ...relay, MAX_CALLS, MAX_BACKLOG_MS });
    expect(start('10000', '2000')()).toMatchObject({ maxCalls: 10_000, maxBacklogMs: 2_000 });
    expect(start('370', '60000')()).toMatchObject({ maxCalls: 370, maxBacklogMs: 60_000 });
    for (const settings of [start('10000', '5000'), start('400', '60000')])
      expect(problemsOf(settings).message).toContain('MAX_BACKLOG_MS is too long for MAX_CALLS');
    expect(problemsOf(start('many', '60000')).message).not.toContain('too long for');
  });
});

describe('the control apps that workers ask', () => {
  const onAzure = {
    WEB_PUBSUB_CONNECTION_STRING: 'Endpoint=https://contoso.webpubsub.azure.com;AccessKey=abc;Version=1.0;',
  };
  const asks = (env: Record<string, string>, urls: readonly string[]): string[] => {
    const config = readWorkerConfig(env);
    return urls.filter((url) => isControlApp(config, url));
  };
  const OURS = 'https://contoso-control.azurewebsites.net';
  const LOCAL = 'http://127.0.0.1:7071';
  const OTHERS = [
    'https://elsewhere.example',
    'https://contoso-control.azurewebsites.net.elsewhere.example',
    'https://contoso-control.azurewebsites.net:8443',
    'http://contoso-control.azurewebsites.net',
    'https://contoso-control.azurewebsites.net@elsewhere.example/',
    'https://127.0.0.1',
    'https://localhost/',
    'https://[::1]:8080',
    'https://127.1:7071',
    'https://0/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://2130706433/',
    'https://LOCALHOST./',
    'https://any.localhost/',
    'not a url',
  ];

  it('are those that are set, by scheme, host and port', () => {
    const env = { ...onAzure, CONTROL_URLS: `${OURS}/, https://second.example` };
    expect(asks(env, [OURS, `${OURS}/api`, 'https://second.example', LOCAL, ...OTHERS])).toEqual([
      OURS,
      `${OURS}/api`,
      'https://second.example',
    ]);
    expect(adviceOn(readWorkerConfig(env))).toBeUndefined();
    expect(asks({ ...relay, CONTROL_URLS: LOCAL }, [LOCAL, 'http://127.0.0.1:7072', OURS])).toEqual([LOCAL]);
  });

  it('are none where the list is empty', () => {
    expect(asks({ ...onAzure, CONTROL_URLS: ',' }, [OURS, LOCAL, ...OTHERS])).toEqual([]);
  });

  it('are all with https where none is set, but none on the own machine, and the log advises to set them', () => {
    expect(asks(onAzure, [OURS, LOCAL, ...OTHERS])).toEqual([OURS, ...OTHERS.slice(0, 3), OTHERS[4]]);
    expect(adviceOn(readWorkerConfig(onAzure))).toContain('CONTROL_URLS is not set');
  });

  it('are all on a machine that has its Web PubSub itself', () => {
    expect(asks(relay, [LOCAL, OURS])).toEqual([LOCAL, OURS]);
    expect(adviceOn(readWorkerConfig(relay))).toBeUndefined();
  });
});
