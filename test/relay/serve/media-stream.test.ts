import { Duplex } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { AcsPlayoutWriter } from '../../../relay/serve/acs-playout-writer.ts';
import { MediaStream } from '../../../relay/serve/media-stream.ts';
import type { CallReport } from '../../../relay/session/call-report.ts';
import type { Clock } from '../../../shared/base/clock.ts';
import {
  WebSocketConnection,
  type WebSocketListener,
} from '../../../shared/web-socket/web-socket-connection.ts';
import { PLAN } from '../../support/calls.ts';
import { until } from '../../support/until.ts';
import { RelayClock } from '../relay-clock.ts';
import {
  CONNECTION_ID,
  mediaUrl,
  relayConfig,
  reportWith,
  startRelayFixtureOf,
  ticketFor,
} from '../relay-fixture.ts';

const LOOK_EVERY_MS = 200;
const FIRST_FRAME_LIMIT_MS = 10_000;
const AUDIO_LIMIT_MS = 2_000;
const QUIET_LIMIT_MS = 30_000;

/** What a media socket uses of a WebSocket, with nobody at its other end. */
class SilentWebSocket {
  readonly bufferedBytes = 0;
  readonly ping = vi.fn();
  readonly send = vi.fn();
  readonly close = vi.fn();
  readonly listen = vi.fn<(listener: WebSocketListener) => void>();

  get listener(): WebSocketListener {
    const [call] = this.listen.mock.calls;
    if (call === undefined) throw new Error('nobody listens');
    return call[0];
  }
}

function setUp(): ReturnType<typeof streamOver<SilentWebSocket>> {
  return streamOver(() => new SilentWebSocket());
}

/** A stream of a mixed call. */
function setUpSteady() {
  const stream = streamOver(() => new SilentWebSocket(), true);
  const frame = (): void => {
    stream.session.framesIn += 1;
    stream.webSocket.listener.message(Buffer.from('a frame'), false);
  };
  return { ...stream, frame, beHeldUp: (ms: number) => stream.clock.beHeldUp(ms) };
}

type UsedWebSocket = Pick<WebSocketConnection, 'send' | 'close' | 'bufferedBytes' | 'listen' | 'ping'>;

function streamOver<Used extends UsedWebSocket>(open: (clock: Clock) => Used, isSteady = false) {
  const clock = new RelayClock();
  const webSocket = open(clock);
  const session = {
    framesIn: 0,
    receive: vi.fn(),
    close: vi.fn(),
    socketClosed: vi.fn(),
    report: () => ({ endedReason: 'stream ended' }) as CallReport,
  };
  const meter = { frameIn: vi.fn() };
  const media = new AcsPlayoutWriter(webSocket, 'pcm16KMono');
  new MediaStream({ webSocket, session, isSteady, meter, clock, log: pino({ level: 'silent' }) }).open();
  return { clock, webSocket, session, meter, media };
}

describe('the watch on the other side of a media stream', () => {
  it('pings first, and gives up later, however long the relay was held up itself', async () => {
    const { clock, webSocket, session } = setUp();
    await clock.beHeldUp(5 * QUIET_LIMIT_MS);
    await clock.advance(QUIET_LIMIT_MS);
    expect(webSocket.ping).toHaveBeenCalledOnce();
    webSocket.listener.alive();
    await clock.advance(QUIET_LIMIT_MS - 1);
    expect(session.close).not.toHaveBeenCalled();
  });

  it('pings a quiet stream, and gives it up when that is not answered either', async () => {
    const { clock, webSocket, session } = setUp();
    await clock.advance(QUIET_LIMIT_MS);
    expect(webSocket.ping).toHaveBeenCalledOnce();
    expect(session.close).not.toHaveBeenCalled();
    await clock.advance(QUIET_LIMIT_MS);
    expect(session.close).toHaveBeenCalledExactlyOnceWith('no sign of life');
  });

  it.each(['control frame', 'message'])('takes a %s for a sign of life', async (sign) => {
    const { clock, webSocket, session } = setUp();
    for (let i = 0; i < 5; i += 1) {
      await clock.advance(QUIET_LIMIT_MS);
      if (sign === 'message') webSocket.listener.message(Buffer.from('x'), false);
      else webSocket.listener.alive();
    }
    expect(webSocket.ping).toHaveBeenCalledTimes(5);
    expect(session.close).not.toHaveBeenCalled();
  });

  it('does not ping a stream that talks', async () => {
    const { clock, webSocket } = setUp();
    for (let ms = 0; ms < 3 * QUIET_LIMIT_MS; ms += 1_000) {
      await clock.advance(1_000);
      webSocket.listener.message(Buffer.from('x'), false);
    }
    expect(webSocket.ping).not.toHaveBeenCalled();
  });

  it('closes a stream whose message the session cannot handle, and no other', () => {
    const { webSocket, session } = setUp();
    session.receive.mockImplementation(() => {
      throw new TypeError('a fault of the relay');
    });
    webSocket.listener.message(Buffer.from('x'), false);
    expect(session.close).toHaveBeenCalledExactlyOnceWith('fault of the relay');
  });

  it('leaves no timer behind', async () => {
    const { clock, webSocket, session, media } = setUp();
    media.close('relay shutting down');
    expect(webSocket.close).toHaveBeenCalledExactlyOnceWith(1001, 'relay shutting down');
    webSocket.listener.closed(1001, '');
    expect(session.socketClosed).toHaveBeenCalledOnce();
    expect(clock.pending).toBe(0);
  });

  it('cuts a connection whose other side does not answer the close', async () => {
    const written: Buffer[] = [];
    const connection = new Duplex({
      read: () => {},
      write: (bytes: Buffer, _, done) => {
        written.push(Buffer.from(bytes));
        done();
      },
    });
    const options = { role: 'server', head: Buffer.alloc(0), maxMessageBytes: 1_000 } as const;
    const { clock, webSocket, media, session } = streamOver(
      (clock) => new WebSocketConnection(connection, { ...options, clock }),
    );
    media.close('moved');
    media.close('replaced');
    expect(Buffer.concat(written).toString('latin1'), 'one close frame').toBe('\x88\x07\x03\xe9moved');
    await clock.advance(1_999);
    expect(connection.destroyed, 'before the limit').toBe(false);
    await clock.advance(1);
    expect(connection.destroyed, 'at the limit').toBe(true);
    await webSocket.closed;
    expect(session.socketClosed).toHaveBeenCalledOnce();
    expect(clock.pending).toBe(0);
  });

  it('ends the call of a real client that has gone without a word', async () => {
    const clock = new RelayClock(Date.now());
    const running = await startRelayFixtureOf(relayConfig(), { clock });
    // In a mixed call the missing frames would tell sooner.
    const plan = { ...PLAN, channels: 'unmixed' } as const;
    const socket = new WebSocket(mediaUrl(running, await ticketFor({ plan })), {
      headers: { 'x-ms-call-connection-id': CONNECTION_ID },
      autoPong: false,
    });
    onTestFinished(() => socket.terminate());
    const pinged = vi.fn();
    socket.on('ping', pinged);
    await new Promise((resolve) => socket.on('open', resolve));
    await reportWith(running, { state: 'connected' });
    await clock.advance(QUIET_LIMIT_MS);
    await until(() => pinged.mock.calls.length === 1, 'the ping to arrive');
    await reportWith(running, { state: 'connected' });
    await clock.advance(QUIET_LIMIT_MS);
    await reportWith(running, { state: 'ended', endedReason: 'no sign of life' });
  });
});

