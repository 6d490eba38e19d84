/**
 * A media stream as ACS opens it, on a bare socket: cheaper than a WebSocket library, so that the server is what is
 * measured.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { chatter } from '../voice/chatter.ts';
import { SPEECH_FRAMES, scriptedFrame } from './barge-in-script.ts';
import { evenNoise, FRAME_MS, FrameReader, MediaFrame, PCM_BYTES } from './media-frame.ts';
import { PlayoutModel } from './playout-model.ts';

/** Longest message that is understood: a second of audio, with room. */
const BUFFER_BYTES = 256 * 1024;
/** Frames whose time of sending is remembered: 20 s. */
const REMEMBERED = 1_024;
const OPCODE_TEXT = 1;
const OPCODE_CLOSE = 8;

/** At 16 kHz. */
const BYTES_PER_MS = 32;
const QUIET_PEAK = 16;
const WORDS_SEED = 1;
const STOP_AUDIO = Buffer.from('StopAudio');
/** Bytes that say which kind of message it is. */
const KIND_BYTES = 40;

export interface StreamListener {
  /**
   * A frame came back. `isNewest`: it is the last one of its message. `spokenToPlayedMs`: from the first sample's being
   * spoken, which is a frame before it was sent, to its being played by an ACS that plays what it gets without a tear.
   */
  heard(number: number, latencyMs: number, spokenToPlayedMs: number, isNewest: boolean): void;
  /** StopAudio came. `afterSureMs`: since the frame was sent that makes it sure that the caller speaks. */
  stopped(afterSureMs: number): void;
}

/** What the caller says: sound all the time, or words that interrupt the worker (`barge-in-script.ts`). */
export type CallerScript = 'sound' | 'barge-in';

export class AcsStream {
  readonly #socket: Socket;
  readonly #listener: StreamListener;
  readonly #index: number;
  readonly #script: CallerScript;
  readonly #frame: MediaFrame;
  readonly #quiet: MediaFrame;
  /** The words with which the caller interrupts, frame by frame. */
  readonly #words: readonly MediaFrame[];
  readonly #playout = new PlayoutModel(BYTES_PER_MS);
  readonly #reader = new FrameReader();
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  readonly #sentAtMs = new Float64Array(REMEMBERED);
  readonly #opened = Promise.withResolvers<void>();
  /** Numbers and places of the frames of one message, in turn. */
  readonly #numbers: number[] = [];
  #filled = 0;
  #isOpen = false;
  #isClosing = false;
  #next = 0;
  #sureAtMs: number | undefined;
  /** Why the stream ended before its time. */
  failure: string | undefined;

