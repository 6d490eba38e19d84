import fc from 'fast-check';
import { expect, it } from 'vitest';
import { codecOf, HubDriver } from './hub-driver.ts';
import { ModelClient, type ModelClientOptions, type ModelRequest } from './hub-model.ts';

const RELIABLE = codecOf('json.reliable.webpubsub.azure.v1');
const PLAIN = codecOf('json.webpubsub.azure.v1');
const GROUPS = ['g', 'h.1', 'h.2'];

/** Roles that say the same as the set of groups: one by one, by a pattern, or all. */
function rolesFor(action: 'joinLeaveGroup' | 'sendToGroup', groups: ReadonlySet<string>): string[] {
  if (GROUPS.every((group) => groups.has(group))) return [`webpubsub.${action}`];
  if (groups.has('h.1') && groups.has('h.2')) return [`webpubsub.${action}s.h.*`];
  return [...groups].map((group) => `webpubsub.${action}.${group}`);
}

type Step =
  | { readonly do: 'request'; readonly who: number; readonly request: ModelRequest }
  | { readonly do: 'rest'; readonly group: string }
  | { readonly do: 'lose' | 'recover' | 'answer'; readonly who: number }
  | { readonly do: 'ack'; readonly who: number; readonly share: number }
  | { readonly do: 'wait'; readonly ms: number };

const who = fc.nat({ max: 3 });
const group = fc.constantFrom(...GROUPS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('request' as const),
      who,
      request: fc.record({
        type: fc.constantFrom('joinGroup', 'leaveGroup', 'sendToGroup', 'sendToGroup', 'event'),
        group,
        text: fc.constant(''),
        // Few enough to be used again now and then.
        ackId: fc.integer({ min: 1, max: 200 }),
        noEcho: fc.boolean(),
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rest' as const), group }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('lose', 'recover'), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('answer' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('ack' as const),
      who,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 29_999, 30_000) }),
  },
);
const groupSet = fc.subarray(GROUPS).map((groups) => new Set(groups));
const client: fc.Arbitrary<ModelClientOptions> = fc.record({
  reliable: fc.boolean(),
  mayJoin: groupSet,
  maySend: groupSet,
});

/** The hub under test with its clients, which do as Microsoft's client does, beside the model of each. */
class Play {
  readonly driver = new HubDriver();
  readonly models: ModelClient[] = [];
  readonly heard: string[][] = [];
  readonly answers: string[][] = [];
  readonly #transport: number[] = [];
  readonly #lastSeen: number[] = [];
  #lastTransport = 0;
  #lastText = 0;

  constructor(clients: readonly ModelClientOptions[]) {
    for (const [index, options] of clients.entries()) {
      this.models.push(new ModelClient(options));
      this.heard.push([]);
      this.answers.push([]);
      this.#lastSeen.push(0);
      this.#transport.push(this.#nextTransport());
      this.driver.apply({
        type: 'open',
        transportId: this.transport(index),
        client: {
          connectionId: `c${index}`,
          groups: [],
          roles: [
            ...rolesFor('joinLeaveGroup', options.mayJoin),
            ...rolesFor('sendToGroup', options.maySend),
          ],
          codec: options.reliable ? RELIABLE : PLAIN,
          originHost: 'localhost',
        },
      });
    }
  }

  transport(index: number): number {
    return this.#transport[index] ?? 0;
  }

