import type { Rig } from './rig.ts';

/** Requests to table storage by what they do, such as `{ 'read calls': 1, 'transaction calls': 1 }`. */
export type RequestCounts = Readonly<Record<string, number>>;

/** One thing that happens to a call, and what it asks of table storage. */
export interface LifeStep {
  readonly step: string;
  readonly requests: RequestCounts;
}

/** The life of one call: it comes in, is answered, connects, streams, stops on request, is hung up. The rig counts. */
export async function measureCallLife(rig: Rig): Promise<LifeStep[]> {
  // What an app does once, such as creating tables, and what it does once in a while, such as reading the routes, is
  // not of this call.
  await rig.acs.ring();
  const steps: LifeStep[] = [];
  const during = async <T>(step: string, act: () => Promise<T>): Promise<T> => {
    const before = rig.requests.length;
    const result = await act();
    steps.push({ step, requests: countsOf(rig.requests.slice(before)) });
    return result;
  };
  const rung = await during('IncomingCall, answered', () => rig.acs.ring());
  const tell = (type: string, data: object = {}): Promise<number> =>
    during(type, () => rig.acs.tell(rung, type, data));
  await tell('CallConnected');
  await tell('ParticipantsUpdated', { sequenceNumber: 1, participants: [] });
  await tell('MediaStreamingStarted', mediaUpdate('mediaStreamingStarted', 'subscriptionStarted'));
  await tell('CallDisconnected');
  return steps;
}

export function countsOf(requests: readonly string[]): RequestCounts {
  const counts: Record<string, number> = {};
  for (const request of requests) counts[request] = (counts[request] ?? 0) + 1;
  return counts;
}

function mediaUpdate(mediaStreamingStatus: string, mediaStreamingStatusDetails: string): object {
  return {
    mediaStreamingUpdate: { contentType: 'Audio', mediaStreamingStatus, mediaStreamingStatusDetails },
  };
}
