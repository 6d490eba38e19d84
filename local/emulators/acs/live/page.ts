import type { WebSocketConnection } from '../../../../shared/web-socket/web-socket-connection.ts';
import type { Handset, LivePhone } from '../../../phone/live-phone.ts';
import { samplesPerFrame } from '../../../phone/phone.ts';
import type { Clock } from '../../common/clock.ts';
import { RefusedError } from '../http/refusal.ts';
import {
  type CallNames,
  enderOf,
  type Hello,
  type PageMessage,
  type PageStats,
  type PhoneMessage,
  type PhoneStats,
  readPageMessage,
} from './page-messages.ts';

/** How long a page has to say hello. */
const HELLO_LIMIT_MS = 5_000;
/** How often a page is asked whether it is still there. */
const ALIVE_EVERY_MS = 15_000;
/** A page sends 50 frames a second, and after a stall those of the stall. */
const MAX_MESSAGES_A_SECOND = 500;
/** What may wait on the way to the page. */
const MAX_UNREAD_MS = 100;

/** A page that has left so much unread is cut. */
const MAX_UNREAD_BYTES = 1024 * 1024;

const POLICY_VIOLATION = 1008;

/** What a page needs of its socket. */
export type PageSocket = Pick<
  WebSocketConnection,
  'bufferedBytes' | 'close' | 'listen' | 'ping' | 'send' | 'sendBytes' | 'terminate'
>;

/** A call that a page is on. */
export interface LiveCall extends CallNames {
  readonly phone: LivePhone;
  answered: boolean;
}

/** A call that rings at a page. */
export interface LiveRinging {
  /** The page takes it. */
  answer(): LiveCall;
  decline(): void;
  /** The page is gone. */
  lost(): void;
}

/** What a page can have done. Each throws RefusedError where it cannot be. */
export interface Exchange {
  /** Makes the number ring this page. @returns a function that ends it */
  claim(number: string, page: Page): () => void;
  call(message: { readonly to: string; readonly from: string }, page: Page): LiveCall;
  /** Gives the page a call that another socket was on. */
  resume(token: string, page: Page): LiveCall;
}

interface PageOptions {
  readonly socket: PageSocket;
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly onClosed: (page: Page) => void;
}

/**
 * One socket of a page, or of any other program, that is a telephone:
 *
 * ```
 * new ──hello──▶ idle ──call, answer, resume──▶ on a call ──ended──▶ idle
 * ```
 * In every state the socket may close; a call then waits for 5 s for another one that resumes it.
 */
export class Page implements Handset {
  readonly #options: PageOptions;
  #hello: Hello | undefined;
  #call: LiveCall | undefined;
  readonly #ringing = new Map<string, LiveRinging>();
  #release = (): void => {};
  #cancelWait: () => void;
  #alive = true;
  #asked = false;
  #ignored = 0;
  #unread = 0;
  readonly #complained = new Set<string>();
  #second = 0;
  #inSecond = 0;
  #stats: PageStats = {};

  constructor(options: PageOptions) {
    this.#options = options;
    const { socket, clock } = options;
    this.#cancelWait = clock.after(HELLO_LIMIT_MS, () => socket.close(POLICY_VIOLATION, 'no hello'));
    socket.listen({
      message: (data, isBinary) => this.#received(data, isBinary),
      alive: () => {
        this.#alive = true;
      },
      closed: () => this.#closed(),
    });
  }

  get sampleRateHz(): number {
    return this.#hello?.rateHz ?? 0;
  }

  /** Whether it can take no call. */
  get busy(): boolean {
    return this.#call !== undefined || this.#ringing.size > 0;
  }

  report(): object {
    const call = this.#call;
    return {
      rateHz: this.#hello?.rateHz,
      callId: call?.callId,
      state: call === undefined ? 'idle' : call.answered ? 'answered' : 'ringing',
      page: this.#stats,
      ...this.#phoneStats(),
    };
  }

  /** A call rings here until it is answered, declined or `stopRinging`. */
  ring(
    id: string,
    shown: { readonly from: string | undefined; readonly displayName: string | undefined },
    ringing: LiveRinging,
  ): void {
    this.#ringing.set(id, ringing);
    this.#tell({ type: 'incoming', id, from: shown.from, displayName: shown.displayName });
  }