  /** Publishes in the model: to every member that is not gone. */
  readonly #publish = (to: string, text: string, except?: ModelClient): void => {
    for (const model of this.models) {
      if (model !== except && model.state !== 'gone' && model.groups.has(to)) model.expected.push(text);
    }
  };

  take(next: Step): void {
    switch (next.do) {
      case 'request': {
        const model = this.models[next.who];
        if (model?.state !== 'attached') break;
        const request = { ...next.request, text: this.#nextText() };
        model.request(request, this.#publish);
        this.driver.request(this.transport(next.who), wireForm(request));
        break;
      }
      case 'rest': {
        const text = this.#nextText();
        this.#publish(next.group, text);
        const data = { payload: { dataType: 'text', text } } as const;
        this.driver.apply({ type: 'send', target: { to: 'group', group: next.group }, data });
        break;
      }
      case 'lose':
        this.models[next.who]?.lose(this.driver.nowMs);
        this.driver.lose(this.transport(next.who));
        break;
      case 'recover':
        this.recover(next.who);
        break;
      case 'answer':
        this.#answerEvent(next.who);
        break;
      case 'ack':
        if (this.models[next.who]?.state === 'attached') {
          const sequenceId = Math.floor(next.share * (this.#lastSeen[next.who] ?? 0));
          this.driver.request(this.transport(next.who), { type: 'sequenceAck', sequenceId });
        }
        break;
      case 'wait':
        this.driver.nowMs += next.ms;
        this.driver.apply({ type: 'expire' });
        for (const model of this.models) model.expire(this.driver.nowMs);
        break;
    }
    this.#listen();
  }

  /** The hub keeps who is there or may come back, and nobody else. */
  checkBooks(): void {
    const { hub } = this.driver;
    const there = this.models.filter(({ state }) => state !== 'gone');
    expect(hub.size).toBe(there.length);
    for (const name of GROUPS)
      expect(hub.count({ to: 'group', group: name })).toBe(
        there.filter(({ groups }) => groups.has(name)).length,
      );
    const expiries = there
      .filter(({ state }) => state === 'detached')
      .map(({ lostAtMs }) => lostAtMs + 30_000);
    expect(hub.nextExpiryMs()).toBe(expiries.length === 0 ? undefined : Math.min(...expiries));
  }

  recover(index: number): void {
    const model = this.models[index];
    // A client recovers a session that it believes to live; one that is over is refused.
    if (model === undefined || !model.options.reliable) return;
    this.#transport[index] = this.#nextTransport();
    const transportId = this.transport(index);
    this.driver.apply({ type: 'recover', transportId, connectionId: `c${index}`, reconnectionToken: 't' });
    if (model.state === 'gone') {
      expect(
        this.driver.effects('closeTransport').at(-1),
        'a session that is over cannot be recovered',
      ).toMatchObject({
        transportId,
        code: 1008,
      });
    } else {
      model.state = 'attached';
    }
    this.#listen();
  }

  #answerEvent(index: number): void {
    const event = this.driver
      .effects('callHandler')
      .findLast((effect) => effect.event.connectionId === `c${index}`)?.event;
    if (event === undefined) return;
    const text = event.data.payload.dataType === 'text' ? event.data.payload.text : '';
    this.models[index]?.answerEvent(this.#publish);
    this.driver.apply({
      type: 'eventAnswered',
      connectionId: event.connectionId,
      eventId: event.id,
      outcome: { ok: true, reply: { payload: { dataType: 'text', text } } },
    });
  }

  #listen(): void {
    for (const index of this.models.keys()) {
      const seen = new Set<unknown>();
      for (const message of this.driver.sent.get(this.transport(index))?.splice(0) ?? []) {
        const { type, sequenceId, data, ackId, success, error } = message;
        if (type === 'ack')
          this.answers[index]?.push(`${ackId} ${success === true ? 'ok' : (error as { name: string }).name}`);
        if (type !== 'message') continue;
        if (typeof sequenceId === 'number') {
          expect(seen.has(sequenceId), 'one socket is sent a message once').toBe(false);
          seen.add(sequenceId);
          if (sequenceId <= (this.#lastSeen[index] ?? 0)) continue;
          this.#lastSeen[index] = sequenceId;
        }
        this.heard[index]?.push(String(data));
      }
    }
  }

  #nextTransport(): number {
    this.#lastTransport += 1;
    return this.#lastTransport;
  }

  #nextText(): string {
    this.#lastText += 1;
    return String(this.#lastText);
  }
}

function wireForm({ type, group: to, text, ackId, noEcho }: ModelRequest): unknown {
  switch (type) {
    case 'event':
      return { type, event: 'e', ackId, dataType: 'text', data: text };
    case 'sendToGroup':
      return { type, group: to, ackId, noEcho, dataType: 'text', data: text };
    default:
      return { type, group: to, ackId };
  }
}

it('gives each client exactly what its groups, roles and losses entitle it to, in order, whatever happens when', {
  timeout: 60_000,
}, () => {
  fc.assert(
    fc.property(
      fc.array(client, { minLength: 4, maxLength: 4 }),
      fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }),
      (clients, steps) => {
        const play = new Play(clients);
        for (const each of steps) {
          play.take(each);
          play.checkBooks();
        }
        for (const [index, model] of play.models.entries()) {
          if (model.state === 'detached') play.recover(index);
          const heard = play.heard[index] ?? [];
          if (model.state === 'gone' && model.options.reliable) {
            // What came while it was away for good is lost, and nothing else.
            expect(model.expected.slice(0, heard.length)).toEqual(heard);
          } else {
            expect(heard).toEqual(model.expected);
          }
          expect(play.answers[index]).toEqual(model.answers);
        }
      },
    ),
    { numRuns: 300 },
  );
});
