import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { step } from '../../../../functions/control/call/call.ts';
import { CALLBACK_KINDS, type Callback, type CallEvent } from '../../../../functions/control/call/event.ts';
import type { Call, CallStep } from '../../../../functions/control/call/model.ts';
import {
  OPERATION_RESULTS,
  type OperationResultType,
} from '../../../../functions/control/call/operations.ts';
import { SETUP_LIMIT_MS } from '../../../../functions/control/call/time.ts';
import type { CallOperation } from '../../../../shared/call/operation.ts';
import { aCall, CONNECTION_ID, T0 } from '../../../support/calls.ts';
import { ReferenceCall, resultsOf, type Verdict } from './reference-call.ts';

/** The machine as it runs: the call, the time, and every event that ACS has sent, which it may send again. */
interface Real {
  call: Call;
  nowMs: number;
  readonly sent: CallEvent[];
}

type Command = fc.Command<ReferenceCall, Real>;

/** Steps the machine; checks that it is where the reference is, and that it said what the reference says. */
function stepBoth(model: ReferenceCall, real: Real, event: CallEvent, verdict: Verdict): CallStep {
  const before = real.call;
  const made = step(before, event, real.nowMs);
  real.call = made.call;
  const note = made.ignored === undefined ? {} : { ignored: made.ignored };
  const refusal = made.refusal === undefined ? {} : { refusal: made.refusal };
  expect({ ...note, ...refusal }, `what was said to ${event.type}`).toEqual(verdict);
  expect(made.call.phase, `the phase after ${event.type}`).toBe(model.phase);
  expect(made.call.callConnectionId, 'the connection').toBe(model.connection);
  expect(
    Object.fromEntries(
      made.call.operations.map(({ id, state, assumed = false }) => [id, { state, assumed }]),
    ),
    'what was asked about the call',
  ).toEqual(
    Object.fromEntries([...model.operations].map(([id, { state, assumed }]) => [id, { state, assumed }])),
  );
  if (made.refusal !== undefined || made.ignored === 'duplicate') expect(made.call).toBe(before);
  for (const command of made.commands)
    if (command.type !== 'answer' && command.type !== 'scheduleRetry')
      expect(made.call.callConnectionId, `a connection for ${command.type}`).toBeDefined();
  if (made.call.phase === 'ended') {
    expect(made.commands).toEqual([]);
    expect([made.call.streaming.state, made.call.recording.state, made.call.transcription.state]).toEqual([
      'inactive',
      'inactive',
      'inactive',
    ]);
  }
  return made;
}

/** Of an event to which nothing is said. */
function silently(act: (model: ReferenceCall) => void): (model: ReferenceCall) => Verdict {
  return (model) => {
    act(model);
    return {};
  };
}

class Plain implements Command {
  readonly #event: CallEvent;
  readonly #tell: (model: ReferenceCall) => Verdict;
  readonly #passesMs: number;

  constructor(event: CallEvent, tell: (model: ReferenceCall) => Verdict, passesMs = 10) {
    this.#event = event;
    this.#tell = tell;
    this.#passesMs = passesMs;
  }

  check(): boolean {
    return true;
  }

