import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionOptions,
  type ConnectionState,
  newConnection,
  stepConnection,
} from '../../../../../local/emulators/acs/call/connection-machine.ts';

const OPTIONS: ConnectionOptions = {
  mediaConfigured: true,
  answer: { operationContext: 'answer' },
  reconnects: 0,
  stoppedEventOnHangUp: false,
};

interface Run {
  readonly state: ConnectionState;
  /** What the last input caused, in short. */
  readonly effects: string[];
  readonly refusal: string | undefined;
}

function run(options: Partial<ConnectionOptions>, ...inputs: ConnectionInput[]): Run {
  let state = newConnection({ ...OPTIONS, ...options });
  let effects: readonly ConnectionEffect[] = [];
  let refusal: string | undefined;
  for (const input of inputs) {
    const step = stepConnection(state, input);
    ({ state, effects } = step);
    refusal = step.refusal && `${step.refusal.status} ${step.refusal.code}`;
  }
  return { state, effects: effects.map(inShort), refusal };
}

function inShort(effect: ConnectionEffect): string {
  if (effect.type !== 'post') return effect.type;
  const { event } = effect;
  const update = event.data?.['mediaStreamingUpdate'] as
    | { readonly mediaStreamingStatusDetails: string }
    | undefined;
  const details = update === undefined ? '' : ` ${update.mediaStreamingStatusDetails}`;
  return `${event.type}${details} [${event.operationContext ?? ''}]${effect.operationCallbackUri ?? ''}`;
}

const begin = { type: 'begin', startMedia: true } as const;
const beginSilent = { type: 'begin', startMedia: false } as const;
const established = { type: 'established' } as const;
const mediaStarted = { type: 'mediaStarted' } as const;
const closedByPeer = { type: 'mediaClosedByPeer' } as const;
const hangUp = { type: 'hangUp' } as const;
const released = { type: 'released' } as const;
const startMedia = {
  type: 'startMedia',
  operation: { operationContext: 'start', operationCallbackUri: ' → /op' },
} as const;
const stopMedia = { type: 'stopMedia', operation: {} } as const;

