import { afterEach } from 'vitest';
import { createOpenMediaStream } from '../../../../../local/emulators/acs/media/media-stream.ts';
import { MediaTicker } from '../../../../../local/emulators/acs/media/media-ticker.ts';
import type {
  MediaStream,
  MediaStreamListener,
  MediaStreamOptions,
} from '../../../../../local/emulators/acs/media/port.ts';
import { WavPhone } from '../../../../../local/phone/wav-phone.ts';
import { StallingClock } from '../../../../support/stalling-clock.ts';
import { until } from '../../../../support/until.ts';
import { type MediaConnection, type MediaServer, startMediaServer } from './media-server.ts';

/** What is done after each test of a file, the newest first. */
export const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Notes what the listener was told. */
export class Notes implements MediaStreamListener {
  readonly all: string[] = [];

  started(): void {
    this.all.push('started');
  }

  failed(failure: string, detail: string): void {
    this.all.push(`failed ${failure}: ${detail}`);
  }

  closedByPeer(code: number): void {
    this.all.push(`closedByPeer ${code}`);
  }
}

export const OPTIONS = {
  audioFormat: 'pcm16KMono',
  audioChannelType: 'mixed',
  enableBidirectional: true,
  enableDtmfTones: true,
  headers: {},
  subscriptionId: '89e8cb59-b991-48b0-b154-1db84f16a077',
  phones: [],
} as const satisfies Partial<MediaStreamOptions>;

export interface Running {
  readonly clock: StallingClock;
  readonly notes: Notes;
  readonly stream: MediaStream;
  /** Why the application is not heard. */
  readonly warnings: readonly string[];
  readonly connection: MediaConnection;
  /** Lets the next frame fall due and waits until the application has it. */
  tick(count?: number): Promise<void>;
  /** Sends to the stream and waits until it has been read. */
  send(...messages: (string | Buffer)[]): Promise<void>;
}

export async function serverFixture(options?: Parameters<typeof startMediaServer>[0]): Promise<MediaServer> {
  const started = await startMediaServer(options);
  cleanUps.push(() => started.close());
  return started;
}

/** Opens a stream on a clock that the test moves. */
export async function streamFixture(
  changes: Partial<MediaStreamOptions>,
  media: MediaServer | undefined = undefined,
): Promise<Running> {
  const application = media ?? (await serverFixture());
  const clock = new StallingClock();
  const notes = new Notes();
  const warnings: string[] = [];
  const warn = (line: string): number => warnings.push(line);
  const stream = createOpenMediaStream({ ticker: new MediaTicker(clock), warn })(
    { ...OPTIONS, url: application.url, ...changes },
    notes,
  );
  cleanUps.push(() => stream.stop());
  const connection = await until(() => application.connections.at(-1), 'a media connection');
  await until(() => notes.all.length > 0 && connection.frames.length > 0, 'the stream starts');
  let ticks = 0;
  const heardOf = (): number =>
    Object.values(stream.report().ignored).reduce((sum, count) => sum + count, 0) +
    stream.report().audioMessagesReceived +
    stream.report().stopAudioCount;
  return {
    clock,
    notes,
    stream,
    warnings,
    connection,
    tick: async (count = 1) => {
      for (let i = 0; i < count; i++) {
        // The first frame is due at once.
        clock.advance(ticks === 0 ? 0 : 20);
        ticks += 1;
        await until(() => audioOf(connection).length === stream.report().framesSent, 'frames arrive');
      }
    },
    send: async (...messages) => {
      const expected = heardOf() + messages.length;
      for (const message of messages) connection.socket.send(message);
      await until(() => heardOf() === expected, `${messages.length} messages are read`);
    },
  };
}

export function audioOf(connection: MediaConnection) {
  return connection.frames.filter(({ kind }) => kind === 'AudioData');
}

export function joined(frames: readonly Int16Array[]): Int16Array {
  return Int16Array.from(frames.flatMap((frame) => [...frame]));
}

export function audio(samples: Int16Array): string {
  return JSON.stringify({
    kind: 'AudioData',
    audioData: { data: Buffer.from(samples.buffer).toString('base64') },
  });
}

export const STOP = '{"Kind":"StopAudio","AudioData":null,"StopAudio":{}}';

export function caller(speech: Int16Array, sampleRateHz: number): WavPhone {
  return new WavPhone({
    rawId: '4:+14255550123',
    speech: { samples: speech, sampleRateHz },
    tailMs: 60_000,
    maxMs: 60_000,
    onHangUp: () => {},
  });
}