  /** The caller has given up. Nothing happens where it rings no more. */
  stopRinging(id: string): void {
    if (this.#ringing.delete(id)) this.#tell({ type: 'ended', id, by: 'service', outcome: 'noAnswer' });
  }

  /** Another socket has the call now, and may claim the number. */
  handOver(): void {
    this.#call = undefined;
    this.#release();
    this.#options.socket.close(POLICY_VIOLATION, 'resumed elsewhere');
  }

  /** Idempotent. */
  close(): void {
    this.#options.socket.terminate();
  }

  hear(samples: Int16Array): void {
    const { socket } = this.#options;
    const most = (samples.byteLength * MAX_UNREAD_MS) / 20;
    if (socket.bufferedBytes > most) this.#unread += 1;
    else socket.sendBytes(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  }

  hearKey(key: string): void {
    this.#tell({ type: 'key', key });
  }

  answered(): void {
    if (this.#call === undefined || this.#call.answered) return;
    this.#call.answered = true;
    this.#tellCall(this.#call);
  }

  mediaStarted(sampleRateHz: number): void {
    this.#tell({ type: 'media', rateHz: sampleRateHz });
  }

  mediaStopped(): void {
    this.#tell({ type: 'mediaStopped' });
  }

  ended(outcome: string): void {
    this.#call = undefined;
    this.#tell({ type: 'ended', by: enderOf(outcome, this.#asked), outcome });
  }

  #received(data: Buffer, isBinary: boolean): void {
    this.#alive = true;
    if (this.#floods()) {
      this.#options.socket.close(POLICY_VIOLATION, 'too many messages');
      return;
    }
    if (isBinary) {
      this.#receivedFrame(data);
      return;
    }
    const message = readPageMessage(data);
    if (message === undefined || (this.#hello === undefined) !== (message.type === 'hello')) {
      this.#ignore('malformed');
      return;
    }
    try {
      this.#obey(message);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#tell({ type: 'refused', reason: error.refusal.code, detail: error.refusal.message });
    }
  }

  #receivedFrame(data: Buffer): void {
    if (this.#hello === undefined) {
      this.#ignore('malformed');
      return;
    }
    const frame = new Int16Array(samplesPerFrame(this.#hello.rateHz));
    if (data.byteLength === frame.byteLength) {
      new Uint8Array(frame.buffer).set(data);
      this.#call?.phone.say(frame);
    } else this.#ignore('frameSize');
  }

  #obey(message: PageMessage): void {
    switch (message.type) {
      case 'hello':
        this.#greet(message);
        break;
      case 'call':
        if (this.busy) throw conflict('busy', 'A call is going on or ringing here.');
        this.#begin(this.#options.exchange.call(message, this));
        break;
      case 'answer':
        this.#begin(this.#takeRinging(message.id).answer());
        break;
      case 'decline':
        this.#takeRinging(message.id).decline();
        break;
      case 'key':
        if (!this.#requireCall().phone.press(message.key))
          throw conflict('keyNotTaken', 'Nothing takes keys on this call now.');
        break;
      case 'hangUp': {
        const { phone } = this.#requireCall();
        this.#asked = true;
        phone.hangUp();
        break;
      }
      case 'stats': {
        const { type: _, ...stats } = message;
        this.#stats = stats;
        this.#tell({ type: 'stats', ...this.#phoneStats() });
      }
    }
  }

  #greet(hello: Hello): void {
    this.#hello = hello;
    this.#cancelWait();
    this.#watch();
    const { exchange } = this.#options;
    this.#tell({ type: 'hello', v: 1 });
    const { resume, number } = hello;
    // The call first: its old socket may have the number. One that is refused does not keep the other from being done.
    try {
      if (resume !== undefined) this.#begin(exchange.resume(resume, this));
    } finally {
      if (number !== undefined) this.#release = exchange.claim(number, this);
    }
  }

  /** Media may have begun already, so what the page learns of the call comes first. */
  #begin(call: LiveCall): void {
    this.#asked = false;
    this.#call = call;
    this.#tellCall(call);
    call.phone.attach(this);
  }

  #tellCall({ callId, callConnectionId, token, answered }: LiveCall): void {
    this.#tell({ type: answered ? 'answered' : 'ringing', callId, callConnectionId, token });
  }

  #takeRinging(id: string): LiveRinging {
    const ringing = this.#ringing.get(id);
    if (ringing === undefined) throw conflict('noSuchCall', 'No call of this id rings here.');
    this.#ringing.delete(id);
    return ringing;
  }

  #requireCall(): LiveCall {
    if (this.#call !== undefined) return this.#call;
    throw conflict('noCall', 'This telephone is on no call.');
  }

  /** Counts each and answers the first of its kind, so that nonsense does not come back as a flood. */
  #ignore(reason: 'malformed' | 'frameSize'): void {
    this.#ignored += 1;
    if (this.#complained.has(reason)) return;
    this.#complained.add(reason);
    this.#tell({ type: 'refused', reason });
  }

  #floods(): boolean {
    const second = Math.floor(this.#options.clock.now() / 1_000);
    if (second !== this.#second) this.#inSecond = 0;
    this.#second = second;
    this.#inSecond += 1;
    return this.#inSecond > MAX_MESSAGES_A_SECOND;
  }

  /** Cuts a socket whose other end is gone without a word. */
  #watch(): void {
    const { clock, socket } = this.#options;
    this.#alive = false;
    socket.ping();
    this.#cancelWait = clock.after(ALIVE_EVERY_MS, () => {
      if (this.#alive) this.#watch();
      else socket.terminate();
    });
  }

  #phoneStats(): PhoneStats {
    return { ...this.#call?.phone.counts, ignored: this.#ignored, unread: this.#unread };
  }

  #tell(message: PhoneMessage): void {
    const { socket } = this.#options;
    if (socket.bufferedBytes > MAX_UNREAD_BYTES) socket.terminate();
    else socket.send(JSON.stringify(message));
  }

  #closed(): void {
    this.#cancelWait();
    this.#release();
    for (const ringing of this.#ringing.values()) ringing.lost();
    this.#ringing.clear();
    this.#call?.phone.detach(this);
    this.#call = undefined;
    this.#options.onClosed(this);
  }
}

/** @param reason what the emulator tells the page */
export function conflict(reason: string, message: string): RefusedError {
  return new RefusedError({ status: 409, code: reason, message });
}