describe('the watch on the audio of a mixed call', () => {
  it.each([
    ['says nothing more', () => {}],
    ['answers pings', (listener: WebSocketListener) => listener.alive()],
    ['sends other messages', (listener: WebSocketListener) => listener.message(Buffer.from('x'), false)],
  ])('ends a stream about 2 s after its last frame, when its other side %s', async (_, say) => {
    const { clock, webSocket, session, frame } = setUpSteady();
    for (let ms = 0; ms < 5_000; ms += 20) {
      frame();
      await clock.advance(20);
    }
    for (let ms = 20; ms < AUDIO_LIMIT_MS; ms += 20) {
      say(webSocket.listener);
      await clock.advance(20);
    }
    expect(session.close).not.toHaveBeenCalled();
    await clock.advance(LOOK_EVERY_MS);
    expect(session.close).toHaveBeenCalledExactlyOnceWith('no audio from ACS');
  });

  it('ends a stream that brings no first frame within 10 s, and not before', async () => {
    const { clock, session } = setUpSteady();
    await clock.advance(FIRST_FRAME_LIMIT_MS - 1);
    expect(session.close).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(session.close).toHaveBeenCalledExactlyOnceWith('no audio from ACS');
  });

  it('bears gaps that are shorter, for as long as the call lasts', async () => {
    const { clock, session, frame } = setUpSteady();
    for (let gap = 0; gap < 100; gap += 1) {
      frame();
      await clock.advance(AUDIO_LIMIT_MS - 1);
    }
    expect(session.close).not.toHaveBeenCalled();
  });

  it('does not blame ACS when the relay itself is held up, however often and long', async () => {
    const { clock, session, frame, beHeldUp } = setUpSteady();
    for (let times = 0; times < 100; times += 1) {
      frame();
      await beHeldUp(5 * AUDIO_LIMIT_MS);
      await clock.advance(LOOK_EVERY_MS);
    }
    expect(session.close).not.toHaveBeenCalled();
  });

  it('ends a dead stream after ten looks, however late each of them is', async () => {
    const { session, frame, beHeldUp } = setUpSteady();
    frame();
    await beHeldUp(2 * LOOK_EVERY_MS);
    for (let look = 1; look < AUDIO_LIMIT_MS / LOOK_EVERY_MS; look += 1) {
      await beHeldUp(2 * LOOK_EVERY_MS);
      expect(session.close).not.toHaveBeenCalled();
    }
    await beHeldUp(2 * LOOK_EVERY_MS);
    expect(session.close).toHaveBeenCalledExactlyOnceWith('no audio from ACS');
  });

  it('is over with the stream', async () => {
    const { clock, webSocket, session } = setUpSteady();
    webSocket.listener.closed(1000, '');
    expect(clock.pending).toBe(0);
    await clock.advance(2 * FIRST_FRAME_LIMIT_MS);
    expect(session.close).not.toHaveBeenCalled();
  });

  it('does not watch a call that is not mixed, in which ACS sends nothing while nobody speaks', async () => {
    const { clock, webSocket, session } = setUp();
    session.framesIn += 1;
    webSocket.listener.message(Buffer.from('a frame'), false);
    await clock.advance(FIRST_FRAME_LIMIT_MS);
    expect(session.close).not.toHaveBeenCalled();
  });
});
