import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { markHangUp } from '../../../../functions/workers/kit/call-actions.ts';
import { CallControlMissingError } from '../../../../functions/workers/kit/call-requests.ts';
import { defineWorker } from '../../../../functions/workers/kit/define-worker.ts';
import { handleLaneEvent } from '../../../../functions/workers/kit/lane-event.ts';
import { parseLaneMemory } from '../../../../functions/workers/kit/lane-memory.ts';
import type { LanePorts, LaneResponse } from '../../../../functions/workers/kit/run-event.ts';
import type { Call } from '../../../../functions/workers/kit/worker.ts';
import { CallsApiError } from '../../../../shared/client/calls-api-error.ts';
import { signCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { CONNECTED_ID, connectedCall } from '../../../support/connected-call.ts';
import { type ControlFixture, TICKET_KEY } from '../../../support/control-fixture.ts';
import { serveWorkerApi, type WorkerApiServer } from '../../../support/worker-api-server.ts';

const TELEPHONE = '4:+14255550123';
const SOMEBODY = '+14255550177';

let api: WorkerApiServer;
let fixture: ControlFixture;

beforeAll(async () => {
  api = await serveWorkerApi();
});
afterAll(() => api?.close());

beforeEach(async () => {
  fixture = await connectedCall();
  api.fixture = fixture;
  api.answered.length = 0;
  api.loseAnswers = 0;
});

/** A worker that does this when somebody presses a key, on a lane that has heard `call.started`. */
async function lane(
  act: (call: Call, tone: string) => Promise<unknown>,
  callId = CONNECTED_ID,
  withControl = true,
  ports?: LanePorts,
) {
  const worker = defineWorker({
    name: 'presser',
    listen: { mode: 'chunk', ms: 100 },
    onAudio: () => {},
    onDtmf: async ({ tone }, call) => {
      await act(call, tone);
    },
  });
  const expiresAtMs = fixture.nowMs + 60_000;
  const token = signCallToken({ callId, worker: 'echo', expiresAtMs }, TICKET_KEY);
  let connectionState: string | undefined;
  const hand = (event: object): Promise<LaneResponse> =>
    handleLaneEvent(
      worker,
      {
        callId: CONNECTED_ID,
        contentType: 'application/json',
        body: Buffer.from(JSON.stringify(event)),
        connectionId: 'connection-1',
        connectionState,
      },
      ports,
    );
  const next = async (event: object): Promise<LaneResponse> => {
    const response = await hand(event);
    connectionState = response.connectionState ?? connectionState;
    return response;
  };
  await next({
    type: 'call.started',
    callId: CONNECTED_ID,
    callConnectionId: 'connection',
    from: TELEPHONE,
    to: '4:+18005550199',
    format: 'pcm16KMono',
    participants: [],
    turn: 0,
    ...(withControl ? { control: { url: api.url, token, peer: TELEPHONE } } : {}),
  });
  return {
    next,
    token,
    press: (tone: string) => next({ type: 'dtmf', tone }),
    /** The answer is lost on the way to Web PubSub, which delivers the event again. */
    pressTwiceDelivered: async (tone: string) => {
      await hand({ type: 'dtmf', tone });
      return await next({ type: 'dtmf', tone });
    },
    state: () => parseLaneMemory(connectionState),
  };
}

const operations = () => fixture.acs.operations.map(({ operation }) => operation);

describe('what a worker does with its call', () => {
  it.each<[string, (call: Call) => Promise<unknown>, object]>([
    ['transfer', (call) => call.transfer(SOMEBODY), { type: 'transfer', target: `4:${SOMEBODY}` }],
    [
      'addParticipant',
      (call) => call.addParticipant(SOMEBODY, { callerId: '+18005550199' }),
      { type: 'addParticipant', target: `4:${SOMEBODY}`, callerId: '+18005550199' },
    ],
    [
      'removeParticipant',
      (call) => call.removeParticipant(SOMEBODY),
      { type: 'removeParticipant', participant: `4:${SOMEBODY}` },
    ],
    [
      'sendDtmf',
      (call) => call.sendDtmf('1#'),
      { type: 'sendDtmf', participant: TELEPHONE, tones: ['one', 'pound'] },
    ],
    [
      'prompt',
      (call) => call.prompt({ kind: 'text', text: 'Goodbye' }, { interrupt: true }),
      { type: 'play', source: { kind: 'text', text: 'Goodbye' }, interrupt: true },
    ],
    [
      'sendDtmf to somebody else',
      (call) => call.sendDtmf('*', SOMEBODY),
      { type: 'sendDtmf', participant: `4:${SOMEBODY}`, tones: ['asterisk'] },
    ],
    ['cancelPrompt', (call) => call.cancelPrompt(), { type: 'cancelMedia' }],
    [
      'api.muteParticipant',
      (call) => call.api.muteParticipant({ participant: TELEPHONE }),
      { type: 'muteParticipant', participant: TELEPHONE },
    ],
  ])('is asked of Azure Communication Services: %s', async (_, act, operation) => {
    const { press } = await lane(act);
    expect(await press('1')).toMatchObject({ outcome: 'silent' });
    expect(operations()).toEqual([operation]);
  });

  it('goes to a control app that is allowed, and to no other that an event names', async () => {
    const asked: string[] = [];
    const isControlApp = (url: string): boolean => asked.push(url) > 2;
    const { press } = await lane((call) => call.prompt({ kind: 'text', text: 'Hi' }), undefined, true, {
      isControlApp,
    });
    for (const tone of ['1', '2']) {
      const { outcome, error } = await press(tone);
      expect({ outcome, error }).toEqual({ outcome: 'failed', error: expect.any(CallControlMissingError) });
    }
    expect(api.answered, 'no request has left').toEqual([]);
    expect(await press('3')).toMatchObject({ outcome: 'silent' });
    expect(asked).toEqual([api.url, api.url, api.url]);
  });

  it('is hanging up', async () => {
    const { press } = await lane((call) => call.hangUp());
    expect((await press('1')).outcome).toBe('silent');
    expect(fixture.acs.count('hangUp'), 'Azure Communication Services is asked to').toBe(1);
    expect((await fixture.store.get(CONNECTED_ID))?.hangUpRequestedAtMs).toBeDefined();
  });

  it.each([
    ['played', 1],
    ['stopped', 1],
    ['interrupted', 0],
  ])(
    'is hanging up after the goodbye, once the relay says that it was %s: %i times',
    async (outcome, times) => {
      const { next, state, token } = await lane(async () => {});
      const { data } = markHangUp({}, { turn: 0, token }) as { data: object };
      const marked = { type: 'marked', outcome, data };
      expect((await next(marked)).outcome).toBe('silent');
      expect(fixture.acs.count('hangUp')).toBe(times);
      expect((await next(marked)).outcome, 'the call has ended meanwhile').toBe('silent');
      expect(state().asked ?? 0).toBe(2 * times);
    },
  );

  it('is not hanging up for a mark of somebody else, of another turn, or with other options', async () => {
    const { next, token } = await lane(async () => {});
    const later = { turn: 0, token };
    const [old, mine] = [markHangUp({}, { ...later, turn: 1 }), markHangUp({}, later)] as { data: object }[];
    const forged = [
      { do: 'hangUp' },
      { do: 'hangUp', proof: '' },
      (markHangUp({}, { ...later, token: `${token}a` }) as { data: object }).data,
      old?.data,
      { ...mine?.data, forEveryone: false },
    ];
    for (const data of forged)
      expect((await next({ type: 'marked', outcome: 'played', data })).outcome).toBe('silent');
    expect(fixture.acs.count('hangUp')).toBe(0);
  });

  it('is done once, although Web PubSub delivers the event again or an answer is lost', async () => {
    const { press, pressTwiceDelivered } = await lane((call, tone) => call.sendDtmf(tone));
    api.loseAnswers = 2;
    expect((await pressTwiceDelivered('1')).outcome).toBe('silent');
    expect(operations()).toHaveLength(1);
    await press('1');
    expect(operations(), 'the same key, pressed again').toHaveLength(2);
  });

  it('is refused on any other call, costs the event and nothing else, and the worker learns why', async () => {
    const refused: unknown[] = [];
    const { press } = await lane(
      (call) => call.hangUp().catch((error: unknown) => refused.push(error)),
      'bbbbccccddddeeeebbbbccccddddeeee',
    );
    await press('1');
    expect(refused[0]).toBeInstanceOf(CallsApiError);
    expect(refused[0]).toMatchObject({ problemName: 'forbidden', status: 403 });
    expect(fixture.acs.count('hangUp')).toBe(0);
    expect((await fixture.store.get(CONNECTED_ID))?.phase).toBe('connected');
  });

  it('is not possible where the control app does not let workers act', async () => {
    const { press } = await lane((call) => call.hangUp(), CONNECTED_ID, false);
    const response = await press('1');
    expect(response.error).toBeInstanceOf(CallControlMissingError);
    expect(api.answered).toEqual([]);
  });

  it('leaves its number in the state of the lane, and the token where it was, in no address', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    onTestFinished(() => fetched.mockRestore());
    const { press, state } = await lane((call) => call.cancelPrompt());
    await press('1');
    await press('2');
    const addresses = fetched.mock.calls.map(([address]) => String(address));
    expect(addresses.length).toBeGreaterThanOrEqual(2);
    expect(addresses.filter((address) => address.includes(state().control?.token ?? ''))).toEqual([]);
    expect(state()).toMatchObject({ asked: 2, control: { url: api.url } });
    expect(fixture.logged.join('\n'), 'what the control app logs').not.toContain(state().control?.token);
  });
});
