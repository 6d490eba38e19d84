import { describe, expect, it } from 'vitest';
import { controlAppLoader } from '../../../../functions/control/app.ts';
import { readControlConfig } from '../../../../functions/control/settings/control-config.ts';
import { callEvents } from '../../../../functions/control/triggers/call-events.ts';
import { incomingCall } from '../../../../functions/control/triggers/incoming-call.ts';
import { handlerOf } from '../../../../functions/control/triggers/register-endpoints.ts';
import { restartMediaStreaming } from '../../../../functions/control/triggers/relay-requests.ts';
import { ConfigError } from '../../../../shared/base/settings.ts';
import { RoutesError } from '../../../../shared/wire/call/routes-schema.ts';
import { ControlFixture } from '../../../support/control-fixture.ts';

const RECREATE_AFTER_MS = 10_000;

const SETTINGS = {
  ACS_ENDPOINT: 'https://contoso.communication.azure.com',
  ACS_TOKEN_AUDIENCE: '33333333-3333-3333-3333-333333333333',
  PUBLIC_BASE_URL: 'https://control.example',
  RELAY_URL: 'wss://relay.example',
  RELAY_TICKET_KEY: 'a ticket key for the tests, long enough',
  CALL_ROUTES: '[{"name":"everyone","workers":[{"name":"echo"}]}]',
  TABLES_ENDPOINT: 'https://contoso.table.core.windows.net',
  MAX_CALL_MINUTES: '30',
};

describe('wrong settings', () => {
  const fixture = new ControlFixture();

  it('are a problem with every sentence for HTTP', async () => {
    const { status, json } = await fixture.call(
      handlerOf('listCalls', controlAppLoader({}), 'function-key'),
      {
        method: 'GET',
      },
    );
    expect(status).toBe(500);
    expect(json).toMatchObject({ type: 'urn:trunkline:problem:misconfigured' });
    for (const name of ['RELAY_URL', 'CALL_ROUTES', 'RELAY_TICKET_KEY'])
      expect((json as { detail: string }).detail).toContain(name);
  });

  it('are no business of a caller who has proved nothing, and are in the log', async () => {
    const load = controlAppLoader({});
    const logged = fixture.logged.length;
    for (const handler of [
      handlerOf('listCalls', load, 'nothing'),
      handlerOf('hangUp', load, 'nothing'),
      callEvents(load),
      restartMediaStreaming(load),
    ]) {
      const path = 'worker/calls/aaaabbbbccccddddaaaabbbbccccdddd/hang-up';
      const { status, json, text } = await fixture.call(handler, { path });
      expect(status).toBe(500);
      expect(json).toMatchObject({ type: 'urn:trunkline:problem:misconfigured' });
      expect(text, 'what the caller reads').not.toContain('RELAY_URL');
    }
    expect(fixture.logged.slice(logged), 'one line, however many ask').toEqual([
      expect.stringContaining('RELAY_URL'),
    ]);
  });

  it('are read once, since they stay as they are until the process starts again', async () => {
    let reads = 0;
    const load = controlAppLoader({
      get RELAY_URL() {
        reads += 1;
        return 'not a URL';
      },
    });
    await expect(load()).rejects.toThrow(ConfigError);
    const first = reads;
    for (let time = 0; time < 3; time += 1) await expect(load()).rejects.toThrow(ConfigError);
    expect(reads).toBe(first);
  });

  it('are told from what may pass, after which the app is there at the next attempt', async () => {
    let [nowMs, attempts, isBroken] = [0, 0, true];
    const env = {
      ...SETTINGS,
      get RELAY_URL() {
        if (!isBroken) return SETTINGS.RELAY_URL;
        attempts += 1;
        throw new Error('too many open files');
      },
    };
    const load = controlAppLoader(env, () => nowMs);
    for (let time = 0; time < 5; time += 1) await expect(load()).rejects.toThrow('too many open files');
    expect(attempts).toBe(1);
    nowMs += RECREATE_AFTER_MS;
    await expect(load()).rejects.toThrow('too many open files');
    expect(attempts).toBe(2);
    isBroken = false;
    await expect(load(), 'too soon').rejects.toThrow('too many open files');
    nowMs += RECREATE_AFTER_MS;
    await expect(load()).resolves.toMatchObject({ deps: { relayUrl: SETTINGS.RELAY_URL } });
  });

  it('include Entra ID without a tenant or an audience', () => {
    const incomplete = (): unknown => readControlConfig({ ...SETTINGS, API_AUTH: 'entra' });
    expect(incomplete).toThrow('ENTRA_TENANT_ID');
    expect(incomplete).toThrow('ENTRA_AUDIENCE');
    expect(() => readControlConfig({ ...SETTINGS, API_AUTH: 'none' })).toThrow('API_AUTH');
    expect(() => readControlConfig({ ...SETTINGS, OUTBOUND_ALLOWED: '+1425*,1426' })).toThrow(
      'OUTBOUND_ALLOWED',
    );
  });

  it('are a clear error for Event Grid', async () => {
    const handler = incomingCall(controlAppLoader({}));
    await expect(handler(fixture.incomingEvent(), fixture.context())).rejects.toThrow(ConfigError);
  });

  it('include routes that are not valid', async () => {
    const load = controlAppLoader({ ...SETTINGS, CALL_ROUTES: '[{"nme":"x"}]' });
    await expect(load()).rejects.toThrow(RoutesError);
  });
});

describe('right settings', () => {
  it('let function keys read calls, and do not open what was said on calls unless they say so', () => {
    expect(readControlConfig(SETTINGS).keyMayListen).toBe(false);
    for (const [text, mayListen] of [
      ['true', true],
      ['false', false],
    ] as const)
      expect(readControlConfig({ ...SETTINGS, FUNCTION_KEY_LISTENS: text }).keyMayListen).toBe(mayListen);
    expect(() => readControlConfig({ ...SETTINGS, FUNCTION_KEY_LISTENS: 'yes' })).toThrow(
      'FUNCTION_KEY_LISTENS is not usable: must be "true" or "false"',
    );
  });

  it('fill in the tenant where Entra ID protects the API, and allow no calls unless they say so', () => {
    const tenant = '22222222-2222-2222-2222-222222222222';
    const entra = { API_AUTH: 'entra', ENTRA_TENANT_ID: tenant, ENTRA_AUDIENCE: 'api://x' };
    expect(readControlConfig({ ...SETTINGS, ...entra }).entra).toEqual({
      tenantId: tenant,
      audience: 'api://x',
      issuers: [`https://login.microsoftonline.com/${tenant}/v2.0`, `https://sts.windows.net/${tenant}/`],
      jwksUrl: `https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`,
    });
    const { entra: none, outbound } = readControlConfig(SETTINGS);
    expect(none).toBeUndefined();
    expect(outbound).toEqual({ allowed: [], callsPerHour: 100 });
    const allowed = readControlConfig({ ...SETTINGS, OUTBOUND_ALLOWED: ' +1425* , 8:acs:*,' }).outbound;
    expect(allowed.allowed).toEqual(['+1425*', '8:acs:*']);
  });

  it('make one app, which needs no key where it has an identity', async () => {
    const load = controlAppLoader(SETTINGS);
    const app = await load();
    expect(await load()).toBe(app);
    expect(app.deps).toMatchObject({ maxCallMs: 1_800_000, publicBaseUrl: 'https://control.example' });
  });
});
