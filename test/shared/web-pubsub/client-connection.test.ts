import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { freePort } from '../../../local/emulators/common/free-port.ts';
import { ClientConnection, type DataMessage } from '../../../shared/web-pubsub/client-connection.ts';

import { RelayClock, settled } from '../../relay/relay-clock.ts';
import { until } from '../../support/until.ts';
import { decodeProto, encodeProto } from '../../support/web-pubsub-proto.ts';

const ACCEPT_LIMIT_MS = 10_000;

const IDENTITY = { connectionId: 'c1', reconnectionToken: 't1' };
/** Nothing but a hang lasts so long, in real time. */
const HANG_MS = 18_000;
/** The ack id at which whoever listens throws. */
const FAULT = 666;
const CONNECTED = {
  system_message: { connected_message: { connection_id: 'c1', user_id: 'u', reconnection_token: 't1' } },
};

interface Accepted {
  readonly socket: WebSocket;
  /** Of the address it was opened at. */
  readonly query: URLSearchParams;
  readonly messages: unknown[];
}

/** A service that does what the test tells it, one connection after the other. */
async function service() {
  const accepted: Accepted[] = [];
  let greet = (_socket: WebSocket): void => {};
  const port = await freePort();
  const server = new WebSocketServer({ port, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket, request) => {
    const messages: unknown[] = [];
    socket.on('message', (bytes: Buffer) => messages.push(decodeProto('UpstreamMessage', bytes)));
    accepted.push({ socket, messages, query: new URL(request.url ?? '', 'http://localhost').searchParams });
    greet(socket);
  });
  onTestFinished(() => {
    for (const { socket } of accepted) socket.terminate();
    server.close();
  });
  return {
    accepted,
    url: `ws://127.0.0.1:${port}/client/hubs/calls?access_token=abc`,
    greetBy: (next: typeof greet) => {
      greet = next;
    },
    newest: () => accepted.at(-1) ?? expect.unreachable('nobody has connected'),
    refuseFromNowOn: () => server.close(),
  };
}

type Service = Awaited<ReturnType<typeof service>>;

function say(socket: WebSocket, message: object): void {
  socket.send(encodeProto('DownstreamMessage', message));
}

function text(sequenceId: number): object {
  return { data_message: { from: 'server', data: { text_data: 'hello' }, sequence_id: sequenceId } };
}

function connect({ url }: { url: string | (() => Promise<string>) }, resume?: typeof IDENTITY) {
  const clock = new RelayClock();
  const told = {
    data: [] as DataMessage[],
    acks: [] as number[],
    recovered: 0,
    closed: 0,
    unreadable: 0,
    failures: [] as unknown[],
  };
  const connection = new ClientConnection({
    url: () => (typeof url === 'string' ? Promise.resolve(url) : url()),
    ...(resume === undefined ? {} : { resume }),
    clock,
    listener: {
      data: (message) => told.data.push(message),
      acked: ({ ackId }) => {
        if (ackId === FAULT) throw new Error('a fault');
        told.acks.push(ackId);
      },
      recovered: () => {
        told.recovered += 1;
      },
      closed: () => {
        told.closed += 1;
      },
      unreadable: () => {
        told.unreadable += 1;
      },
      failed: (error) => told.failures.push(error),
    },
  });
  onTestFinished(() => connection.stop());
  return { clock, connection, told };
}

async function connected(there: Service) {
  there.greetBy((socket) => say(socket, CONNECTED));
  const here = connect(there);
  await here.connection.start();
  return here;
}

/**
 * Lets time pass until the connection is given up; answers how much it was. In steps that leave an attempt room to be
 * made between two of them, and that are few enough for a slow machine.
 */
async function givenUpAfterMs(clock: RelayClock, told: { readonly closed: number }): Promise<number> {
  const beganAtMs = clock.elapsedMs();
  await until(
    async () => {
      await clock.advance(250);
      return told.closed === 1;
    },
    'it to be given up',
    HANG_MS,
  );
  return clock.elapsedMs() - beganAtMs;
}

const count = ({ accepted }: Service, wanted: number): Promise<unknown> =>
  until(() => accepted.length === wanted, `the connection number ${wanted}`);

