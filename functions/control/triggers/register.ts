import { app, type EventGridHandler } from '@azure/functions';
import { controlAppLoader } from '../app.ts';
import { readApiAuth } from '../settings/control-config.ts';
import { callEvents } from './call-events.ts';
import { incomingCall } from './incoming-call.ts';
import { registerEndpoints } from './register-endpoints.ts';
import { endIdleCall, restartMediaStreaming, streamHandover } from './relay-requests.ts';
import { removalTimer, sweepTimer } from './timers.ts';

/** Registers the functions of the control app. Settings are read at the first invocation, but for the one that says what the host checks. */
export function registerControl(): void {
  const load = controlAppLoader(process.env);

  // Timelines are streamed as they come.
  app.setup({ enableHttpStream: true });

  app.eventGrid('incomingCall', { handler: incomingCall(load) as EventGridHandler });

  // Anonymous to the host, since ACS has no function key: the handler demands a token of ACS instead.
  app.http('callEvents', {
    methods: ['POST'],
    authLevel: 'anonymous',
    route: 'callbacks/{callId}',
    handler: callEvents(load),
  });

  // Anonymous to the host, since a relay has no function key: the handler demands the ticket of the call instead.
  app.http('restartMediaStreaming', {
    methods: ['POST'],
    authLevel: 'anonymous',
    route: 'calls/{callId}/streaming/restart',
    handler: restartMediaStreaming(load),
  });
  app.http('endIdleCall', {
    methods: ['POST'],
    authLevel: 'anonymous',
    route: 'calls/{callId}/streaming/idle',
    handler: endIdleCall(load),
  });
  app.http('streamHandover', {
    methods: ['GET', 'PUT'],
    authLevel: 'anonymous',
    route: 'calls/{callId}/streaming/handover',
    handler: streamHandover(load),
  });

  registerEndpoints(load, readApiAuth(process.env));

  app.timer('removeOldCalls', { schedule: '0 30 * * * *', handler: removalTimer(load) });
  app.timer('sweepCalls', { schedule: '0 * * * * *', handler: sweepTimer(load) });
}
