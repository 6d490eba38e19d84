import { afterEach, describe, expect, it } from 'vitest';
import { CALL_ENDED, COMPLETED } from '../../../../../local/emulators/acs/call/results.ts';
import type { CallbackEvent } from '../../../../../local/emulators/acs/events/callback-event.ts';
import { CallbackOutbox, type SentEvent } from '../../../../../local/emulators/acs/events/callback-outbox.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { until } from '../../../../support/until.ts';
import {
  type Respond,
  startWebhookReceiver,
  type WebhookReceiver,
} from '../../../../support/webhook-receiver.ts';

const CONNECTED: CallbackEvent = { type: 'CallConnected', result: COMPLETED };
const DISCONNECTED: CallbackEvent = { type: 'CallDisconnected', result: CALL_ENDED };

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Setting {
  readonly webhook: WebhookReceiver;
  readonly clock: ManualClock;
  readonly outbox: CallbackOutbox;
  readonly sent: SentEvent[];
}

async function setUp(
  respond?: Respond,
  changes: { readonly repeatUnanswered?: boolean } = {},
): Promise<Setting> {
  const webhook = await startWebhookReceiver(respond);
  const clock = new ManualClock();
  const sent: SentEvent[] = [];
  let tokens = 0;
  const outbox = new CallbackOutbox({
    clock,
    tokens: { callbackToken: async () => `token-${++tokens}` },
    origin: { callConnectionId: 'c', serverCallId: 's', correlationId: 'r', version: 'v' },
    retryDelaysMs: [500, 1_500],
    answerLimitMs: 5_000,
    repeatUnanswered: false,
    ...changes,
    onSent: (event) => sent.push(event),
  });
  closers.push(
    () => outbox.close(),
    () => webhook.close(),
  );
  return { webhook, clock, outbox, sent };
}

