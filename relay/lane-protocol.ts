/**
 * The subprotocol `json.reliable.webpubsub.azure.v1` as the official client has it, with three differences for lanes:
 * audio is written by hand, since JSON.stringify of audio costs more than everything else; a message that cannot be read is
 * ignored instead of thrown into the socket's event handler; and it tells when the service has (re)connected the client.
 */
import {
  type WebPubSubClientProtocol,
  WebPubSubJsonReliableProtocol,
  type WebPubSubMessage,
} from '@azure/web-pubsub-client';

export function laneProtocol(hooks: { connected(): void; unreadable(): void }): WebPubSubClientProtocol {
  const official = WebPubSubJsonReliableProtocol();
  return {
    name: official.name,
    isReliableSubProtocol: official.isReliableSubProtocol,
    parseMessages(input): WebPubSubMessage[] | WebPubSubMessage | null {
      let messages: WebPubSubMessage[] | WebPubSubMessage | null;
      try {
        messages = official.parseMessages(input);
      } catch {
        hooks.unreadable();
        return null;
      }
      if (messages !== null && !Array.isArray(messages) && messages.kind === 'connected') hooks.connected();
      return messages;
    },
    writeMessage: (message) => writeAudioEvent(message) ?? official.writeMessage(message),
  };
}

/** A binary event in JSON, or undefined for anything else. Event names are worker names and need no escapes. */
function writeAudioEvent(message: WebPubSubMessage): string | undefined {
  if (message.kind !== 'sendEvent' || message.dataType !== 'binary') return undefined;
  if (!(message.data instanceof ArrayBuffer) || message.ackId === undefined) return undefined;
  const base64 = Buffer.from(message.data).toString('base64');
  return `{"type":"event","event":"${message.event}","ackId":${message.ackId},"dataType":"binary","data":"${base64}"}`;
}