describe('a call connection', () => {
  it('dials the media socket before it is connected, and tells of the stream after CallConnected', () => {
    expect(run({}, begin).effects).toEqual(['openMedia']);
    expect(run({}, begin, mediaStarted).effects).toEqual([]);
    expect(run({}, begin, mediaStarted, established).effects).toEqual([
      'CallConnected [answer]',
      'tellParticipants',
      'MediaStreamingStarted subscriptionStarted [answer]',
    ]);
  });

  it('tells of the stream at once when it is connected already', () => {
    expect(run({}, begin, established).effects).toEqual(['CallConnected [answer]', 'tellParticipants']);
    expect(run({}, begin, established, mediaStarted).effects).toEqual([
      'MediaStreamingStarted subscriptionStarted [answer]',
    ]);
  });

  it('tells of a stream that failed while it was connecting after CallConnected, and may start it again', () => {
    const failed = { type: 'mediaFailed', failure: 'notAccepted' } as const;
    expect(run({}, begin, failed, established).effects[2]).toBe(
      'MediaStreamingFailed streamConnectionUnsuccessful [answer]',
    );
    expect(run({}, begin, failed, established, startMedia)).toMatchObject({
      effects: ['openMedia'],
      refusal: undefined,
    });
  });

  it('starts and stops streaming when asked, with the context and address of the operation', () => {
    expect(run({}, beginSilent, established, startMedia).effects).toEqual(['openMedia']);
    expect(run({}, beginSilent, established, startMedia, mediaStarted).effects).toEqual([
      'MediaStreamingStarted subscriptionStarted [start] → /op',
    ]);
    expect(run({}, beginSilent, established, startMedia, mediaStarted, stopMedia).effects).toEqual([
      'closeMedia',
      'MediaStreamingStopped subscriptionStopped [start] → /op',
    ]);
    const own = {
      type: 'stopMedia',
      operation: { operationContext: 'stop', operationCallbackUri: ' → /stop' },
    } as const;
    expect(run({}, begin, established, mediaStarted, own).effects[1]).toBe(
      'MediaStreamingStopped subscriptionStopped [stop] → /stop',
    );
  });

  it.each<[string, ConnectionInput[], string]>([
    ['startMedia while connecting', [startMedia], '400 8501'],
    ['stopMedia while connecting', [stopMedia], '400 8501'],
    ['startMedia while active', [begin, established, mediaStarted, startMedia], '400 8500'],
    ['startMedia while starting', [begin, established, startMedia], '400 8500'],
    ['stopMedia while inactive', [beginSilent, established, stopMedia], '400 8500'],
    ['startMedia after hang-up', [beginSilent, established, hangUp, startMedia], '404 8522'],
    ['stopMedia after the end', [begin, established, hangUp, released, stopMedia], '404 8522'],
    ['a second hang-up', [established, hangUp, hangUp], '404 8522'],
  ])('refuses %s', (_, inputs, refusal) => {
    expect(run({}, ...inputs)).toMatchObject({ effects: [], refusal });
  });

  it('refuses streaming with 405 8522 when it was answered without options', () => {
    const options = { mediaConfigured: false };
    expect(run(options, beginSilent, established, startMedia).refusal).toBe('405 8522');
    expect(run(options, beginSilent, established, stopMedia).refusal).toBe('405 8522');
  });

  it('takes the closing of the socket by the application for an interruption', () => {
    expect(run({}, begin, established, mediaStarted, closedByPeer).effects).toEqual([
      'MediaStreamingFailed streamConnectionInterrupted [answer]',
    ]);
    expect(run({}, begin, established, mediaStarted, closedByPeer, startMedia).effects).toEqual([
      'openMedia',
    ]);
  });

  it('dials again as often as it was told to', () => {
    const options = { reconnects: 1 };
    const once = [begin, established, mediaStarted, closedByPeer] as const;
    expect(run(options, ...once).effects).toEqual(['openMedia']);
    expect(run(options, ...once, mediaStarted).effects).toEqual([
      'MediaStreamingStarted streamConnectionReestablished [answer]',
    ]);
    expect(run(options, ...once, mediaStarted, closedByPeer).effects).toEqual([
      'MediaStreamingFailed streamConnectionInterrupted [answer]',
    ]);
  });

  it('closes the socket on hang-up and says CallDisconnected last', () => {
    expect(run({}, begin, established, mediaStarted, hangUp).effects).toEqual(['closeMedia', 'release']);
    expect(run({}, begin, established, mediaStarted, hangUp, released)).toMatchObject({
      state: { call: 'disconnected', media: 'inactive' },
      effects: ['CallDisconnected [answer]'],
    });
  });

  it('says MediaStreamingStopped on hang-up where it is told to', () => {
    expect(run({ stoppedEventOnHangUp: true }, begin, established, mediaStarted, hangUp).effects).toEqual([
      'closeMedia',
      'MediaStreamingStopped subscriptionStopped [answer]',
      'release',
    ]);
  });

  it('keeps its promises for every sequence of inputs', () => {
    const input = fc.constantFrom<ConnectionInput>(
      begin,
      established,
      mediaStarted,
      { type: 'mediaFailed', failure: 'invalidUrl' },
      closedByPeer,
      startMedia,
      stopMedia,
      hangUp,
      released,
    );
    const options = fc.record({
      mediaConfigured: fc.constant(true),
      answer: fc.constant({}),
      reconnects: fc.nat(2),
      stoppedEventOnHangUp: fc.boolean(),
    });
    fc.assert(
      fc.property(options, fc.array(input, { maxLength: 40 }), (chosen, inputs) => {
        let state = newConnection(chosen);
        let connected = 0;
        let disconnected = 0;
        let open = 0;
        for (const next of inputs) {
          const step = stepConnection(state, next);
          for (const effect of step.effects) {
            if (effect.type === 'openMedia') open++;
            if (effect.type === 'closeMedia') open--;
            if (effect.type !== 'post') continue;
            expect(disconnected, 'nothing is told after CallDisconnected').toBe(0);
            if (effect.event.type === 'CallConnected') connected++;
            else if (effect.event.type === 'CallDisconnected') disconnected++;
            else expect(connected, 'CallConnected is told first').toBe(1);
          }
          const streamEnded = next.type === 'mediaFailed' || next.type === 'mediaClosedByPeer';
          if (streamEnded && (state.media === 'starting' || state.media === 'active')) {
            if (step.state.media !== state.media) open--;
          }
          if (step.refusal !== undefined) expect(step.state, 'a refusal changes nothing').toBe(state);
          state = step.state;
          const streaming = state.media === 'starting' || state.media === 'active';
          expect(open, 'one socket is open exactly while streaming').toBe(streaming ? 1 : 0);
        }
        expect(connected).toBeLessThanOrEqual(1);
      }),
    );
  });
});
