import http from 'node:http';
import {
  app,
  type HttpFunctionOptions,
  type HttpRequest,
  type HttpResponseInit,
  InvocationContext,
} from '@azure/functions';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { registerControl } from '../../../../functions/control/triggers/register.ts';
import { RouteTemplate } from '../../../../local/emulators/functions-host/functions/route-template.ts';
import { HttpRoutes } from '../../../../local/emulators/functions-host/http/route-table.ts';
import { ENDPOINTS } from '../../../../shared/wire/api/endpoints.ts';

const { createServer } = http;

afterEach(() => {
  Object.assign(http, { createServer });
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const IN_PATH = 'calls/{callId}/participants/{participant}';

describe('registering the control app', () => {
  it('needs no settings, since a throw while the app loads would block every function', () => {
    const http = vi.spyOn(app, 'http').mockImplementation(() => {});
    vi.spyOn(app, 'setup').mockImplementation(() => {});
    vi.spyOn(app, 'eventGrid').mockImplementation(() => {});
    vi.spyOn(app, 'timer').mockImplementation(() => {});
    expect(process.env['ACS_CONNECTION_STRING']).toBeUndefined();
    registerControl();
    expect(http).toHaveBeenCalled();
  });

  it('gives each function its trigger, route, method and protection', () => {
    const http = new Map<string, HttpFunctionOptions>();
    vi.spyOn(app, 'http').mockImplementation((name, options) => void http.set(name, options));
    const setup = vi.spyOn(app, 'setup').mockImplementation(() => {});
    const eventGrid = vi.spyOn(app, 'eventGrid').mockImplementation(() => {});
    const timer = vi.spyOn(app, 'timer').mockImplementation(() => {});
    registerControl();
    expect(setup).toHaveBeenCalledExactlyOnceWith({ enableHttpStream: true });
    expect(eventGrid.mock.calls.map(([name]) => name)).toEqual(['incomingCall']);
    expect(timer.mock.calls.map(([name, { schedule }]) => [name, schedule])).toEqual([
      ['removeOldCalls', '0 30 * * * *'],
      ['sweepCalls', '0 * * * * *'],
    ]);
    const rows = [...http].map(([name, { methods, route, authLevel }]) => [
      name,
      methods?.join(),
      route,
      authLevel,
    ]);
    const isWorkers = ([name]: readonly (string | undefined)[]): boolean =>
      name?.startsWith('worker-') ?? false;
    expect(rows.filter((row) => !Object.hasOwn(ENDPOINTS, row[0] ?? '') && !isWorkers(row))).toEqual([
      ['callEvents', 'POST', 'callbacks/{callId}', 'anonymous'],
      ['restartMediaStreaming', 'POST', 'calls/{callId}/streaming/restart', 'anonymous'],
      ['endIdleCall', 'POST', 'calls/{callId}/streaming/idle', 'anonymous'],
      ['streamEnded', 'POST', 'calls/{callId}/streaming/ended', 'anonymous'],
      ['streamLost', 'POST', 'calls/{callId}/streaming/lost', 'anonymous'],
      ['workerNotes', 'POST', 'calls/{callId}/streaming/notes', 'anonymous'],
      ['streamHandover', 'GET,PUT', 'calls/{callId}/streaming/handover', 'anonymous'],
      ['participantInPath', 'DELETE', IN_PATH, 'function'],
      ['participantActionInPath', 'POST', `${IN_PATH}/{action}`, 'function'],
      ['workerApi', 'GET,POST,PUT,DELETE', 'worker/{*path}', 'anonymous'],
    ]);
    expect(rows.filter(([name]) => Object.hasOwn(ENDPOINTS, name ?? ''))).toEqual(
      Object.entries(ENDPOINTS).map(([name, { method, path }]) => [
        name,
        method,
        path,
        name === 'getOpenApi' ? 'anonymous' : 'function',
      ]),
    );
    expect(rows.filter(isWorkers)).toEqual([
      ...Object.entries(ENDPOINTS)
        .filter(([, { path }]) => path.includes('{callId}'))
        .map(([name, { method, path }]) => [`worker-${name}`, method, `worker/${path}`, 'anonymous']),
      ['worker-participantInPath', 'DELETE', `worker/${IN_PATH}`, 'anonymous'],
      ['worker-participantActionInPath', 'POST', `worker/${IN_PATH}/{action}`, 'anonymous'],
    ]);
  });

  it('demands no key of the host where tokens of Entra ID are asked for, which the app itself checks', () => {
    const levels = new Map<string, string | undefined>();
    vi.spyOn(app, 'http').mockImplementation((name, { authLevel }) => void levels.set(name, authLevel));
    vi.spyOn(app, 'setup').mockImplementation(() => {});
    vi.spyOn(app, 'eventGrid').mockImplementation(() => {});
    vi.spyOn(app, 'timer').mockImplementation(() => {});
    vi.stubEnv('API_AUTH', 'entra');
    registerControl();
    expect(new Set(levels.values())).toEqual(new Set(['anonymous']));
    for (const unusable of ['Entra', 'none', '']) {
      vi.stubEnv('API_AUTH', unusable);
      registerControl();
      expect(levels.get('listCalls'), `API_AUTH="${unusable}" opens nothing`).toBe('function');
    }
  });

  it('gives an answer for everything that a function over HTTP can throw, since the host would give none', async () => {
    const http = new Map<string, HttpFunctionOptions>();
    vi.spyOn(app, 'http').mockImplementation((name, options) => void http.set(name, options));
    vi.spyOn(app, 'setup').mockImplementation(() => {});
    vi.spyOn(app, 'eventGrid').mockImplementation(() => {});
    vi.spyOn(app, 'timer').mockImplementation(() => {});
    registerControl();
    const context = new InvocationContext({ invocationId: 'i', functionName: 'f', logHandler: () => {} });
    const broken = new Proxy({} as HttpRequest, {
      get: () => {
        throw new RangeError('nothing of this request can be read');
      },
    });
    expect(http.size).toBeGreaterThan(60);
    for (const [name, { handler }] of http) {
      const answer = (await handler(broken, context)) as HttpResponseInit;
      expect(answer.status, name).toBeGreaterThanOrEqual(404);
    }
  });

  it('gives every operation a route that no other function takes away from it', () => {
    const http = new Map<string, HttpFunctionOptions>();
    vi.spyOn(app, 'http').mockImplementation((name, options) => void http.set(name, options));
    vi.spyOn(app, 'setup').mockImplementation(() => {});
    vi.spyOn(app, 'eventGrid').mockImplementation(() => {});
    vi.spyOn(app, 'timer').mockImplementation(() => {});
    registerControl();
    const table = new HttpRoutes(
      [...http].map(([name, { methods, route = name, authLevel = 'anonymous' }]) => ({
        name,
        authLevel,
        methods,
        route: new RouteTemplate(route),
      })) as unknown as ConstructorParameters<typeof HttpRoutes>[0],
    );
    for (const [name, { method, path }] of Object.entries(ENDPOINTS)) {
      const found = table.find(method, `/${path.replaceAll(/[{}]/g, '')}`);
      expect(found?.target.name, `${method} ${path}`).toBe(name);
    }
  });
});