  constructor(url: URL, index: number, listener: StreamListener, script: CallerScript = 'sound') {
    this.#index = index;
    this.#script = script;
    this.#listener = listener;
    this.#frame = new MediaFrame(evenNoise(index));
    this.#quiet = script === 'sound' ? this.#frame : new MediaFrame(evenNoise(index, QUIET_PEAK));
    this.#words = script === 'sound' ? [] : spokenFrames();
    this.#socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer: () => this.#buffer.subarray(this.#filled),
        callback: (bytes) => {
          this.#filled += bytes;
          this.#read();
          return true;
        },
      },
    });
    this.#socket.on('connect', () => this.#socket.write(upgradeRequest(url, index)));
    this.#socket.on('error', ({ message }) => this.#fail(message));
    this.#socket.on('close', () => this.#fail('the server closed the connection'));
  }

  /** Resolves when the server has taken the stream. @rejects Error with the server's answer */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Sends the next frame. False when the server has not taken the one before, so that this one is left out. */
  send(time: Buffer, nowMs: number): boolean {
    if (!this.#isOpen || this.#socket.writableLength > 0) return false;
    const number = this.#next;
    const frame = this.#script === 'sound' ? this.#frame : this.#scripted(number, nowMs);
    if (this.#script === 'barge-in') frame.stampTime(time);
    else frame.stamp(number, time);
    this.#sentAtMs[number % REMEMBERED] = nowMs;
    this.#next += 1;
    this.#socket.write(frame.bytes);
    return true;
  }

  /** The number of the next frame. */
  get next(): number {
    return this.#next;
  }

  /** When the frame with this number was sent. */
  sentAtMs(number: number): number {
    return this.#sentAtMs[number % REMEMBERED] ?? Number.NaN;
  }

  #scripted(number: number, nowMs: number): MediaFrame {
    const { word, isSure } = scriptedFrame(this.#index, number);
    if (isSure) this.#sureAtMs = nowMs;
    return this.#words[word] ?? this.#quiet;
  }

  close(): void {
    this.#isClosing = true;
    this.#isOpen = false;
    this.#socket.destroy();
  }

  #fail(reason: string): void {
    this.#isOpen = false;
    if (!this.#isClosing) this.failure ??= reason;
    this.#opened.reject(new Error(reason));
  }

  #read(): void {
    let at = this.#isOpen ? 0 : this.#readUpgrade();
    while (at >= 0) {
      const end = this.#readFrame(at);
      if (end === undefined) break;
      at = end;
    }
    if (at <= 0) return;
    this.#buffer.copyWithin(0, at, this.#filled);
    this.#filled -= at;
  }

  /** The end of the answer, or -1 while it is not complete. */
  #readUpgrade(): number {
    const end = this.#buffer.subarray(0, this.#filled).indexOf('\r\n\r\n');
    if (end < 0) return -1;
    const status = this.#buffer.toString('latin1', 0, this.#buffer.indexOf('\r\n'));
    if (!status.startsWith('HTTP/1.1 101')) {
      this.#fail(`the server answered ${status}`);
      this.#socket.destroy();
      return -1;
    }
    this.#isOpen = true;
    this.#socket.write(
      textFrame(
        '{"kind":"AudioMetadata","audioMetadata":{"subscriptionId":"89e8cb59-b991-48b0-b154-1db84f16a077","encoding":"PCM","sampleRate":16000,"channels":1,"length":640}}',
      ),
    );
    this.#opened.resolve();
    return end + 4;
  }

  /** The end of the frame at `at`, or undefined while it is not complete. */
  #readFrame(at: number): number | undefined {
    const available = this.#filled - at;
    if (available < 2) return undefined;
    const short = (this.#buffer[at + 1] ?? 0) & 0x7f;
    const head = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (available < head) return undefined;
    const length =
      short === 126
        ? this.#buffer.readUInt16BE(at + 2)
        : short === 127
          ? Number(this.#buffer.readBigUInt64BE(at + 2))
          : short;
    const start = at + head;
    if (length > BUFFER_BYTES - head) {
      this.#fail(`a message has ${length} bytes`);
      this.#socket.destroy();
      return undefined;
    }
    if (this.#filled - start < length) return undefined;
    const opcode = (this.#buffer[at] ?? 0) & 0x0f;
    if (opcode === OPCODE_TEXT) this.#readMessage(start, start + length);
    if (opcode === OPCODE_CLOSE) this.#fail('the server closed the stream');
    return start + length;
  }

  #readMessage(from: number, to: number): void {
    const nowMs = performance.now();
    const numbers = this.#numbers;
    let count = 0;
    const bytes = this.#reader.read(this.#buffer, from, to, (number, pcmAt) => {
      numbers[2 * count] = number;
      numbers[2 * count + 1] = pcmAt;
      count += 1;
    });
    if (bytes < 0) this.#readOther(from, to, nowMs);
    if (bytes <= 0) return;
    const startMs = this.#playout.take(bytes, nowMs);
    for (let at = 0; at < count; at++) {
      const number = numbers[2 * at] ?? 0;
      const sentAtMs = this.sentAtMs(number);
      const playedAtMs = startMs + (numbers[2 * at + 1] ?? 0) / BYTES_PER_MS;
      this.#listener.heard(number, nowMs - sentAtMs, playedAtMs - sentAtMs + FRAME_MS, at === count - 1);
    }
  }

  #readOther(from: number, to: number, nowMs: number): void {
    if (this.#buffer.subarray(from, Math.min(to, from + KIND_BYTES)).indexOf(STOP_AUDIO) < 0) return;
    this.#playout.stop();
    if (this.#sureAtMs !== undefined) this.#listener.stopped(nowMs - this.#sureAtMs);
    this.#sureAtMs = undefined;
  }
}

/** Words whose sixth frame makes it sure that somebody speaks, as `barge-in-script.ts` says. */
function spokenFrames(): MediaFrame[] {
  const samples = chatter((SPEECH_FRAMES * PCM_BYTES) / 2, 16_000, WORDS_SEED, { hasPauses: false });
  const pcm = Buffer.from(samples.buffer);
  return Array.from(
    { length: SPEECH_FRAMES },
    (_, i) => new MediaFrame(pcm.subarray(i * PCM_BYTES, (i + 1) * PCM_BYTES)),
  );
}

function upgradeRequest({ host, pathname, search }: URL, index: number): string {
  return [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    `x-ms-call-connection-id: 421f0b00-aaaa-bbbb-cccc-${String(index).padStart(12, '0')}`,
    '\r\n',
  ].join('\r\n');
}

/** A short text message of a client, masked with zeros. */
function textFrame(text: string): Buffer {
  const head = text.length < 126 ? [0x80 | text.length] : [0x80 | 126, text.length >> 8, text.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...head, 0, 0, 0, 0]), Buffer.from(text)]);
}