  run(model: ReferenceCall, real: Real): void {
    real.nowMs += this.#passesMs;
    if (this.#event.type === 'Tick') model.tick(real.nowMs);
    stepBoth(model, real, this.#event, this.#tell(model));
  }

  toString(): string {
    return JSON.stringify(this.#event);
  }
}

class Tell implements Command {
  readonly #callback: Callback;

  constructor(callback: Callback) {
    this.#callback = callback;
  }

  check(): boolean {
    return true;
  }

  run(model: ReferenceCall, real: Real): void {
    real.nowMs += 10;
    const event: CallEvent = { type: 'Callback', callback: this.#callback };
    real.sent.push(event);
    stepBoth(model, real, event, model.callback(this.#callback));
  }

  toString(): string {
    const { kind, operationId = '', callConnectionId = '' } = this.#callback;
    return `${kind}(${operationId} ${callConnectionId === CONNECTION_ID ? '' : 'another'})`;
  }
}

/** The result of something that was asked for, whatever has become of that by now. */
class TellResult implements Command {
  readonly #id: string;
  readonly #which: number;
  readonly #invitationId: string;

  constructor(id: string, which: number, invitationId: string) {
    this.#id = id;
    this.#which = which;
    this.#invitationId = invitationId;
  }

  check(model: ReferenceCall): boolean {
    return model.operations.size > 0;
  }

  run(model: ReferenceCall, real: Real): void {
    const operations = [...model.operations];
    const [operationId, operation] = operations[this.#which % operations.length] ?? [];
    if (operation === undefined) return;
    const kinds = resultsOf(operation.type);
    const kind = kinds[this.#which % Math.max(1, kinds.length)];
    if (kind === undefined || operationId === undefined) return;
    results += 1;
    const callback: Callback = {
      id: this.#id,
      kind: kind as OperationResultType,
      type: kind,
      callConnectionId: CONNECTION_ID,
      operationId,
      invitationId: this.#invitationId,
      details: {},
    };
    new Tell(callback).run(model, real);
  }

  toString(): string {
    return `result(${this.#which})`;
  }
}

/** An event that was told before comes again. */
class TellAgain implements Command {
  readonly #which: number;

  constructor(which: number) {
    this.#which = which;
  }

  check(): boolean {
    return true;
  }

  run(model: ReferenceCall, real: Real): void {
    const event = real.sent[this.#which % Math.max(1, real.sent.length)];
    if (event?.type !== 'Callback') return;
    stepBoth(model, real, event, model.callback(event.callback));
  }

  toString(): string {
    return `again(${this.#which})`;
  }
}

const operation: fc.Arbitrary<CallOperation> = fc.constantFrom<CallOperation>(
  { type: 'transfer', target: '4:+1' },
  { type: 'addParticipant', target: '4:+1' },
  { type: 'cancelAddParticipant', invitationId: 'invitation' },
  { type: 'removeParticipant', participant: '4:+1' },
  { type: 'muteParticipant', participant: '4:+1' },
  { type: 'hold', participant: '4:+1' },
  { type: 'unhold', participant: '4:+1' },
  { type: 'sendDtmf', participant: '4:+1', tones: ['one'] },
  { type: 'play', source: { kind: 'text', text: 'hello' } },
  { type: 'cancelMedia' },
  { type: 'recognize', participant: '4:+1', input: { kind: 'dtmf', maxTones: 1 } },
);

const operationId = fc.constantFrom('op-1', 'op-2', 'op-3', 'op-4');
const resultKinds = Object.keys(OPERATION_RESULTS) as OperationResultType[];
const connection = fc.constantFrom(CONNECTION_ID, CONNECTION_ID, CONNECTION_ID, CONNECTION_ID, 'another');

let requests = 0;
let results = 0;

/** Each request is one of its own: an id that was used is the same request tried again, which is tested elsewhere. */
const request = fc.tuple(operation, operationId).map(
  ([asked, id]): Command => ({
    check: (model) => !model.operations.has(id),
    run: (model, real) => {
      requests += 1;
      const event: CallEvent = { type: 'OperationRequested', id, operation: asked };
      stepBoth(model, real, event, model.request(id, asked.type, real.nowMs));
    },
    toString: () => `request ${asked.type} ${id}`,
  }),
);

const connects: fc.Arbitrary<Command> = fc.constant(
  new Plain(
    {
      type: 'Callback',
      callback: {
        id: 'connected',
        kind: 'CallConnected',
        type: 'CallConnected',
        callConnectionId: CONNECTION_ID,
        details: {},
      },
    },
    (model) =>
      model.callback({
        id: 'connected',
        kind: 'CallConnected',
        type: 'CallConnected',
        callConnectionId: CONNECTION_ID,
        details: {},
      }),
  ),
);

const tellsResult: fc.Arbitrary<Command> = fc
  .tuple(fc.uuid(), fc.nat(200), fc.constantFrom('invitation', 'another'))
  .map((parts) => new TellResult(...parts));

const commands: fc.Arbitrary<Command>[] = [
  fc.constant(
    new Plain(
      { type: 'AnswerSucceeded', claim: 'one', callConnectionId: CONNECTION_ID },
      silently((model) => model.takenOn('inbound', CONNECTION_ID)),
    ),
  ),
  fc.constant(
    new Plain(
      { type: 'PlaceSucceeded', callConnectionId: CONNECTION_ID },
      silently((model) => model.takenOn('outbound', CONNECTION_ID)),
    ),
  ),
  fc.constant(
    new Plain(
      { type: 'PlaceFailed', reason: 'why' },
      silently((model) => model.placeFailed()),
    ),
  ),
  fc.constant(new Plain({ type: 'HangUpRequested', id: 'h' }, (model) => model.hangUp())),
  fc.constant(
    new Plain(
      { type: 'CallGone' },
      silently((model) => model.gone()),
    ),
  ),
  fc.constant(
    new Plain(
      { type: 'Observed', properties: { state: 'connected', streaming: 'active' }, askedAtMs: T0 },
      silently((model) => model.observedConnected()),
    ),
  ),
  fc.constant(
    new Plain(
      { type: 'Tick' },
      silently(() => {}),
    ),
  ),
  fc.constant(
    new Plain(
      { type: 'Tick' },
      silently((model) => model.setupIsOver()),
      SETUP_LIMIT_MS,
    ),
  ),
  request,
  request,
  fc.tuple(operationId, fc.option(fc.constantFrom('invitation', 'another'), { nil: undefined })).map(
    ([id, invitationId]) =>
      new Plain(
        { type: 'OperationAnswered', id, answer: invitationId === undefined ? {} : { invitationId } },
        silently((model) => model.answered(id, invitationId)),
      ),
  ),
  fc.tuple(operationId, fc.boolean()).map(
    ([id, assumed]) =>
      new Plain(
        { type: 'OperationRefused', id, reason: 'why', unknown: false, assumed },
        silently((model) => model.refused(id, assumed)),
      ),
  ),
  fc
    .record({
      id: fc.uuid(),
      kind: fc.constantFrom(...CALLBACK_KINDS, ...resultKinds, 'other' as const),
      type: fc.constant('Any'),
      callConnectionId: connection,
      details: fc.constant({}),
    })
    .map((callback) => new Tell(callback)),
  fc
    .record({
      id: fc.uuid(),
      kind: fc.constantFrom(...resultKinds),
      type: fc.constant('Any'),
      callConnectionId: fc.constant(CONNECTION_ID),
      operationId,
      invitationId: fc.constant('invitation'),
      details: fc.constant({}),
    })
    .map((callback) => new Tell(callback)),
  // Several times, so that most calls get as far as results.
  connects,
  connects,
  connects,
  fc.nat(40).map((which) => new TellAgain(which)),
  tellsResult,
  tellsResult,
];

describe('the state machine of a call', () => {
  it.each([
    ['comes in', 'inbound', undefined],
    ['is placed', 'outbound', undefined],
    ['is connected', 'inbound', CONNECTION_ID],
  ] as const)(
    'that %s is where a simple reference is, whatever comes, in any order and any number of times',
    (_begins, direction, callConnectionId) => {
      requests = 0;
      results = 0;
      const begin = new ReferenceCall(direction, callConnectionId).phase;
      fc.assert(
        fc.property(fc.commands(commands, { maxCommands: 50, size: 'max' }), (all) => {
          const call = aCall({
            direction,
            phase: begin,
            ...(callConnectionId === undefined ? {} : { callConnectionId }),
          });
          fc.modelRun(
            () => ({
              model: new ReferenceCall(direction, callConnectionId),
              real: { call, nowMs: T0, sent: [] },
            }),
            all,
          );
        }),
        { numRuns: 400 },
      );
      expect(requests, 'operations were asked for').toBeGreaterThan(50);
      expect(results, 'results were told').toBeGreaterThan(10);
    },
  );
});
