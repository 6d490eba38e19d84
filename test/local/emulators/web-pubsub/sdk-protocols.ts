import {
  type WebPubSubClientProtocol,
  WebPubSubJsonProtocol,
  WebPubSubJsonReliableProtocol,
} from '@azure/web-pubsub-client';
import { protobufProtocol } from '../../../support/sdk-protobuf-protocol.ts';

/** A subprotocol, and how Microsoft's client is made to speak it. */
type SdkProtocol = readonly [name: string, protocol: () => WebPubSubClientProtocol];

/** Those that come with the client. */
export const JSON_PROTOCOLS: readonly SdkProtocol[] = [
  ['json.webpubsub.azure.v1', WebPubSubJsonProtocol],
  ['json.reliable.webpubsub.azure.v1', WebPubSubJsonReliableProtocol],
];

/** Those of protobuf, which it does not have. */
export const PROTOBUF_PROTOCOLS: readonly SdkProtocol[] = [
  ['protobuf.webpubsub.azure.v1', () => protobufProtocol('plain')],
  ['protobuf.reliable.webpubsub.azure.v1', () => protobufProtocol('reliable')],
];
