import { app, type EventGridHandler } from '@azure/functions';
import { callEvents } from './call-events.ts';
import { controlAppLoader } from './control-app.ts';
import { getCall } from './get-call.ts';
import { hangUp } from './hang-up.ts';
import { incomingCall } from './incoming-call.ts';
import { listCalls } from './list-calls.ts';
import { restartMediaStreaming } from './restart-media-streaming.ts';
import { startMediaStreaming } from './start-media-streaming.ts';
import { stopMediaStreaming } from './stop-media-streaming.ts';
import { sweepCalls } from './sweep-calls.ts';

/** Registers the functions of the control app. Settings are read at the first invocation, not here. */
export function registerControl(): void {
  const load = controlAppLoader(process.env);

  app.eventGrid('incomingCall', { handler: incomingCall(load) as EventGridHandler });

  // Anonymous to the host, since ACS has no function key: the handler demands a token of ACS instead.
  app.http('callEvents', {
    methods: ['POST'],
    authLevel: 'anonymous',
    route: 'callbacks/{callId}',
    handler: callEvents(load),
  });

  app.http('listCalls', {
    methods: ['GET'],
    authLevel: 'function',
    route: 'calls',
    handler: listCalls(load),
  });
  app.http('getCall', {
    methods: ['GET'],
    authLevel: 'function',
    route: 'calls/{callId}',
    handler: getCall(load),
  });
  app.http('hangUp', {
    methods: ['POST'],
    authLevel: 'function',
    route: 'calls/{callId}/hang-up',
    handler: hangUp(load),
  });
  app.http('startMediaStreaming', {
    methods: ['POST'],
    authLevel: 'function',
    route: 'calls/{callId}/streaming/start',
    handler: startMediaStreaming(load),
  });
  app.http('stopMediaStreaming', {
    methods: ['POST'],
    authLevel: 'function',
    route: 'calls/{callId}/streaming/stop',
    handler: stopMediaStreaming(load),
  });

  // Anonymous to the host, since a relay has no function key: the handler demands the ticket of the call instead.
  app.http('restartMediaStreaming', {
    methods: ['POST'],
    authLevel: 'anonymous',
    route: 'calls/{callId}/streaming/restart',
    handler: restartMediaStreaming(load),
  });

  app.timer('sweepCalls', { schedule: '0 * * * * *', handler: sweepCalls(load) });
}
