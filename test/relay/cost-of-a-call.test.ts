import { expect, it } from 'vitest';
import { HUB } from '../../shared/wire/names.ts';
import { until } from '../support/until.ts';
import { call, heard, say, speech, webPubSubFixture } from './web-pubsub/web-pubsub-fixture.ts';

const FRAMES_A_CHUNK = 5;
/** 2 s of a caller who speaks and hears it back; a minute has 30 times as much. */
const CHUNKS = 20;
const A_MINUTE = 600 / CHUNKS;

it('a minute of audio in chunks of 100 ms, heard and answered, is 1,200 messages: 1,890 units by the sum of bytes, 2,400 by the message', async () => {
  const there = await webPubSubFixture();
  const { acs } = await call(there);
  let saidBytes = 0;
  // The echo comes back at the pace of speech, maybe in pieces. Only when all of it is heard is nothing left that the
  // next chunk could be taken together with.
  const say100Ms = async (chunk: number): Promise<void> => {
    const pcm = speech(FRAMES_A_CHUNK, chunk * FRAMES_A_CHUNK);
    saidBytes += pcm.byteLength;
    say(acs, pcm);
    await until(() => heard(acs).length === saidBytes, `the echo of chunk ${chunk}`);
  };
  // The first chunk finds the lane, its worker and the worker's state ready.
  await say100Ms(0);
  there.service.meter.reset();
  for (let chunk = 1; chunk <= CHUNKS; chunk += 1) await say100Ms(chunk);
  const { events, messages, outbound } =
    there.service.meter.report().hubs[HUB] ?? expect.unreachable('no meter');
  expect(outbound.messages * A_MINUTE).toBe(1_200);
  expect(events).toMatchObject({ messages: CHUNKS, unitsRoundedUp: 2 * CHUNKS });
  expect(messages).toMatchObject({ messages: CHUNKS, unitsRoundedUp: 2 * CHUNKS });
  expect(outbound.unitsRoundedUp * A_MINUTE, 'each message rounded up').toBe(2_400);
  expect(outbound.units * A_MINUTE, 'the bytes summed first').toBe(1_890);
});
