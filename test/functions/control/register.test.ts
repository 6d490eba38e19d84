import { app, type HttpFunctionOptions } from '@azure/functions';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { registerControl } from '../../../functions/control/register.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('registering the control app', () => {
  it('needs no settings, since a throw while the app loads would block every function', () => {
    const http = vi.spyOn(app, 'http').mockImplementation(() => {});
    vi.spyOn(app, 'eventGrid').mockImplementation(() => {});
    vi.spyOn(app, 'timer').mockImplementation(() => {});
    expect(process.env['ACS_CONNECTION_STRING']).toBeUndefined();
    registerControl();
    expect(http).toHaveBeenCalled();
  });

  it('gives each function its trigger, route, method and protection', () => {
    const http = new Map<string, HttpFunctionOptions>();
    vi.spyOn(app, 'http').mockImplementation((name, options) => void http.set(name, options));
    const eventGrid = vi.spyOn(app, 'eventGrid').mockImplementation(() => {});
    const timer = vi.spyOn(app, 'timer').mockImplementation(() => {});
    registerControl();
    expect(eventGrid.mock.calls.map(([name]) => name)).toEqual(['incomingCall']);
    expect(timer.mock.calls.map(([name, { schedule }]) => [name, schedule])).toEqual([
      ['sweepCalls', '0 * * * * *'],
    ]);
    expect(
      [...http].map(([name, { methods, route, authLevel }]) => [name, methods?.join(), route, authLevel]),
    ).toEqual([
      ['callEvents', 'POST', 'callbacks/{callId}', 'anonymous'],
      ['listCalls', 'GET', 'calls', 'function'],
      ['getCall', 'GET', 'calls/{callId}', 'function'],
      ['hangUp', 'POST', 'calls/{callId}/hang-up', 'function'],
      ['startMediaStreaming', 'POST', 'calls/{callId}/streaming/start', 'function'],
      ['stopMediaStreaming', 'POST', 'calls/{callId}/streaming/stop', 'function'],
      ['restartMediaStreaming', 'POST', 'calls/{callId}/streaming/restart', 'anonymous'],
    ]);
  });
});
