import { app, type EventGridHandler } from '@azure/functions';
import { controlAppLoader } from '../app.ts';
import { guardStreamServer } from '../http/stream-server.ts';
import { readApiAuth } from '../settings/control-config.ts';
import { callEvents } from './call-events.ts';
import { incomingCall } from './incoming-call.ts';
import { registerEndpoints } from './register-endpoints.ts';
import {
  endIdleCall,
  restartMediaStreaming,
  streamHandover,
  streamReport,
  workerNotes,
} from './relay-requests.ts';
import { removalTimer, sweepTimer } from './timers.ts';

/**
 * Registers the functions of the control app. Settings are read at the first invocation, except the one that decides
 * what the host checks.
 */
export function registerControl(): void {
  const load = controlAppLoader(process.env);

  // Timelines are streamed while they grow.
  guardStreamServer();
  app.setup({ enableHttpStream: true });

  app.eventGrid('incomingCall', { handler: incomingCall(load) as EventGridHandler });

  // The host lets everybody in, since ACS has no function key. The handler demands a token of ACS.
  app.http('callEvents', {
    methods: ['POST'],
    authLevel: 'anonymous',
    route: 'callbacks/{callId}',
    handler: callEvents(load),
  });

  // The host lets everybody in, since a relay has no function key. The handler demands a proof for the call.
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
  app.http('streamEnded', {
    methods: ['POST'],
    authLevel: 'anonymous',
    route: 'calls/{callId}/streaming/ended',
    handler: streamReport(load, 'ended'),
  });
  app.http('streamLost', {
    methods: ['POST'],
    authLevel: 'anonymous',
    route: 'calls/{callId}/streaming/lost',
    handler: streamReport(load, 'lost'),
  });
  app.http('workerNotes', {
    methods: ['POST'],
    authLevel: 'anonymous',
    route: 'calls/{callId}/streaming/notes',
    handler: workerNotes(load),
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
