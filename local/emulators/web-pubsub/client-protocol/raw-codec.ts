import {
  type ClientCodec,
  type ClientRequest,
  type Frame,
  type MessageOrigin,
  type PreparedMessage,
  viewOf,
} from '../hub/client-codec.ts';
import type { MessageData, Payload } from '../hub/payload.ts';
import type { SimpleClientMode } from './simple-client-mode.ts';

/** The name of the user event that every frame of a client in `sendEvent` mode is. */
const MESSAGE_EVENT = 'message';

/**
 * Simple clients: WebSockets without a subprotocol of the service, or with one of the application's own. A frame is a
 * payload and nothing else, in both directions: no envelope, so no acks, no `connected`, no sequence ids, no group
 * name, no sender, no metadata.
 */
export class RawCodec implements ClientCodec {
  readonly subprotocol: string;
  readonly reliable = false;
  readonly onFailure = 'close';
  readonly #mode: SimpleClientMode;

  /** @param subprotocol the application's own that was selected, or empty */
  constructor(mode: SimpleClientMode, subprotocol: string) {
    this.#mode = mode;
    this.subprotocol = subprotocol;
  }

  parse(frame: Frame): ClientRequest {
    const payload: Payload = frame.binary
      ? { dataType: 'binary', bytes: frame.bytes }
      : { dataType: 'text', text: viewOf(frame.bytes).toString('utf8') };
    switch (this.#mode.mode) {
      case 'sendEvent':
        return { type: 'event', event: MESSAGE_EVENT, data: { payload } };
      case 'sendToGroup': {
        const { group, noEcho } = this.#mode;
        return { type: 'sendToGroup', group, data: { payload }, noEcho };
      }
    }
  }

  connected(): undefined {}

  disconnected(): undefined {}

  ack(): undefined {}

  pong(): undefined {}

  prepare(_origin: MessageOrigin, data: MessageData): PreparedMessage {
    const frame = frameOf(data.payload);
    return { frame: () => frame };
  }
}

function frameOf(payload: Payload): Frame {
  switch (payload.dataType) {
    case 'text':
      return { bytes: Buffer.from(payload.text), binary: false };
    case 'json':
      return { bytes: Buffer.from(payload.json), binary: false };
    case 'binary':
    case 'protobuf':
      return { bytes: payload.bytes, binary: true };
  }
}
