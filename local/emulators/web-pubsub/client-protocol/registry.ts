import type { ClientCodec } from '../hub/client-codec.ts';
import { JsonCodec } from './json-codec.ts';
import { type JsonField, ProtobufCodec } from './protobuf-codec.ts';

/** The subprotocols of this service. */
export class CodecRegistry {
  readonly #codecs: readonly ClientCodec[];

  /** @param protobufJson which field JSON comes in for protobuf clients */
  constructor(protobufJson: JsonField) {
    this.#codecs = [
      new JsonCodec('json.webpubsub.azure.v1', false),
      new JsonCodec('json.reliable.webpubsub.azure.v1', true),
      new ProtobufCodec('protobuf.webpubsub.azure.v1', false, protobufJson),
      new ProtobufCodec('protobuf.reliable.webpubsub.azure.v1', true, protobufJson),
    ];
  }

  codecFor(subprotocol: string): ClientCodec | undefined {
    return this.#codecs.find((codec) => codec.subprotocol === subprotocol.toLowerCase());
  }

  /** The first subprotocol that the client offers and the emulator speaks. */
  firstSupported(offered: readonly string[]): ClientCodec | undefined {
    for (const subprotocol of offered) {
      const codec = this.codecFor(subprotocol);
      if (codec !== undefined) return codec;
    }
    return undefined;
  }
}
