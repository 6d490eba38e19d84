/**
 * The messages of the protobuf subprotocols for protobufjs, the judge between the product's codec and the emulator's.
 */
import protobuf from 'protobufjs';

const { root } = protobuf.parse(
  `
syntax = "proto3";
package azure.webpubsub;

message UpstreamMessage {
  oneof message {
    SendToGroupMessage send_to_group_message = 1;
    EventMessage event_message = 5;
    JoinGroupMessage join_group_message = 6;
    LeaveGroupMessage leave_group_message = 7;
    SequenceAckMessage sequence_ack_message = 8;
    PingMessage ping_message = 9;
  }
  message SendToGroupMessage {
    string group = 1;
    optional uint64 ack_id = 2;
    MessageData data = 3;
    optional bool no_echo = 4;
    optional uint32 ttl_seconds = 5;
    map<string, string> metadata = 6;
    StreamStartInfo stream = 7;
  }
  message EventMessage {
    string event = 1;
    MessageData data = 2;
    optional uint64 ack_id = 3;
    map<string, string> metadata = 4;
    StreamStartInfo stream = 5;
  }
  message JoinGroupMessage { string group = 1; optional uint64 ack_id = 2; }
  message LeaveGroupMessage { string group = 1; optional uint64 ack_id = 2; }
  message SequenceAckMessage { uint64 sequence_id = 1; }
  message PingMessage {}
  message StreamStartInfo { string stream_id = 1; optional uint32 idle_timeout_ms = 2; }
}

message DownstreamMessage {
  oneof message {
    AckMessage ack_message = 1;
    DataMessage data_message = 2;
    SystemMessage system_message = 3;
    PongMessage pong_message = 4;
  }
  message AckMessage {
    uint64 ack_id = 1;
    bool success = 2;
    optional ErrorMessage error = 3;
    message ErrorMessage { string name = 1; string message = 2; }
  }
  message DataMessage {
    string from = 1;
    optional string group = 2;
    MessageData data = 3;
    optional uint64 sequence_id = 4;
    map<string, string> metadata = 5;
  }
  message SystemMessage {
    oneof message {
      ConnectedMessage connected_message = 1;
      DisconnectedMessage disconnected_message = 2;
    }
    message ConnectedMessage { string connection_id = 1; string user_id = 2; optional string reconnection_token = 3; }
    message DisconnectedMessage { string reason = 2; }
  }
  message PongMessage {}
}

message MessageData {
  oneof data {
    string text_data = 1;
    bytes binary_data = 2;
    Any protobuf_data = 3;
    string json_data = 4;
  }
}

message Any { string type_url = 1; bytes value = 2; }
`,
  { keepCase: true },
);

export type ProtoName = 'UpstreamMessage' | 'DownstreamMessage' | 'Any';

/** Writes a message, its members named as in the definition. */
export function encodeProto(name: ProtoName, message: object): Uint8Array<ArrayBuffer> {
  const type = root.lookupType(`azure.webpubsub.${name}`);
  const problem = type.verify(message);
  if (problem !== null) throw new Error(`no ${name}: ${problem}`);
  return Uint8Array.from(type.encode(type.fromObject(message)).finish());
}

/** Reads a message; members that are not set are absent, 64-bit numbers are numbers, bytes are Buffers. */
export function decodeProto(name: ProtoName, bytes: Uint8Array): unknown {
  const type = root.lookupType(`azure.webpubsub.${name}`);
  return JSON.parse(
    JSON.stringify(type.toObject(type.decode(bytes), { longs: Number, bytes: String, defaults: false })),
  );
}
