/** Reads what a worker sends: RTP packets with audio, or JSON actions. Names what it cannot use; never throws. */
import { AUDIO_FORMATS, type AudioFormat, BYTES_PER_SAMPLE } from '../../shared/audio/audio-format.ts';
import { decodePcmu, PCMU_RATE_HZ } from '../../shared/audio/pcmu.ts';
import type { WorkerCodec } from '../../shared/call/plan.ts';
import {
  PAYLOAD_TYPE,
  PCMU_PAYLOAD_TYPE,
  parseRtp,
  RtpError,
  type RtpPacket,
} from '../../shared/wire/lane/rtp.ts';
import { parseWorkerActions, type WorkerAction } from '../../shared/wire/lane/worker-messages.ts';
import { Interpolator } from '../audio/rate-converter.ts';
import type { LaneMessage, LaneMessageSource } from '../lane/lane-connection.ts';
import type { PacketMark } from './worker-playout.ts';

type Reply =
  /** PCM16 in the call's format. `turn`: the turn that the audio says it answers. */
  | {
      readonly kind: 'audio';
      readonly pcm: Uint8Array;
      readonly turn: number;
      readonly packet: PacketMark;
    }
  | { readonly kind: 'actions'; readonly actions: readonly WorkerAction[]; readonly ignored: number }
  /** The packet says that there is nothing to play. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'ignored'; readonly reason: string };

export class ReplyReader {
  readonly #format: AudioFormat;
  /** Set for a worker that speaks PCMU; it may send audio in the call's format all the same. */
  readonly #pcmu: PcmuReplies | undefined;
  readonly #seen = seenOfEachSource();
  readonly #seenActions = seenOfEachSource();

  constructor(format: AudioFormat, codec: WorkerCodec = 'pcm16') {
    this.#format = format;
    this.#pcmu = codec === 'pcmu' ? new PcmuReplies(format) : undefined;
  }

  read(message: LaneMessage): Reply {
    switch (message.type) {
      case 'binary':
        return this.#readPacket(message.from, message.bytes);
      case 'json':
        return this.#readActions(message.from, message.value);
      case 'text':
        return ignored('text instead of audio or JSON');
    }
  }

  /** The lane is new, or the process that speaks: sequence numbers begin again. */
  restart(): void {
    for (const seen of [this.#seen, this.#seenActions]) {
      seen.reply.forget();
      seen.group.forget();
    }
  }

  #readActions(from: LaneMessageSource, value: unknown): Reply {
    const { actions, ignored: unknown, number } = parseWorkerActions(value);
    if (actions.length === 0 && unknown > 0) return ignored('JSON without known actions');
    // Older workers give no number.
    const isRepeated =
      number !== undefined &&
      this.#seenActions[from].isRepeated({ ssrc: 0, sequenceNumber: number, timestamp: 0 });
    return isRepeated ? ignored('the same actions again') : { kind: 'actions', actions, ignored: unknown };
  }

  #readPacket(from: LaneMessageSource, bytes: Uint8Array): Reply {
    let packet: RtpPacket;
    try {
      packet = parseRtp(bytes);
    } catch (error) {
      if (error instanceof RtpError) return ignored('not an RTP packet');
      throw error;
    }
    const pcmu = packet.payloadType === PCMU_PAYLOAD_TYPE ? this.#pcmu : undefined;
    if (pcmu === undefined && packet.payloadType !== PAYLOAD_TYPE[this.#format])
      return ignored('another payload type than the call has');
    if (pcmu === undefined && packet.payload.byteLength % BYTES_PER_SAMPLE !== 0)
      return ignored('half a sample');
    if (this.#seen[from].isRepeated(packet)) return ignored('the same RTP packet again');
    if (packet.payload.byteLength === 0) return { kind: 'nothing' };
    return {
      kind: 'audio',
      pcm: pcmu?.decode(packet) ?? packet.payload,
      turn: packet.ssrc,
      packet: { number: packet.sequenceNumber, isFirst: packet.marker },
    };
  }
}

/**
 * What one worker says in PCMU, as PCM16 in the call's format. Packets that follow one another join without a click.
 */
class PcmuReplies {
  readonly #interpolator: Interpolator;

  constructor(format: AudioFormat) {
    this.#interpolator = new Interpolator(AUDIO_FORMATS[format].sampleRateHz / PCMU_RATE_HZ);
  }

  decode({ payload, marker }: RtpPacket): Uint8Array {
    if (marker) this.#interpolator.reset();
    return new Uint8Array(this.#interpolator.convert(decodePcmu(payload)).buffer);
  }
}

/** How many packets are remembered. Ten minutes of speech are 63. */
const REMEMBERED = 128;
/** SSRC, sequence number and timestamp. */
const FIELDS = 3;

/**
 * Recognises an RTP packet that comes twice, among the last ones of a source. Plain numbers: it searches them with
 * every packet.
 */
class SeenPackets {
  #fields: Uint32Array | undefined;
  #count = 0;

  isRepeated({
    ssrc,
    sequenceNumber,
    timestamp,
  }: Omit<RtpPacket, 'payload' | 'payloadType' | 'marker'>): boolean {
    this.#fields ??= new Uint32Array(REMEMBERED * FIELDS);
    const fields = this.#fields;
    const end = Math.min(this.#count, REMEMBERED) * FIELDS;
    for (let at = 0; at < end; at += FIELDS) {
      if (fields[at + 2] === timestamp && fields[at + 1] === sequenceNumber && fields[at] === ssrc)
        return true;
    }
    const next = (this.#count % REMEMBERED) * FIELDS;
    fields[next] = ssrc;
    fields[next + 1] = sequenceNumber;
    fields[next + 2] = timestamp;
    this.#count += 1;
    return false;
  }

  forget(): void {
    this.#count = 0;
  }
}

function seenOfEachSource(): Readonly<Record<LaneMessageSource, SeenPackets>> {
  return { reply: new SeenPackets(), group: new SeenPackets() };
}

function ignored(reason: string): Reply {
  return { kind: 'ignored', reason };
}
