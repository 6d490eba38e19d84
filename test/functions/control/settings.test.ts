import { describe, expect, it } from 'vitest';
import { handlerOf } from '../../../functions/control/api/register-endpoints.ts';
import { controlAppLoader } from '../../../functions/control/control-app.ts';
import { incomingCall } from '../../../functions/control/incoming-call.ts';
import { ConfigError } from '../../../shared/config.ts';
import { RoutesError } from '../../../shared/protocol/routes-schema.ts';
import { ControlBench } from '../../support/control-bench.ts';

const SETTINGS = {
  ACS_ENDPOINT: 'https://contoso.communication.azure.com',
  ACS_TOKEN_AUDIENCE: '33333333-3333-3333-3333-333333333333',
  PUBLIC_BASE_URL: 'https://control.example',
  RELAY_URL: 'wss://relay.example',
  RELAY_TICKET_KEY: 'k'.repeat(32),
  CALL_ROUTES: '[{"name":"everyone","workers":[{"name":"echo"}]}]',
  TABLES_ENDPOINT: 'https://contoso.table.core.windows.net',
  MAX_CALL_MINUTES: '30',
};

describe('wrong settings', () => {
  const bench = new ControlBench();

  it('are a problem with every sentence for HTTP', async () => {
    const { status, json } = await bench.call(handlerOf('listCalls', controlAppLoader({}), 'function-key'), {
      method: 'GET',
    });
    expect(status).toBe(500);
    expect(json).toMatchObject({ type: 'urn:trunkline:problem:misconfigured' });
    for (const name of ['RELAY_URL', 'CALL_ROUTES', 'RELAY_TICKET_KEY'])
      expect((json as { detail: string }).detail).toContain(name);
  });

  it('are a clear error for Event Grid', async () => {
    const handler = incomingCall(controlAppLoader({}));
    await expect(handler(bench.incomingEvent(), bench.context())).rejects.toThrow(ConfigError);
  });

  it('include routes that are not valid', async () => {
    const load = controlAppLoader({ ...SETTINGS, CALL_ROUTES: '[{"nme":"x"}]' });
    await expect(load()).rejects.toThrow(RoutesError);
  });
});

describe('right settings', () => {
  it('make one app, which needs no key where it has an identity', async () => {
    const load = controlAppLoader(SETTINGS);
    const app = await load();
    expect(await load()).toBe(app);
    expect(app.deps).toMatchObject({ maxCallMs: 1_800_000, publicBaseUrl: 'https://control.example' });
  });
});