/** Lets everything go on that waits for neither the network nor the clock; an attempt under way has a timer then. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function typeOf(body: string): string {
  return JSON.parse(body)[0].type.replace('Microsoft.Communication.', '');
}

describe('the callbacks of a call', () => {
  it('are posted each alone, in an array of one, with a token of its own', async () => {
    const { webhook, outbox } = await setUp();
    outbox.post(webhook.url, CONNECTED);
    outbox.post(webhook.url, {
      type: 'ParticipantsUpdated',
      data: { sequenceNumber: 1, participants: [] },
      result: COMPLETED,
    });
    await until(() => webhook.requests.length === 2, 'both events');
    for (const { body, headers } of webhook.requests) {
      expect(JSON.parse(body)).toHaveLength(1);
      expect(headers['content-type']).toMatch(/^application\/json/);
    }
    expect(webhook.requests.map(({ headers }) => headers.authorization).sort()).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  it('are repeated with the same id and body until they are accepted', async () => {
    const { webhook, clock, outbox, sent } = await setUp((_, response, index) => {
      response.writeHead(index === 0 ? 500 : 204).end();
    });
    outbox.post(webhook.url, CONNECTED);
    await until(() => clock.pending()[0] === 500, 'the repetition to be 500 ms away');
    clock.advance(500);
    await until(() => sent[0]?.result === 204, 'the second attempt');
    expect(webhook.requests).toHaveLength(2);
    expect(webhook.requests[1]?.body).toBe(webhook.requests[0]?.body);
    expect(sent).toMatchObject([{ type: 'CallConnected', attempts: 2, result: 204 }]);
    expect(clock.pending(), 'nothing is left to do').toEqual([]);
  });

  it('are given up after as many attempts as there are delays, and one', async () => {
    const { webhook, clock, outbox, sent } = await setUp((_, response) => response.writeHead(302).end());
    outbox.post(webhook.url, CONNECTED);
    for (const delayMs of [500, 1_500]) {
      await until(() => clock.pending()[0] === delayMs, `the repetition to be ${delayMs} ms away`);
      clock.advance(delayMs);
    }
    await until(() => sent[0]?.attempts === 3 && clock.pending().length === 0, 'the last attempt');
    expect(sent[0]?.result).toBe(302);
  });

  it('are not repeated when they were taken and nobody answers', async () => {
    const { webhook, clock, outbox, sent } = await setUp(() => {});
    outbox.post(webhook.url, CONNECTED);
    await until(() => webhook.requests.length === 1, 'the first attempt');
    clock.advance(5_000);
    await until(() => sent[0]?.result === 'timeout', 'the time-out');
    await settled();
    expect(clock.pending(), 'nothing is left to do').toEqual([]);
  });

  it('are repeated when the connection is lost before the answer', async () => {
    const { webhook, clock, outbox, sent } = await setUp((_, response, index) => {
      if (index === 0) response.socket?.destroy();
      else response.writeHead(200).end();
    });
    outbox.post(webhook.url, CONNECTED);
    await until(() => sent[0]?.result === 'unreachable' && clock.pending()[0] === 500, 'the repetition');
    clock.advance(500);
    await until(() => sent[0]?.result === 200, 'the second attempt');
  });

  it('are repeated without an answer where that is asked for', async () => {
    const respond: Respond = (_, response, index) => {
      if (index > 0) response.writeHead(200).end();
    };
    const { webhook, clock, outbox, sent } = await setUp(respond, { repeatUnanswered: true });
    outbox.post(webhook.url, CONNECTED);
    await until(() => webhook.requests.length === 1, 'the first attempt');
    clock.advance(5_000);
    await until(() => sent[0]?.result === 'timeout' && clock.pending()[0] === 500, 'the time-out');
    clock.advance(500);
    await until(() => sent[0]?.result === 200, 'the repetition');
  });

  it('end with the last one: nothing is repeated or begun after it', async () => {
    const { webhook, clock, outbox } = await setUp(({ body }, response) => {
      response.writeHead(typeOf(body) === 'CallDisconnected' ? 200 : 500).end();
    });
    outbox.post(webhook.url, CONNECTED);
    await until(() => clock.pending()[0] === 500, 'the repetition to be 500 ms away');
    await outbox.postLast(webhook.url, DISCONNECTED);
    outbox.post(webhook.url, CONNECTED);
    clock.advance(60_000);
    await settled();
    expect(clock.pending(), 'no attempt is under way').toEqual([]);
    expect(webhook.requests.map(({ body }) => typeOf(body))).toEqual(['CallConnected', 'CallDisconnected']);
  });

  it('hold the last one back while an earlier one waits for its answer', async () => {
    const open: (() => void)[] = [];
    const { webhook, clock, outbox } = await setUp((_, response) =>
      open.push(() => response.writeHead(200).end()),
    );
    outbox.post(webhook.url, CONNECTED);
    await until(() => open.length === 1, 'the first event');
    const last = outbox.postLast(webhook.url, DISCONNECTED);
    await settled();
    expect(clock.pending(), 'the limits of the first event and of waiting for it').toHaveLength(2);
    open[0]?.();
    await until(() => open.length === 2, 'the last event');
    open[1]?.();
    await last;
    expect(webhook.requests.map(({ body }) => typeOf(body))).toEqual(['CallConnected', 'CallDisconnected']);
  });

  it('hold the last one back no longer than two seconds', async () => {
    const { webhook, clock, outbox } = await setUp(({ body }, response) => {
      if (typeOf(body) === 'CallDisconnected') response.writeHead(200).end();
    });
    outbox.post(webhook.url, CONNECTED);
    await until(() => webhook.requests.length === 1, 'the first event');
    const last = outbox.postLast(webhook.url, DISCONNECTED);
    clock.advance(2_000);
    await last;
    expect(webhook.requests.map(({ body }) => typeOf(body))).toEqual(['CallConnected', 'CallDisconnected']);
  });

  it('repeat the last one as any other', async () => {
    const { webhook, clock, outbox } = await setUp((_, response, index) => {
      response.writeHead(index === 0 ? 503 : 200).end();
    });
    const last = outbox.postLast(webhook.url, DISCONNECTED);
    await until(() => clock.pending()[0] === 500, 'the repetition to be 500 ms away');
    clock.advance(500);
    await last;
    expect(webhook.requests).toHaveLength(2);
  });

  it('stop at once when closed', async () => {
    const { webhook, clock, outbox } = await setUp(() => {});
    outbox.post(webhook.url, CONNECTED);
    await until(() => webhook.requests.length === 1, 'the first attempt');
    outbox.close();
    outbox.close();
    outbox.post(webhook.url, CONNECTED);
    await until(() => clock.pending().length === 0, 'every timer to be cancelled');
    expect(webhook.requests).toHaveLength(1);
  });
});
