import { describe, expect, it } from 'vitest';
import { type Exchange, Page, type PageSocket } from '../../../../../local/emulators/acs/live/page.ts';
import type { WebSocketListener } from '../../../../../shared/web-socket/web-socket-connection.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

const noExchange: Exchange = {
  claim: () => () => {},
  call: () => expect.unreachable(),
  resume: () => expect.unreachable(),
};

class FakeSocket implements PageSocket {
  bufferedBytes = 0;
  frames = 0;
  cut = false;
  readonly told: { readonly type: string }[] = [];
  #listener: WebSocketListener | undefined;

  listen(listener: WebSocketListener): void {
    this.#listener = listener;
  }

  receive(message: object): void {
    this.#listener?.message(Buffer.from(JSON.stringify(message)), false);
  }

  send(text: string | Uint8Array): void {
    this.told.push(JSON.parse(String(text)));
  }

  sendBytes(): boolean {
    this.frames += 1;
    return true;
  }

  ping(): void {}

  close(): void {
    this.terminate();
  }

  terminate(): void {
    this.cut = true;
    this.#listener?.closed(1006, '');
  }
}

function page() {
  const socket = new FakeSocket();
  const clock = new ManualClock();
  let closed = 0;
  const made = new Page({
    socket,
    clock,
    exchange: noExchange,
    onClosed: () => {
      closed += 1;
    },
  });
  socket.receive({ type: 'hello', v: 1, rateHz: 16_000 });
  return { page: made, socket, clock, closed: () => closed };
}

describe('a page that does not read', () => {
  it('misses frames beyond 100 ms, which are counted, and hears those after it has read', () => {
    const { page: slow, socket } = page();
    const frame = new Int16Array(320);
    socket.bufferedBytes = 5 * frame.byteLength;
    slow.hear(frame);
    expect(socket.frames).toBe(1);
    socket.bufferedBytes += 1;
    slow.hear(frame);
    slow.hear(frame);
    expect(socket.frames).toBe(1);
    socket.bufferedBytes = 0;
    slow.hear(frame);
    expect(socket.frames).toBe(2);
    socket.receive({ type: 'stats' });
    expect(socket.told.at(-1)).toMatchObject({ type: 'stats', unread: 2 });
  });

  it('is cut before it fills the memory with what it asks for', () => {
    const { socket, clock, closed } = page();
    socket.bufferedBytes = 1024 * 1024 + 1;
    socket.receive({ type: 'stats' });
    expect(socket.cut).toBe(true);
    expect(closed()).toBe(1);
    expect(clock.pending(), 'nothing waits for it').toEqual([]);
  });
});
