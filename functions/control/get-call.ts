import type { HttpHandler } from '@azure/functions';
import { callView, timelineView } from './call-view.ts';
import type { LoadControlApp } from './control-app.ts';
import { callIdOf, httpFunction, unknownCall } from './http.ts';

/** Entries of a timeline that one answer holds, the earliest first. */
const MAX_TIMELINE = 1_000;

/** One call, live or past, with what happened to it in order of time. */
export function getCall(load: LoadControlApp): HttpHandler {
  return httpFunction(async (request) => {
    const callId = callIdOf(request);
    const { store } = (await load()).deps;
    const [call, timeline] = await Promise.all([store.get(callId), store.timeline(callId, MAX_TIMELINE + 1)]);
    if (call === undefined) throw unknownCall();
    return {
      status: 200,
      jsonBody: {
        ...callView(call),
        timeline: timeline.slice(0, MAX_TIMELINE).map(timelineView),
        timelineTruncated: timeline.length > MAX_TIMELINE,
      },
    };
  });
}
