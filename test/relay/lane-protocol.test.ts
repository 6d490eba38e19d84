import { WebPubSubJsonReliableProtocol, type WebPubSubMessage } from '@azure/web-pubsub-client';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { laneProtocol } from '../../relay/lane-protocol.ts';

const official = WebPubSubJsonReliableProtocol();

function protocol() {
  const hooks = { connected: vi.fn(), unreadable: vi.fn() };
  return { ...hooks, ...laneProtocol(hooks) };
}

describe('the subprotocol of lanes', () => {
  it('is the official one by name', () => {
    expect(protocol()).toMatchObject({ name: official.name, isReliableSubProtocol: true });
  });

  it('writes audio as the official client does', () => {
    return fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.nat(), (bytes, ackId) => {
        const data = new Uint8Array(bytes).buffer;
        const message: WebPubSubMessage = {
          kind: 'sendEvent',
          event: 'echo',
          dataType: 'binary',
          data,
          ackId,
        };
        expect(JSON.parse(String(protocol().writeMessage(message)))).toEqual(
          JSON.parse(String(official.writeMessage(message))),
        );
      }),
    );
  });

  it('leaves everything else to the official one', () => {
    const messages: WebPubSubMessage[] = [
      { kind: 'sendEvent', event: 'echo', dataType: 'json', data: { type: 'dtmf', tone: '1' }, ackId: 3 },
      { kind: 'sequenceAck', sequenceId: 7 },
      { kind: 'ping' },
    ];
    for (const message of messages) {
      expect(protocol().writeMessage(message)).toBe(official.writeMessage(message));
    }
  });

  it('reads what the service sends, and says when it has connected', () => {
    const { parseMessages, connected } = protocol();
    const group =
      '{"type":"message","from":"group","group":"g","dataType":"binary","data":"AQI=","sequenceId":1}';
    expect(parseMessages(group)).toEqual(official.parseMessages(group));
    expect(connected).not.toHaveBeenCalled();
    parseMessages('{"type":"system","event":"connected","connectionId":"c","reconnectionToken":"t"}');
    expect(connected).toHaveBeenCalledOnce();
  });

  it('ignores what it cannot read instead of throwing into the socket', () => {
    const { parseMessages, unreadable } = protocol();
    const texts = ['', 'x', 'null', '{"type":"message","from":"server","dataType":"text","data":1}'];
    for (const text of texts) expect(parseMessages(text)).toBeNull();
    expect(unreadable).toHaveBeenCalledTimes(texts.length);
  });
});
