import type {
  MediaStreamListener,
  MediaStreamOptions,
  MediaStreamReport,
  OpenMediaStream,
} from '../../../../local/emulators/acs/media/port.ts';

export interface FakeStream {
  readonly options: MediaStreamOptions;
  readonly listener: MediaStreamListener;
  readonly keys: string[];
  stopped: boolean;
}

const REPORT: MediaStreamReport = {
  framesSent: 3,
  framesDropped: 0,
  audioMessagesReceived: 0,
  samplesReceived: 0,
  samplesPlayed: 0,
  samplesFlushedByStop: 0,
  samplesOverflowed: 0,
  samplesTooLate: 0,
  stopAudioCount: 0,
  ignored: {},
  ownLatenessMs: { p99: 0, max: 0 },
  playoutQueueMs: 0,
  underruns: 0,
};

/**
 * Media sockets that do nothing by themselves: the test says when they start, fail or are closed by the application.
 */
export class FakeMedia {
  readonly streams: FakeStream[] = [];
  /** What happens to a stream as soon as it is opened. */
  onOpen: (stream: FakeStream) => void = ({ listener }) => listener.started();

  readonly open: OpenMediaStream = (options, listener) => {
    const stream: FakeStream = { options, listener, keys: [], stopped: false };
    this.streams.push(stream);
    this.onOpen(stream);
    return {
      sendDtmf: (key) => stream.keys.push(key),
      stop: () => {
        stream.stopped = true;
      },
      report: () => REPORT,
      closed: Promise.resolve(),
    };
  };
}
