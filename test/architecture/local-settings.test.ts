import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readAppRole } from '../../functions/app-role.ts';
import { readControlConfig } from '../../functions/control/settings/control-config.ts';
import { readWorkerConfig } from '../../functions/workers/settings/worker-config.ts';
import { isLoopbackHttp } from '../../shared/base/loopback-url.ts';
import { parseRoutes } from '../../shared/wire/call/routes-schema.ts';

const { Comment, Values } = JSON.parse(
  readFileSync(new URL('../../local.settings.sample.json', import.meta.url), 'utf8'),
) as { Comment: string; Values: Record<string, string> };

describe('local.settings.sample.json', () => {
  it('has what the control app needs, with routes that can be used', () => {
    expect(readAppRole(Values)).toBe('control');
    expect(parseRoutes(readControlConfig(Values).routes).length).toBeGreaterThan(0);
  });

  it('has what the worker app needs', () => {
    expect(readWorkerConfig({ ...Values, APP_ROLE: 'worker' }).webPubSub.endpointHost).toBe('127.0.0.1');
  });

  it('leads nowhere but to this machine, and says that its keys are for development only', () => {
    const addresses = Object.values(Values).flatMap(
      (value) => value.match(/\b(?:https?|wss?):\/\/[^;"\s]+/g) ?? [],
    );
    expect(addresses.length).toBeGreaterThan(5);
    expect(addresses.filter((address) => !isLoopbackHttp(address))).toEqual([]);
    expect(Comment).toContain('never use one of them on Azure');
  });
});
