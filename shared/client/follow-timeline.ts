import { type TimelineEntryView, timelineEntrySchema } from '../wire/api/call-schema.ts';
import { noAnswer } from './calls-api-error.ts';
import { EventStreamReader } from './event-stream.ts';

/** Entries that the client remembers, so that it yields none twice. */
const MAX_REMEMBERED = 10_000;

/** How many streams in a row may break without an entry. */
const MAX_BROKEN = 5;

/** The pause before the client opens a stream again. */
const REOPEN_MS = 1_000;

interface TimelineFollowing {
  /** Opens the stream after an event. @throws CallsApiError */
  readonly open: (lastEventId: string | undefined) => Promise<Response>;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Yields the entries of a call's timeline as they come, each once, until the call has ended. A stream that ends or
 * breaks is opened again at the same place.
 * @throws CallsApiError when the stream cannot be opened, or breaks again and again
 */
export async function* followTimeline({ open, sleep }: TimelineFollowing): AsyncGenerator<TimelineEntryView> {
  const told = new Set<string>();
  let lastEventId: string | undefined;
  for (let broken = 0; ; ) {
    const response = await open(lastEventId);
    if (response.status === 204 || response.body === null) return;
    const reader = new EventStreamReader();
    try {
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
        for (const { id, event, data } of reader.readEvents(text)) {
          if (event === 'end') return;
          lastEventId = id;
          const entry = timelineEntrySchema.parse(JSON.parse(data));
          const key = `${entry.atMs} ${entry.id}`;
          if (told.has(key)) continue;
          remember(told, key);
          broken = 0;
          yield entry;
        }
      }
    } catch (error) {
      broken += 1;
      if (broken >= MAX_BROKEN) throw noAnswer('streamTimeline', 'The stream breaks again and again.', error);
    }
    await sleep(REOPEN_MS);
  }
}

function remember(told: Set<string>, key: string): void {
  told.add(key);
  if (told.size <= MAX_REMEMBERED) return;
  const [oldest] = told;
  if (oldest !== undefined) told.delete(oldest);
}
