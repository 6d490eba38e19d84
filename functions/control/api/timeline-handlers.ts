/** Reads and streams the timeline of a call. */
import type { Call } from '../call/model.ts';
import { workerOn } from '../call/workers.ts';
import { callNotFound, ProblemError } from '../http/problems.ts';
import { timelinePage } from '../use-cases/timeline-page.ts';
import { timelineView } from './call-view.ts';
import type { Handlers } from './handler.ts';
import { hasNews, parsePosition, timelineEvents } from './timeline-events.ts';

export const timelineHandlers = {
  getTimeline: async ({ app, caller, params, query }) => {
    const { store, clock } = app.deps;
    const call = await store.get(params.callId);
    if (call === undefined) throw callNotFound();
    const { entries, next } = await timelinePage(
      store,
      call,
      { ...query, transcripts: caller.mayListen },
      clock.now(),
    );
    return {
      content: {
        entries: entries.map(timelineView),
        truncated: next !== undefined,
        ...(next === undefined ? {} : { next }),
      },
    };
  },

  streamTimeline: async ({ app, caller, params, request, log }) => {
    const last = request.headers.get('last-event-id');
    const from = last === null ? undefined : parsePosition(last);
    if (last !== null && from === undefined)
      throw new ProblemError(
        'invalid-request',
        'The header Last-Event-ID is not the id of an event of this API.',
        {
          errors: [
            { parameter: 'Last-Event-ID', in: 'header', detail: 'must be the id of an earlier event' },
          ],
        },
      );
    const { store, clock } = app.deps;
    const call = await store.get(params.callId);
    if (call === undefined) throw callNotFound();
    const source = { callId: params.callId, store, clock, log, transcripts: caller.mayListen };
    // 204 tells a client that has read everything of an ended call not to come back.
    if (from !== undefined && call.phase === 'ended' && !(await hasNews(source, from)))
      return { nothing: true };
    const worker = caller.worker?.name;
    const place = app.streams.take({ id: caller.id, isWorker: worker !== undefined }, clock.now());
    const mayRead = (now: Call): boolean => worker === undefined || workerOn(now, worker) !== undefined;
    return { events: timelineEvents({ ...source, place, mayRead }, from), whenGone: place.free };
  },
} satisfies Partial<Handlers>;
