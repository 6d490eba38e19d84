/** Applies what one worker sends: queues its audio, runs its actions, and counts the rest. */
import { type AudioFormat, BYTES_PER_SAMPLE, bytesToMs } from '../../shared/audio/audio-format.ts';
import type { WorkerCodec } from '../../shared/call/plan.ts';
import type { WorkerAction } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneMessage } from '../lane/lane-connection.ts';
import type { CallPlayout } from './call-playout.ts';
import { ReplyReader } from './reply-reader.ts';
import type { PacketMark, SpeechKind, WorkerPlayout } from './worker-playout.ts';

export type PublishAction = Extract<WorkerAction, { type: 'publish' }>;
type PlayAction = Extract<WorkerAction, { type: 'play' }>;

interface WorkerRepliesOptions {
  readonly format: AudioFormat;
  readonly codec: WorkerCodec;
  readonly playout: CallPlayout;
  /** The worker's part in it. */
  readonly worker: WorkerPlayout;
  /**
   * Audio that answers an event is the whole answer, as of a worker that hears utterances; otherwise more follows it.
   */
  readonly answersWhole: boolean;
  /** A message or a part of it was not used. `reason`: a fixed text. */
  readonly onIgnored: (reason: string, count: number) => void;
  readonly onPublish: (action: PublishAction) => void;
  /** The worker could not handle the event that it answers. */
  readonly onFailed: () => void;
}

export interface ReplyCounts {
  readonly repliesPlayed: number;
  readonly repliesIgnored: number;
  /** Audio of the replies that were taken to be played; the report of the call says how much was dropped or cut. */
  readonly repliesPlayedMs: number;
  /** Audio of replies that was not taken: of an old turn, after the end, or without room for it. */
  readonly repliesIgnoredMs: number;
  /** Of that, what there was no room for; `audioMsDropped` of the call has it, too. */
  readonly repliesRefusedMs: number;
  readonly published: number;
}

export class WorkerReplies {
  readonly #options: WorkerRepliesOptions;
  readonly #reader: ReplyReader;
  #played = 0;
  #playedBytes = 0;
  #ignoredBytes = 0;
  #refusedBytes = 0;
  #ignored = 0;
  #published = 0;

  constructor(options: WorkerRepliesOptions) {
    this.#options = options;
    this.#reader = new ReplyReader(options.format, options.codec);
  }

  get counts(): ReplyCounts {
    const ms = (bytes: number): number => Math.round(bytesToMs(this.#options.format, bytes));
    return {
      repliesPlayed: this.#played,
      repliesIgnored: this.#ignored,
      repliesPlayedMs: ms(this.#playedBytes),
      repliesIgnoredMs: ms(this.#ignoredBytes),
      repliesRefusedMs: ms(this.#refusedBytes),
      published: this.#published,
    };
  }

  /** The lane is new, or the process that speaks: sequence numbers begin again. */
  restart(): void {
    this.#reader.restart();
  }

  /** Bound to this object, so that a lane can call it as it is. */
  readonly handle = (message: LaneMessage): void => {
    const reply = this.#reader.read(message);
    const isWhole = message.from === 'reply' && this.#options.answersWhole;
    switch (reply.kind) {
      case 'nothing':
        break;
      case 'ignored':
        this.#ignore(reply.reason);
        break;
      case 'audio':
        this.#play(reply.pcm, isWhole ? 'whole' : 'streamed', reply.turn, reply.packet);
        break;
      case 'actions':
        if (reply.ignored > 0) this.#ignore('unknown action', reply.ignored);
        for (const action of reply.actions) this.#act(action);
        break;
    }
  };

  #act(action: WorkerAction): void {
    switch (action.type) {
      case 'play':
        this.#playAction(action);
        break;
      case 'stop':
        this.#stop();
        break;
      case 'publish':
        this.#published += 1;
        this.#options.onPublish(action);
        break;
      case 'failed':
        this.#options.onFailed();
        break;
      case 'mark':
        this.#mark(action);
        break;
    }
  }

  #playAction(action: PlayAction): void {
    const pcm = Buffer.from(action.audio, 'base64');
    if (action.format !== this.#options.format) this.#ignore('another format than the call has');
    else if (pcm.byteLength % BYTES_PER_SAMPLE !== 0) this.#ignore('half a sample');
    else this.#play(pcm, 'whole', action.turn);
  }

  #stop(): void {
    const { playout, worker } = this.#options;
    const outcome = playout.stop(worker);
    if (outcome !== 'stopped') this.#ignore(outcome);
  }

  #mark({ data, turn }: Extract<WorkerAction, { type: 'mark' }>): void {
    const { playout, worker } = this.#options;
    const outcome = playout.mark(worker, data, turn);
    if (outcome !== 'marked') this.#ignore(outcome);
  }

  #play(pcm: Uint8Array, kind: SpeechKind, turn: number | undefined, packet?: PacketMark): void {
    const { playout, worker } = this.#options;
    const outcome = playout.play(worker, pcm, kind, turn, packet);
    if (outcome === 'taken') {
      this.#played += 1;
      this.#playedBytes += pcm.byteLength;
      return;
    }
    this.#ignoredBytes += pcm.byteLength;
    if (outcome === 'playout is full' || outcome === 'socket is full') this.#refusedBytes += pcm.byteLength;
    this.#ignore(outcome);
  }

  #ignore(reason: string, count = 1): void {
    this.#ignored += count;
    this.#options.onIgnored(reason, count);
  }
}
