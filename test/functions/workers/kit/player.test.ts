import { describe, expect, it } from 'vitest';
import { defineWorker } from '../../../../functions/workers/kit/define-worker.ts';
import { handleLaneEvent } from '../../../../functions/workers/kit/lane-event.ts';
import { formatLaneMemory } from '../../../../functions/workers/kit/lane-memory.ts';
import { PacketNumbers, PlayError, Player } from '../../../../functions/workers/kit/player.ts';
import { parseRtp } from '../../../../shared/wire/lane/rtp.ts';
import type { LaneEvent } from '../../../../shared/wire/lane/worker-messages.ts';
import { until } from '../../../support/until.ts';

const options = () => ({ turn: 3, format: 'pcm16KMono', at: 1_600, numbers: new PacketNumbers() }) as const;

/** What reaches the group, in order; each message is taken only when the test says so. */
function group() {
  const sent: (Uint8Array<ArrayBuffer> | object)[] = [];
  const waiting: PromiseWithResolvers<void>[] = [];
  return {
    sent,
    waiting,
    send(message: Uint8Array<ArrayBuffer> | object): Promise<void> {
      sent.push(message);
      const taken = Promise.withResolvers<void>();
      waiting.push(taken);
      return taken.promise;
    },
  };
}

function packets(sent: readonly unknown[]) {
  return sent.flatMap((each) => (each instanceof Uint8Array ? [parseRtp(each)] : []));
}

describe('what a worker plays', () => {
  it('is sent one message after the other, although nobody awaits it', async () => {
    const { sent, waiting, send } = group();
    const player = new Player({ ...options(), send });
    const samples = new Int16Array(16_000 + 320).fill(7);
    const playing = player.play(samples);
    samples.fill(0);
    const acting = player.act([{ type: 'publish', text: 'said' }]);
    await Promise.resolve();
    expect(sent, 'the second waits for the first').toHaveLength(1);
    waiting[0]?.resolve();
    await until(() => sent.length === 2, 'the second message');
    waiting[1]?.resolve();
    await playing;
    await until(() => sent.length === 3, 'the action behind what is played');
    waiting[2]?.resolve();
    await acting;
    const [first, second] = packets(sent);
    expect(first).toMatchObject({ ssrc: 3, sequenceNumber: 0x8000, timestamp: 1_600, marker: true });
    expect(second).toMatchObject({ ssrc: 3, sequenceNumber: 0x8001, timestamp: 17_600, marker: false });
    expect(
      new Set(second?.payload.filter((_, i) => i % 2 === 0)),
      'samples as they were when played',
    ).toEqual(new Set([7]));
    expect(sent[2]).toEqual({ actions: [{ type: 'publish', text: 'said' }], number: 0x8002 });
  });

  it('goes on after a message that could not be sent, and rejects for the one who played it', async () => {
    const { sent, waiting, send } = group();
    const player = new Player({ ...options(), send });
    const lost = player.play(Int16Array.of(1));
    const next = player.play(Int16Array.of(2));
    await until(() => waiting.length === 1, 'the message that is lost');
    waiting[0]?.reject(new Error('no network'));
    await expect(lost).rejects.toThrow('no network');
    await until(() => sent.length === 2, 'the message after it');
    waiting[1]?.resolve();
    await next;
  });

  it('knows its own packets among those of the lane, each of which has a number of its own', async () => {
    const numbers = new PacketNumbers(0x7fff);
    const send = () => Promise.resolve();
    const first = new Player({ ...options(), numbers, send });
    const second = new Player({ ...options(), numbers, send });
    await Promise.all([
      first.play(Int16Array.of(1)),
      second.play(Int16Array.of(1)),
      first.play(Int16Array.of(1)),
    ]);
    const ofLane = [0xffff, 0x8000, 0x8001];
    expect(ofLane.map((number) => first.hasPublished(number))).toEqual([true, false, true]);
    expect(ofLane.map((number) => second.hasPublished(number))).toEqual([false, true, false]);
  });

  it('must be whole samples in a known format', async () => {
    const { send } = group();
    const odd = new Player({ ...options(), send });
    await expect(odd.play(new Uint8Array(3))).rejects.toThrow(PlayError);
    const early = new Player({ ...options(), format: undefined, send });
    await expect(early.play(Int16Array.of(1))).rejects.toThrow('call.started');
  });

  it('is the same, packet by packet, when the event is handled again, and goes on in the next event', async () => {
    const speaker = defineWorker({
      name: 'speaker',
      listen: { mode: 'chunk', ms: 100 },
      async onDtmf(event, call) {
        await call.play(Int16Array.of(Number(event.tone)));
        await call.publish(`pressed ${event.tone}`);
      },
      onAudio: () => undefined,
    });
    const sent: { group: string; message: unknown }[] = [];
    const publish = (name: string, message: unknown): Promise<void> => {
      sent.push({ group: name, message });
      return Promise.resolve();
    };
    const send = (event: object, connectionState: string | undefined) =>
      handleLaneEvent(
        speaker,
        {
          callId: '0123456789abcdef',
          contentType: 'text/plain',
          body: Buffer.from(JSON.stringify(event)),
          connectionState,
        },
        { publish },
      );
    const started = await send(
      {
        type: 'call.started',
        callId: '0123456789abcdef',
        callConnectionId: 'c',
        from: 'a',
        to: 'b',
        format: 'pcm16KMono',
        participants: [],
        turn: 0,
      },
      undefined,
    );
    const first = await send({ type: 'dtmf', tone: '5' }, started.connectionState);
    await send({ type: 'dtmf', tone: '5' }, started.connectionState);
    await send({ type: 'dtmf', tone: '6' }, first.connectionState);
    expect(sent.map(({ group: name }) => name)).toEqual(Array(6).fill('call.0123456789abcdef.down.speaker'));
    const [once, again, next] = packets(sent.map(({ message }) => message));
    expect(again).toEqual(once);
    expect(next).toMatchObject({ sequenceNumber: 0x8002 });
    expect(sent[1]?.message).toEqual({ actions: [{ type: 'publish', text: 'pressed 5' }], number: 0x8001 });
    expect(sent[3]?.message, 'the relay takes it for a repetition').toEqual(sent[1]?.message);
  });

  it('is refused to the handler whose packet the relay has dropped, and not to a later one', async () => {
    const learnt: unknown[] = [];
    const speaker = defineWorker({
      name: 'speaker',
      listen: { mode: 'chunk', ms: 100 },
      async onDtmf({ tone }, call) {
        await call.play(Int16Array.of(1));
        hear({ type: 'refused', reason: 'playout is full', heldMs: 1, maxMs: 1, number: Number(tone) });
        learnt.push(await call.play(Int16Array.of(2)).catch((error: unknown) => error));
      },
      onAudio: () => undefined,
    });
    let hear: (event: LaneEvent) => void = () => {};
    const press = (tone: number) =>
      handleLaneEvent(
        speaker,
        {
          callId: '0123456789abcdef',
          contentType: 'text/plain',
          body: Buffer.from(JSON.stringify({ type: 'dtmf', tone: String(tone) })),
          connectionState: formatLaneMemory({ v: 1, turn: 0, seq: 0, at: 0, format: 'pcm16KMono', out: 7 }),
        },
        {
          publish: () => Promise.resolve(),
          listen: (_, heard) => {
            hear = heard;
            return () => {};
          },
        },
      );
    // `onDtmf` listens once it has returned its promise, which it does before the first `play` is over.
    await press(0x8006);
    await press(0x8007);
    expect(learnt).toEqual([undefined, expect.any(PlayError)]);
  });
});
