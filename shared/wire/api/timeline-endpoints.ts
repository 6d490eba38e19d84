/** The timeline of a call, at once or as it grows. */
import * as z from 'zod';
import { TIMELINE_PLACE_PATTERN } from '../names.ts';
import { timelineEntrySchema } from './call-schema.ts';
import type { EndpointTable } from './endpoint.ts';
import { limitSchema } from './parameter-schemas.ts';

const TIMELINE_LIMIT = { default: 1_000, max: 1_000 };

export const timelineEndpoints = {
  getTimeline: {
    method: 'GET',
    path: 'calls/{callId}/timeline',
    tag: 'timeline',
    summary: 'Shows the timeline of a call',
    role: 'Calls.Read',
    query: z.strictObject({
      limit: limitSchema(TIMELINE_LIMIT),
      order: z
        .enum(['asc', 'desc'], { error: 'must be asc or desc' })
        .default('asc')
        .describe('`asc`: the earliest entries first. `desc`: the newest first.'),
      after: z
        .string()
        .regex(TIMELINE_PLACE_PATTERN, 'must be the `next` of an earlier answer')
        .exactOptional()
        .describe('Continues after an earlier answer, in either order: its `next`.'),
    }),
    answer: {
      status: 200,
      description: 'A page of the timeline.',
      schema: z
        .object({
          entries: z.array(timelineEntrySchema),
          truncated: z.boolean().describe('Whether there are more: `next` says where.'),
          next: z.string().optional().describe('The `after` of the next page; missing on the last page.'),
        })
        .meta({ id: 'Timeline' }),
    },
    problems: [],
  },
  streamTimeline: {
    method: 'GET',
    path: 'calls/{callId}/timeline/stream',
    tag: 'timeline',
    summary: 'Streams the timeline as server-sent events, from the start or after `Last-Event-ID`',
    role: 'Calls.Read',
    answer: {
      status: 200,
      description:
        'One event for each entry. An event `end` closes the stream of a call that has ended. Other streams end ' +
        'after two minutes: open them again with `Last-Event-ID`. Recent entries may then come again, with the same ids. ' +
        'An entry `MessageSent` comes with its first message; `getTimeline` has the number of those that followed.',
      schema: timelineEntrySchema,
      events: true,
    },
    problems: ['too-many-streams'],
  },
} as const satisfies EndpointTable;
