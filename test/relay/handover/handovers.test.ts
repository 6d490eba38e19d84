import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { CallOverError, type HandoverClient } from '../../../relay/handover/handover-client.ts';
import { Handovers } from '../../../relay/handover/handovers.ts';
import { openHandover, type StreamHandover } from '../../../shared/wire/relay/stream-handover.ts';
import type { ProvableCall } from '../../../shared/wire/signed/relay-proof.ts';
import { until } from '../../support/until.ts';

const FRESH_TICKET_MS = 1_000;

const KEY = 'a ticket key of at least thirty-two bytes';
const NEW_KEY = 'the ticket key that came after the first one';
const CALL = { callId: '0123456789abcdef', ticketKey: KEY };
const NOW_MS = 1_800_000_000_000;
const LANES = { echo: { connectionId: 'c-1', reconnectionToken: 'secret-token' } };

const handover = (streams: number): StreamHandover => ({ streams, workers: [], lanes: {} });

/** The control app, whose answers can be held back. */
class Control implements HandoverClient {
  readonly kept = new Map<string, string>();
  readonly asked: string[] = [];
  isDown = false;
  isOver = false;
  hold: Promise<void> = Promise.resolve();

  async get({ callId }: ProvableCall): Promise<string | undefined> {
    this.asked.push('get');
    if (this.isDown) throw new Error('down');
    if (this.isOver) throw new CallOverError('over');
    return this.kept.get(callId);
  }

  async put({ callId }: ProvableCall, sealed: string): Promise<void> {
    this.asked.push('put');
    await this.hold;
    if (this.isDown) throw new Error('down');
    this.kept.set(callId, sealed);
  }
}

function relay(client?: HandoverClient, { nowMs = NOW_MS, keys = [KEY] } = {}): Handovers {
  return new Handovers({ client, keys, clock: { nowMs: () => nowMs }, log: pino({ level: 'silent' }) });
}

async function storedVersion({ kept }: Control): Promise<number> {
  const handover = await openHandover(kept.get(CALL.callId) ?? '', CALL.callId, [KEY], NOW_MS);
  return handover?.version ?? Number.NaN;
}

describe('what a stream leaves for the next', () => {
  it('is found by another relay', async () => {
    const control = new Control();
    await relay(control).save(CALL, handover(1), true);
    expect(await relay(control).load(CALL, FRESH_TICKET_MS)).toMatchObject(handover(1));
    expect(control.asked).toEqual(['put', 'get']);
  });

  it('is sealed with the key of the ticket, so that each relay that takes the ticket can open it', async () => {
    const control = new Control();
    await relay(control, { keys: [NEW_KEY, KEY] }).save(CALL, handover(1), true);
    expect(await relay(control, { keys: [KEY] }).load(CALL, 60_000)).toMatchObject(handover(1));
    expect(await relay(control, { keys: [NEW_KEY, KEY] }).load(CALL, 60_000)).toMatchObject(handover(1));
  });

  it('has a higher version than what came before, also where the clock of the next relay is behind', async () => {
    const control = new Control();
    const one = relay(control);
    await one.save(CALL, handover(1), true);
    await one.save(CALL, handover(1), true);
    expect(await storedVersion(control)).toBe(NOW_MS + 1);
    const behind = relay(control, { nowMs: NOW_MS - 5_000 });
    await behind.load(CALL, 60_000);
    await behind.save(CALL, handover(2), true);
    expect(await storedVersion(control)).toBe(NOW_MS + 2);
  });

  it('is not looked for in memory when the control app says that the call is over', async () => {
    const control = new Control();
    const one = relay(control);
    await one.save(CALL, handover(1), true);
    control.isOver = true;
    expect(await one.load(CALL, 60_000)).toBe('over');
  });

  it('is found by the same relay alone where there is no control app, or it is not to be kept', async () => {
    const control = new Control();
    const [alone, one] = [relay(), relay(control)];
    await alone.save(CALL, handover(1), true);
    await one.save(CALL, handover(2), false);
    expect(await alone.load(CALL, 60_000)).toMatchObject(handover(1));
    expect(await one.load(CALL, 60_000)).toMatchObject(handover(2));
    expect(await relay(control).load(CALL, 60_000)).toBeUndefined();
    expect(control.kept.size).toBe(0);
  });

  it('is not asked for when the call has just been answered, so that nobody waits', async () => {
    const control = new Control();
    expect(await relay(control).load(CALL, FRESH_TICKET_MS - 1)).toBeUndefined();
    expect(control.asked).toEqual([]);
  });

  it('is the newer of what this relay and the control app know', async () => {
    const control = new Control();
    const [one, two] = [relay(control), relay(control)];
    await one.save(CALL, handover(1), true);
    await two.save(CALL, handover(2), true);
    expect(await one.load(CALL, 60_000), 'the call was elsewhere meanwhile').toMatchObject(handover(2));
    await one.save(CALL, handover(3), false);
    expect(await one.load(CALL, 60_000), 'not kept yet').toMatchObject(handover(3));
  });

  it('is the newer one also where its relay could not load the last, and counts streams on', async () => {
    const control = new Control();
    const one = relay(control);
    await one.save(CALL, handover(3), true);
    await relay(control, { nowMs: NOW_MS + 1 }).save(CALL, { ...handover(1), lanes: LANES }, true);
    expect(await one.load(CALL, 60_000)).toMatchObject({ streams: 3, lanes: LANES });
  });

  it('is what this relay knows when the control app does not answer, or answers what nobody of us sealed', async () => {
    const control = new Control();
    const one = relay(control);
    control.kept.set(CALL.callId, 'something else');
    expect(await one.load(CALL, 60_000)).toBeUndefined();
    control.isDown = true;
    await one.save(CALL, handover(1), true);
    expect(await one.load(CALL, 60_000)).toMatchObject(handover(1));
  });

  it('is kept one at a time, and only the last of those that come meanwhile', async () => {
    const control = new Control();
    const { promise, resolve } = Promise.withResolvers<void>();
    control.hold = promise;
    const one = relay(control);
    const left = [1, 2, 3, 4, 5].map((n) => one.save(CALL, handover(n), true));
    await until(() => control.asked.length === 1, 'the first');
    resolve();
    await Promise.all(left);
    expect(await relay(control).load(CALL, 60_000)).toMatchObject(handover(5));
    expect(control.asked.filter((each) => each.startsWith('put'))).toHaveLength(2);
  });
});
