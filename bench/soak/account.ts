/**
 * Where the audio of a call went, each way, in milliseconds: what went in, and each way out of it by its cause. What is
 * left over has got lost without being counted, which is a fault; it may be as much as counting in whole frames and at
 * slightly different moments makes of it.
 */
import type { CallReport as TelephoneReport } from '../../local/emulators/acs/control/call-report.ts';
import type { RelayCounts } from '../../local/run/client/counts-of-call.ts';

const FRAME_MS = 20;

/** A frame at each end of each of the stages, and rounding. */
export const TOLERANCE_MS = 3 * FRAME_MS;

/** What ACS may have been given ahead of its time: lead, jitter buffer, and a chunk. */
const LONGEST_QUEUE_MS = 800;

export interface Account {
  /** What it is about, such as "to the relay". */
  readonly way: string;
  readonly inMs: number;
  readonly out: Readonly<Record<string, number>>;
  readonly unaccountedMs: number;
}

/** `chunkWorkers`: those that hear everything, so all of their audio must be accounted for. */
export function accountsOf(
  telephone: TelephoneReport,
  relay: RelayCounts,
  chunkWorkers: readonly string[],
): Account[] {
  const rate = telephone.sampleRateHz ?? 16_000;
  const ms = (samples: number): number => (samples * 1_000) / rate;
  const sum = (of: (stream: TelephoneReport['streams'][number]) => number): number =>
    telephone.streams.reduce((total, stream) => total + of(stream), 0);
  const ignored = Object.values(relay.ignored).reduce((total, count) => total + count, 0);
  const replies = relay.workers.reduce((total, { repliesPlayedMs }) => total + repliesPlayedMs, 0);
  const queued = ms(
    sum(
      ({ samplesReceived, samplesPlayed, samplesFlushedByStop, samplesOverflowed }) =>
        samplesReceived - samplesPlayed - samplesFlushedByStop - samplesOverflowed,
    ),
  );
  return [
    account('caller to relay', sum(({ framesSent }) => framesSent) * FRAME_MS, {
      heard: relay.audioMsIn,
      'ignored frames': Math.min(ignored, sum(({ framesSent }) => framesSent) - relay.framesIn) * FRAME_MS,
    }),
    ...relay.workers
      .filter(({ name }) => chunkWorkers.includes(name))
      .map(({ name, ackedMs, lostMs, droppedMs }) =>
        account(`relay to ${name}`, relay.audioMsIn, {
          acknowledged: ackedMs,
          lost: lostMs,
          dropped: droppedMs,
        }),
      ),
    ...relay.workers
      .filter(({ name }) => chunkWorkers.includes(name))
      .map(({ name, ackedMs, repliesPlayedMs, repliesIgnoredMs }) =>
        account(`${name} to relay`, ackedMs, { taken: repliesPlayedMs, 'not taken': repliesIgnoredMs }),
      ),
    account('relay to ACS', replies, {
      sent: relay.audioMsOut - relay.audioMsFiller,
      'cut or dropped': relay.audioMsCut + relay.audioMsDropped,
    }),
    account('ACS', relay.audioMsOut, {
      played: ms(sum(({ samplesPlayed }) => samplesPlayed)),
      'stopped or overflowed': ms(
        sum(({ samplesFlushedByStop, samplesOverflowed }) => samplesFlushedByStop + samplesOverflowed),
      ),
      'queued at the end': Math.min(queued, LONGEST_QUEUE_MS),
      'came after the end': ms(sum(({ samplesTooLate }) => samplesTooLate)),
    }),
  ];
}

function account(way: string, inMs: number, out: Readonly<Record<string, number>>): Account {
  const accounted = Object.values(out).reduce((total, each) => total + each, 0);
  return { way, inMs, out, unaccountedMs: inMs - accounted };
}

/** Accounts of several calls added up, by way. */
export function addUp(accounts: readonly Account[]): Account[] {
  return [...Map.groupBy(accounts, ({ way }) => way)].map(([way, each]) => {
    const causes = new Set(each.flatMap(({ out }) => Object.keys(out)));
    const out = Object.fromEntries(
      [...causes].map((cause) => [cause, each.reduce((sum, one) => sum + (one.out[cause] ?? 0), 0)]),
    );
    return {
      way,
      inMs: each.reduce((sum, { inMs }) => sum + inMs, 0),
      out,
      unaccountedMs: each.reduce((sum, { unaccountedMs }) => sum + unaccountedMs, 0),
    };
  });
}
