import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { LaneMessage } from '../../../relay/lane/lane-connection.ts';
import { webPubSubLanes } from '../../../relay/web-pubsub/web-pubsub-lane.ts';
import { msToBytes } from '../../../shared/audio/audio-format.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { UTTERANCE_MS } from '../../../shared/call/plan.ts';
import { formatRtp, PAYLOAD_TYPE, parseRtp } from '../../../shared/wire/lane/rtp.ts';
import { noise } from '../../support/signals.ts';
import { until } from '../../support/until.ts';
import { webPubSubFixture } from '../web-pubsub/web-pubsub-fixture.ts';

it('passes the longest utterance at the highest rate to a worker, and all of it back', async () => {
  const { webPubSub, webhook } = await webPubSubFixture();
  const received: LaneMessage[] = [];
  const answered = Promise.withResolvers<boolean>();
  const lane = webPubSubLanes({ access: webPubSub, clock: systemClock, log: pino({ level: 'silent' }) })(
    { callId: '0123456789abcdef', worker: 'echo' },
    {
      // Its bytes are not kept.
      message: (message) =>
        received.push(
          message.type === 'binary' ? { ...message, bytes: new Uint8Array(message.bytes) } : message,
        ),
      settled: answered.resolve,
      control: () => {},
      closed: () => {},
    },
  );
  onTestFinished(() => lane.stop());
  await lane.start();
  const samples = noise(msToBytes('pcm24KMono', UTTERANCE_MS.maxMs.max) / 2, 5);
  const payload = new Uint8Array(samples.buffer);
  const header = {
    payloadType: PAYLOAD_TYPE.pcm24KMono,
    marker: true,
    sequenceNumber: 0,
    timestamp: 0,
    ssrc: 0,
  };
  lane.sendAudio(formatRtp({ ...header, payload }));
  expect(await answered.promise, 'the event is acknowledged').toBe(true);
  expect(webhook.events.at(-1)?.body.byteLength).toBe(payload.byteLength + 12);
  const reply = await until(() => received[0], 'the reply');
  if (reply.type !== 'binary') throw new Error(`expected a binary reply, not ${reply.type}`);
  expect(Buffer.from(parseRtp(reply.bytes).payload).equals(Buffer.from(payload))).toBe(true);
  expect(payload.byteLength, 'and the limit is not far').toBeGreaterThan(700_000);
});
