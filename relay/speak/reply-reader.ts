/** Reads what a worker sends: RTP packets to be played, or JSON actions. What is unusable is named, never thrown. */
import { type AudioFormat, BYTES_PER_SAMPLE } from '../../shared/audio/audio-format.ts';
import type { WorkerCodec } from '../../shared/call/plan.ts';
import {
  PAYLOAD_TYPE,
  PCMU_PAYLOAD_TYPE,
  parseRtp,
  RtpError,
  type RtpPacket,
} from '../../shared/wire/lane/rtp.ts';
import { parseWorkerActions, type WorkerAction } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneMessage, LaneMessageSource } from '../lane/lane-connection.ts';
import { PcmuReplies } from './pcmu-replies.ts';
import { SeenPackets } from './seen-packets.ts';

export type Reply =
  /** `turn`: the one that the audio says it answers. */
  | { readonly kind: 'audio'; readonly pcm: Uint8Array; readonly turn: number }
  | { readonly kind: 'actions'; readonly actions: readonly WorkerAction[]; readonly ignored: number }
  /** The packet says that there is nothing to play. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'ignored'; readonly reason: string };

export class ReplyReader {
  readonly #format: AudioFormat;
  /** Set for a worker that speaks PCMU; it may send audio in the format of the call all the same. */
  readonly #pcmu: PcmuReplies | undefined;
  readonly #seen: Readonly<Record<LaneMessageSource, SeenPackets>> = {
    reply: new SeenPackets(),
    group: new SeenPackets(),
  };

  constructor(format: AudioFormat, codec: WorkerCodec = 'pcm16') {
    this.#format = format;
    this.#pcmu = codec === 'pcmu' ? new PcmuReplies(format) : undefined;
  }

  read(message: LaneMessage): Reply {
    switch (message.type) {
      case 'binary':
        return this.#readPacket(message.from, message.bytes);
      case 'json':
        return readActions(message.value);
      case 'text':
        return ignored('text instead of audio or JSON');
    }
  }

  /** The lane is new: its sequence numbers begin again. */
  restart(): void {
    this.#seen.reply.forget();
    this.#seen.group.forget();
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
    if (this.#isRepeated(from, packet)) return ignored('the same RTP packet again');
    if (packet.payload.byteLength === 0) return { kind: 'nothing' };
    return { kind: 'audio', pcm: pcmu?.decode(packet) ?? packet.payload, turn: packet.ssrc };
  }

  #isRepeated(from: LaneMessageSource, packet: RtpPacket): boolean {
    return this.#seen[from].isRepeated(packet);
  }
}

function readActions(value: unknown): Reply {
  const { actions, ignored: unknown } = parseWorkerActions(value);
  return actions.length === 0 && unknown > 0
    ? ignored('JSON without known actions')
    : { kind: 'actions', actions, ignored: unknown };
}

function ignored(reason: string): Reply {
  return { kind: 'ignored', reason };
}
