import { afterEach, describe, expect, it } from 'vitest';
import type { FrameFault, StreamFaults } from '../../../../../local/emulators/acs/faults/media-faults.ts';
import { createOpenMediaStream } from '../../../../../local/emulators/acs/media/media-stream.ts';
import { MediaTicker } from '../../../../../local/emulators/acs/media/media-ticker.ts';
import type { MediaStream } from '../../../../../local/emulators/acs/media/port.ts';
import { noise } from '../../../../support/signals.ts';
import { StallingClock } from '../../../../support/stalling-clock.ts';
import { until } from '../../../../support/until.ts';
import { FakePhone } from './fake-phone.ts';
import { type MediaConnection, samplesOf, startMediaServer } from './media-server.ts';

const FRAME = 320;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Faulty {
  readonly clock: StallingClock;
  readonly stream: MediaStream;
  readonly connection: MediaConnection;
  readonly phone: FakePhone;
  readonly notes: string[];
}

/** A stream of one phone that says a different frame each time. */
async function open(faults: StreamFaults): Promise<Faulty> {
  const media = await startMediaServer();
  cleanUps.push(() => media.close());
  const clock = new StallingClock();
  const phone = new FakePhone('a').willSay(...Array.from({ length: 20 }, (_, i) => noise(FRAME, i + 1)));
  const notes: string[] = [];
  const stream = createOpenMediaStream({ ticker: new MediaTicker(clock) })(
    {
      url: media.url,
      audioFormat: 'pcm16KMono',
      audioChannelType: 'mixed',
      enableBidirectional: true,
      enableDtmfTones: true,
      headers: {},
      subscriptionId: 'id',
      phones: [phone],
      faults,
    },
    {
      started: () => notes.push('started'),
      failed: () => notes.push('failed'),
      closedByPeer: (code) => notes.push(`closedByPeer ${code}`),
    },
  );
  cleanUps.push(() => stream.stop());
  const connection = await until(() => media.connections[0], 'a media connection');
  await until(() => connection.frames.length > 0 && notes.length > 0, 'the stream starts');
  return { clock, stream, connection, phone, notes };
}

/** These faults befall these frames, from 0 on. */
function faultsOf(frames: Readonly<Record<number, FrameFault[]>>): StreamFaults {
  let next = 0;
  return { halfOpenAfterMs: undefined, nextFrame: () => frames[next++] ?? [] };
}

/** Which of the phone's frames arrived, in order. */
function arrived({ connection }: Faulty): number[] {
  return connection.frames
    .filter(({ kind }) => kind === 'AudioData')
    .map((frame) => {
      const samples = samplesOf(frame);
      return Array.from({ length: 20 }, (_, i) => i).findIndex((i) => noise(FRAME, i + 1)[7] === samples[7]);
    });
}

describe('faults of a media stream', () => {
  it('lose and duplicate single frames, and leave the others alone', async () => {
    const faulty = await open(faultsOf({ 1: [{ type: 'lose' }], 3: [{ type: 'duplicate', copies: 3 }] }));
    faulty.clock.advance(100);
    await until(() => arrived(faulty).length === 7, 'the frames arrive');
    expect(arrived(faulty)).toEqual([0, 2, 3, 3, 3, 4, 5]);
  });

  it('hold up frames that are late, and those behind them, and then send them all in order', async () => {
    const faulty = await open(faultsOf({ 1: [{ type: 'jitter', delayMs: 90 }] }));
    faulty.clock.advance(100);
    await until(() => arrived(faulty).length >= 1, 'the first frame arrives');
    expect(arrived(faulty), 'the second frame was due after 20 ms and is 90 ms late').toEqual([0]);
    faulty.clock.advance(20);
    await until(() => arrived(faulty).length === 7, 'the others arrive');
    expect(arrived(faulty)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('split a message into frames of WebSocket, which the application sees as one', async () => {
    const faulty = await open(
      faultsOf({ 0: [{ type: 'split', parts: 3 }], 1: [{ type: 'split', parts: 16 }] }),
    );
    faulty.clock.advance(40);
    await until(() => arrived(faulty).length === 3, 'the frames arrive');
    expect(arrived(faulty)).toEqual([0, 1, 2]);
  });

  it('blow a message up, which means the same', async () => {
    const faulty = await open(faultsOf({ 0: [{ type: 'oversize', bytes: 100_000 }] }));
    faulty.clock.advance(20);
    await until(() => arrived(faulty).length === 2, 'the frames arrive');
    expect(arrived(faulty)).toEqual([0, 1]);
  });

  it('leave a dead connection: nothing is sent, nothing is read, no ping is answered and nothing is closed', async () => {
    const faulty = await open({ nextFrame: () => [], halfOpenAfterMs: 50 });
    const { clock, connection, notes, stream, phone } = faulty;
    clock.advance(40);
    await until(() => arrived(faulty).length === 3, 'the frames before it dies');
    clock.advance(60);
    let pongs = 0;
    connection.socket.on('pong', () => pongs++);
    connection.socket.ping();
    connection.socket.send(
      JSON.stringify({
        kind: 'AudioData',
        audioData: { data: Buffer.from(noise(FRAME, 3).buffer).toString('base64') },
      }),
    );
    clock.advance(40);
    stream.sendDtmf('1');
    stream.stop();
    // Whatever had been written would be here before the answer to another connection's handshake.
    const other = await open({ nextFrame: () => [], halfOpenAfterMs: undefined });
    other.clock.advance(0);
    await until(() => arrived(other).length === 1, 'a frame on another connection');
    expect(arrived(faulty)).toEqual([0, 1, 2]);
    expect(connection.frames.filter(({ kind }) => kind === 'DtmfData')).toEqual([]);
    expect(pongs, 'pongs').toBe(0);
    expect(connection.closeCode, 'the close code').toBeUndefined();
    expect(stream.report().audioMessagesReceived).toBe(0);
    expect(
      phone.events.filter((event) => event === 'hear'),
      'the call itself goes on',
    ).toHaveLength(8);
    expect(notes).toEqual(['started']);
    clock.advance(60_000);
    await until(() => connection.closeCode !== undefined, 'the connection is cut in the end');
    expect(connection.closeCode).toBe(1_006);
  });
});