describe('a connection of a client of Web PubSub', () => {
  it('is open once the service has accepted it, which tells by what it may be taken over', async () => {
    const there = await service();
    const { connection } = await connected(there);
    expect(connection.identity).toEqual(IDENTITY);
    expect(there.newest().query.get('access_token')).toBe('abc');
    expect(there.newest().query.has('awps_connection_id')).toBe(false);
  });

  it('is not open when the service closes it without accepting it', async () => {
    const there = await service();
    there.greetBy((socket) => socket.close(1008));
    const { connection, told } = connect(there);
    await expect(connection.start()).rejects.toThrow('closed before it was accepted');
    expect({ closed: told.closed, identity: connection.identity }).toEqual({
      closed: 0,
      identity: undefined,
    });
  });

  it('is not open when the service takes the socket and says nothing', async () => {
    const there = await service();
    const { connection, clock } = connect(there);
    const started = connection.start();
    started.catch(() => {});
    await count(there, 1);
    await clock.advance(ACCEPT_LIMIT_MS);
    await expect(started).rejects.toThrow('closed before it was accepted');
    await until(() => there.newest().socket.readyState === 3, 'the socket to be closed');
  });

  it('is not open when there is no access token in time', async () => {
    const there = await service();
    const { connection, clock } = connect({ ...there, url: () => new Promise<string>(() => {}) });
    const started = connection.start();
    started.catch(() => {});
    await clock.advance(ACCEPT_LIMIT_MS);
    await expect(started).rejects.toThrow('closed before it was accepted');
    expect(clock.pending).toBe(0);
  });

  it('sends events and hears what becomes of them', async () => {
    const there = await service();
    const { connection, told } = await connected(there);
    const data = { type: 'text', text: 'hello' } as const;
    expect(connection.send({ kind: 'sendEvent', event: 'echo', data, ackId: 7 })).toBe(true);
    await until(() => there.newest().messages.length === 1, 'the event');
    expect(there.newest().messages).toEqual([
      { event_message: { event: 'echo', data: { text_data: 'hello' }, ack_id: 7 } },
    ]);
    say(there.newest().socket, { ack_message: { ack_id: 7, success: true } });
    await until(() => told.acks.length === 1, 'the acknowledgement');
    expect(told.acks).toEqual([7]);
  });

  it('tells once of what is no message of the subprotocol, and goes on', async () => {
    const there = await service();
    const { told } = await connected(there);
    there.newest().socket.send('text');
    there.newest().socket.send(Buffer.of(0x0a, 0x7f));
    say(there.newest().socket, text(1));
    await until(() => told.data.length === 1, 'the message after them');
    expect(told.unreadable).toBe(1);
  });

  it('takes another connection over, also where the service says no more than what had waited for it', async () => {
    const there = await service();
    there.greetBy((socket) => say(socket, text(41)));
    const { connection, told } = connect(there, IDENTITY);
    await connection.start();
    expect(Object.fromEntries(there.newest().query)).toEqual({
      access_token: 'abc',
      awps_connection_id: 'c1',
      awps_reconnection_token: 't1',
    });
    expect(told.data).toHaveLength(1);
    expect(connection.identity).toEqual(IDENTITY);
  });
});

