import { describe, expect, it } from 'vitest';
import { MAX_MESSAGE_DATA_CHARS } from '../../../../shared/wire/lane/worker-messages.ts';
import {
  CALL_CONTROL_LIFETIME_MS,
  type CallControlMessage,
  callControlPublisher,
  readCallControl,
} from '../../../../shared/wire/relay/call-control-messages.ts';
import { sealTicket } from '../../../../shared/wire/signed/ticket.ts';

const CALL_ID = '0123456789abcdef';
const KEY = 'a ticket key of at least thirty-two bytes';
const NOW = Date.UTC(2026, 0, 1);

const MESSAGES: readonly CallControlMessage[] = [
  { type: 'attach', worker: { name: 'scribe', listen: { mode: 'chunk', ms: 100 }, speaks: false } },
  { type: 'detach', worker: 'scribe' },
  { type: 'message', data: { any: ['json', 1, null] } },
  { type: 'message', worker: 'scribe', data: 'text' },
];

async function published(message: CallControlMessage): Promise<{ group: string; body: object }> {
  const sent: { group: string; body: object }[] = [];
  const publish = callControlPublisher({
    publish: async (group, body) => void sent.push({ group, body }),
    ticketKey: KEY,
    nowMs: () => NOW,
    newId: () => 'id-1',
  });
  await publish(CALL_ID, message);
  const [only] = sent;
  if (only === undefined || sent.length !== 1) throw new Error('one message is published');
  return only;
}

describe('a control message', () => {
  it.each(MESSAGES)('is published in the control group of its call and read back: $type', async (message) => {
    const { group, body } = await published(message);
    expect(group).toBe(`call.${CALL_ID}.control`);
    expect(await readCallControl(JSON.parse(JSON.stringify(body)), CALL_ID, [KEY], NOW)).toEqual({
      id: 'id-1',
      message,
    });
  });

  it.each([
    { what: 'another call', callId: 'fedcba9876543210', key: KEY, at: NOW, reason: 'another call' },
    { what: 'another key', callId: CALL_ID, key: 'x'.repeat(32), at: NOW, reason: 'bad signature' },
    {
      what: 'a later time',
      callId: CALL_ID,
      key: KEY,
      at: NOW + CALL_CONTROL_LIFETIME_MS.longest,
      reason: 'expired',
    },
  ])('is refused for $what', async ({ callId, key, at, reason }) => {
    const { body } = await published(MESSAGES[1] ?? { type: 'detach', worker: 'x' });
    await expect(readCallControl(body, callId, [key], at)).rejects.toMatchObject({ reason });
  });

  it('cannot be made of a ticket, which anybody between ACS and the relay may have seen', async () => {
    const plan = {
      format: 'pcm16KMono',
      channels: 'mixed',
      startStreaming: true,
      dtmf: true,
      workers: [],
    } as const;
    const control = await sealTicket(
      { callId: CALL_ID, from: 'a', to: 'b', plan, expiresAtMs: NOW + 60_000 },
      KEY,
      NOW,
    );
    await expect(readCallControl({ control }, CALL_ID, [KEY], NOW)).rejects.toMatchObject({
      reason: 'malformed',
    });
  });

  it('is not published when it is no message', async () => {
    const long = { type: 'message', data: 'x'.repeat(MAX_MESSAGE_DATA_CHARS) } as const;
    await expect(published(long)).rejects.toThrow(`at most ${MAX_MESSAGE_DATA_CHARS} characters`);
    await expect(published({ type: 'detach', worker: 'No Name' })).rejects.toThrow();
  });
});
