/** What one worker sends, carried out: audio and actions go to its voice in the call, the rest is counted and ignored. */
import { type AudioFormat, BYTES_PER_SAMPLE, bytesToMs } from '../../shared/audio/audio-format.ts';
import type { WorkerCodec } from '../../shared/call/plan.ts';
import type { WorkerAction } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneMessage } from '../lane/lane-connection.ts';
import { ReplyReader } from './reply-reader.ts';
import type { SpeechKind, Voice } from './worker-playout.ts';

export type PublishAction = Extract<WorkerAction, { type: 'publish' }>;
type PlayAction = Extract<WorkerAction, { type: 'play' }>;

export interface WorkerRepliesOptions {
  readonly format: AudioFormat;
  readonly codec: WorkerCodec;
  readonly voice: Voice;
  /** Audio that answers an event is all that is said, as of a worker that hears utterances; otherwise more is to follow it. */
  readonly answersWhole: boolean;
  /** Told of what was not used, by a fixed text. */
  readonly onIgnored: (reason: string, count: number) => void;
  readonly onPublish: (action: PublishAction) => void;
  /** The worker could not handle the event that it is answering. */
  readonly onFailed: () => void;
}

export interface ReplyCounts {
  readonly repliesPlayed: number;
  readonly repliesIgnored: number;
  /** Audio of the replies that were taken to be played; it is played, dropped or cut, as the report of the call tells. */
  readonly repliesPlayedMs: number;
  /** Audio of replies that was not taken: of an old turn, after the end, or without room for it. */
  readonly repliesIgnoredMs: number;
  readonly published: number;
}

export class WorkerReplies {
  readonly #options: WorkerRepliesOptions;
  readonly #reader: ReplyReader;
  #played = 0;
  #playedBytes = 0;
  #ignoredBytes = 0;
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
      published: this.#published,
    };
  }

  /** The lane is new: its sequence numbers begin again. */
  restart(): void {
    this.#reader.restart();
  }

  handle(message: LaneMessage): void {
    const reply = this.#reader.read(message);
    switch (reply.kind) {
      case 'nothing':
        break;
      case 'ignored':
        this.#ignore(reply.reason);
        break;
      case 'audio':
        this.#speak(reply.pcm, this.#kindOf(message), reply.turn);
        break;
      case 'actions':
        if (reply.ignored > 0) this.#ignore('unknown action', reply.ignored);
        for (const action of reply.actions) this.#act(action);
        break;
    }
  }

  #kindOf(message: LaneMessage): SpeechKind {
    return message.from === 'reply' && this.#options.answersWhole ? 'whole' : 'streamed';
  }

  #act(action: WorkerAction): void {
    switch (action.type) {
      case 'play':
        this.#play(action);
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
    }
  }

  #play(action: PlayAction): void {
    const pcm = Buffer.from(action.audio, 'base64');
    if (action.format !== this.#options.format) this.#ignore('another format than the call has');
    else if (pcm.byteLength % BYTES_PER_SAMPLE !== 0) this.#ignore('half a sample');
    else this.#speak(pcm, 'whole', action.turn);
  }

  #stop(): void {
    const outcome = this.#options.voice.stop();
    if (outcome !== 'stopped') this.#ignore(outcome);
  }

  #speak(pcm: Uint8Array, kind: SpeechKind, turn: number | undefined): void {
    const outcome = this.#options.voice.speak(pcm, kind, turn);
    if (outcome === 'taken') {
      this.#played += 1;
      this.#playedBytes += pcm.byteLength;
      return;
    }
    this.#ignoredBytes += pcm.byteLength;
    this.#ignore(outcome);
  }

  #ignore(reason: string, count = 1): void {
    this.#ignored += count;
    this.#options.onIgnored(reason, count);
  }
}