describe('a connection that is lost', () => {
  it('comes back at once as the same one, and drops what it has had', async () => {
    const there = await service();
    const { told, connection } = await connected(there);
    say(there.newest().socket, text(1));
    await until(() => told.data.length === 1, 'the first message');
    there.greetBy((socket) => {
      say(socket, text(1));
      say(socket, text(2));
    });
    there.newest().socket.terminate();
    await count(there, 2);
    expect(there.newest().query.get('awps_connection_id')).toBe('c1');
    await until(() => told.data.length === 2, 'the second message');
    expect(told.data.map(({ sequenceId }) => sequenceId)).toEqual([1, 2]);
    expect({ recovered: told.recovered, closed: told.closed }).toEqual({ recovered: 1, closed: 0 });
    expect(connection.send({ kind: 'ping' })).toBe(true);
  });

  it('is tried once a second while it is accepted and lost again without a word, and given up after half a minute', async () => {
    const there = await service();
    const { clock, told } = await connected(there);
    there.greetBy((socket) => socket.close(1011));
    there.newest().socket.terminate();
    expect(await givenUpAfterMs(clock, told)).toBeGreaterThanOrEqual(30_000);
    expect(there.accepted.length, 'attempts, the first connection among them').toBeGreaterThan(3);
    expect(there.accepted.length).toBeLessThanOrEqual(32);
    await until(() => clock.pending === 0, 'no timer to be left');
  });

  it('is given up when nobody can be reached for half a minute', async () => {
    const there = await service();
    const { clock, told } = await connected(there);
    there.refuseFromNowOn();
    there.newest().socket.terminate();
    expect(await givenUpAfterMs(clock, told)).toBeGreaterThanOrEqual(30_000);
    expect({ recovered: told.recovered, timers: clock.pending }).toEqual({ recovered: 0, timers: 0 });
  });

  it.each([
    ['that the service has forgotten', (socket: WebSocket) => socket.close(1008)],
    ['that was left to another holder', (socket: WebSocket) => socket.terminate()],
  ])('is not tried again when it is one %s', async (why, end) => {
    const there = await service();
    const { connection, told } = await connected(there);
    if (why.includes('left')) connection.release();
    end(there.newest().socket);
    await until(() => told.closed === 1, 'the end');
    await settled();
    expect(there.accepted).toHaveLength(1);
    expect(connection.send({ kind: 'ping' })).toBe(false);
  });

  it('is stopped for good while it is being tried', async () => {
    const there = await service();
    const { clock, connection, told } = await connected(there);
    there.greetBy((socket) => socket.close(1011));
    there.newest().socket.terminate();
    await count(there, 2);
    connection.stop();
    await clock.advance(60_000);
    expect({ accepted: there.accepted.length, closed: told.closed }).toEqual({ accepted: 2, closed: 0 });
    await until(() => clock.pending === 0, 'no timer to be left');
  });
});

it('is given up, and no other with it, when whoever listens to it throws', async () => {
  const there = await service();
  const one = await connected(there);
  const { socket } = there.newest();
  const other = await connected(there);
  say(socket, { ack_message: { ack_id: FAULT, success: true } });
  say(socket, { ack_message: { ack_id: 1, success: true } });
  await until(() => one.told.closed === 1, 'the end');
  expect(one.told).toMatchObject({ failures: [new Error('a fault')], acks: [], closed: 1, recovered: 0 });
  say(there.newest().socket, { ack_message: { ack_id: 2, success: true } });
  await until(() => other.told.acks.length === 1, 'the other connection to hear');
});

describe('the signs of life of a connection', () => {
  it('are a ping for every five seconds of silence, and after 30 s without an answer it is lost', async () => {
    const there = await service();
    const { clock, told } = await connected(there);
    const [first] = there.accepted;
    await clock.advance(30_000);
    await until(() => first?.messages.length === 6, 'six pings');
    expect(first?.messages).toEqual(Array.from({ length: 6 }, () => ({ ping_message: {} })));
    await clock.advance(5_000);
    await until(() => told.recovered === 1, 'the recovery');
  });

  it('are confirmations of what has come, once a second, and within five seconds of the last', async () => {
    const there = await service();
    const { clock, told } = await connected(there);
    const { socket, messages } = there.newest();
    const hear = async (id: number): Promise<void> => {
      say(socket, text(id));
      await until(() => told.data.length === id, `message ${id}`);
    };
    await clock.advance(1_500);
    await hear(1);
    await hear(2);
    await clock.advance(1_000);
    await hear(3);
    await hear(4);
    await clock.advance(2_500);
    await until(() => messages.length === 3, 'three confirmations');
    expect(messages).toEqual([1, 3, 4].map((id) => ({ sequence_ack_message: { sequence_id: id } })));
  });

  it('are confirmations no more once it is left to another holder', async () => {
    const there = await service();
    const { clock, connection, told } = await connected(there);
    await clock.advance(1_500);
    connection.release();
    say(there.newest().socket, text(1));
    await until(() => told.data.length === 1, 'the message');
    await clock.advance(3_500);
    await until(() => there.newest().messages.length > 0, 'the ping');
    expect(there.newest().messages).toEqual([{ ping_message: {} }]);
  });
});
