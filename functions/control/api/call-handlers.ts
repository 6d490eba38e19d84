/** Lists, places, shows and ends calls, and starts and stops their streaming. */

import { STORED_NOTES } from '../../../shared/call/notes.ts';
import type { CallView } from '../../../shared/wire/api/call-schema.ts';
import type { CallQuery } from '../call/list.ts';
import { callNotFound, ProblemError, ringingProblem, toProblem } from '../http/problems.ts';
import { placeCall } from '../use-cases/place-call.ts';
import { type CallAction, requestCallAction } from '../use-cases/request-call-action.ts';
import { timelinePage } from '../use-cases/timeline-page.ts';
import { callView, timelineView } from './call-view.ts';
import type { HandlerRequest, Handlers } from './handler.ts';

/** Timeline entries in one answer, earliest first. Notes of workers take no room from the others. */
const MAX_TIMELINE = 1_000 + STORED_NOTES.note;

export const callHandlers = {
  listCalls: async ({ app, query }) => {
    const { calls, next } = await app.deps.store.list(query satisfies CallQuery);
    return {
      content: {
        calls: calls.map(callView),
        truncated: next !== undefined,
        ...(next === undefined ? {} : { next }),
      },
    };
  },

  placeCall: async ({ app, body, request, log }) => {
    const { route, ...wanted } = body;
    app.outbound.requireAllowed(wanted.to);
    const traceparent = request.headers.get('traceparent');
    const placed = await placeCall(
      app.deps,
      {
        request: wanted,
        budget: app.outbound,
        ...(route === undefined ? {} : { route }),
        ...(traceparent === null ? {} : { traceparent }),
      },
      log,
    );
    switch (placed.kind) {
      case 'placing':
        return {
          content: callView(placed.call),
          headers: { location: `/api/calls/${placed.call.callId}` },
        };
      case 'no route':
        throw new ProblemError(
          'no-route',
          route === undefined
            ? 'No outbound route matches this call.'
            : 'No outbound route of this name matches this call.',
        );
      case 'failed':
        // The failed call has a row and a timeline, which the caller can read.
        throw ringingProblem(placed.error, { callId: placed.call.callId });
    }
  },

  getCall: async ({ app, params }) => {
    const { store, clock } = app.deps;
    const call = await store.get(params.callId);
    if (call === undefined) throw callNotFound();
    const earliest = { limit: MAX_TIMELINE, order: 'asc' } as const;
    const { entries, next } = await timelinePage(store, call, earliest, clock.now());
    return {
      content: {
        ...callView(call),
        timeline: entries.map(timelineView),
        timelineTruncated: next !== undefined,
        ...(next === undefined ? {} : { timelineNext: next }),
      },
    };
  },

  /** Asking again is not an error: ACS may not have ended the call yet. */
  hangUp: async (request) => {
    const { body, caller } = request;
    const by = caller.worker === undefined ? 'application' : 'worker';
    const worker = caller.worker === undefined ? {} : { worker: caller.worker.name };
    return await act(request, { type: 'HangUpRequested', forEveryone: body.forEveryone, by, ...worker });
  },

  startMediaStreaming: async (request) => await act(request, { type: 'StartRequested', ...request.body }),

  stopMediaStreaming: async (request) => await act(request, { type: 'StopRequested', ...request.body }),
} satisfies Partial<Handlers>;

type Acting = HandlerRequest<'hangUp' | 'startMediaStreaming' | 'stopMediaStreaming'>;

async function act({ app, params, log }: Acting, action: CallAction): Promise<{ content: CallView }> {
  const outcome = await requestCallAction(app.deps, params.callId, action, log);
  if (outcome.kind !== 'accepted') throw toProblem(outcome);
  return { content: callView(outcome.call) };
}
