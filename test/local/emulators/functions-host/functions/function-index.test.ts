import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { CoreApp } from '../../../../../local/emulators/functions-host/app/core-app.ts';
import { installCoreModule } from '../../../../../local/emulators/functions-host/app/core-module.ts';
import {
  type IndexedFunction,
  indexFunctions,
} from '../../../../../local/emulators/functions-host/functions/function-index.ts';

// `@azure/functions` asks for the core module once in a process's life; each test is given a fresh app behind it.
let current = new CoreApp(() => {});
installCoreModule({
  setProgrammingModel: () => {},
  registerFunction: (...args: unknown[]) =>
    (current.coreApi() as { registerFunction(...args: unknown[]): unknown }).registerFunction(...args),
});
const { app } = createRequire(import.meta.url)('@azure/functions') as typeof import('@azure/functions');

const handler = (async () => ({})) as never;

function index(
  register: () => void,
  env: Record<string, string> = {},
  routePrefix = 'api',
): Record<string, IndexedFunction> {
  current = new CoreApp(() => {});
  register();
  return Object.fromEntries(
    indexFunctions(current, { routePrefix, hasExtensions: true, env }).map((indexed) => [
      indexed.name,
      indexed,
    ]),
  );
}

describe('what is accepted', () => {
  it('HTTP functions: the name is the route unless there is one; app.http fills in methods and level', () => {
    const { a, b } = index(() => {
      app.http('a', { handler });
      app.http('b', { route: 'x/{y}', methods: ['GET'], authLevel: 'admin', handler });
    });
    expect(a).toMatchObject({ kind: 'http', methods: ['GET', 'POST'], authLevel: 'anonymous' });
    expect(b).toMatchObject({ kind: 'http', methods: ['GET'], authLevel: 'admin' });
    expect(a?.kind === 'http' && a.route.text).toBe('api/a');
    expect(b?.kind === 'http' && b.route.text).toBe('api/x/{y}');
  });

  it('generic HTTP functions: every method, and a key is needed', () => {
    const { a } = index(() => app.generic('a', { trigger: { type: 'httpTrigger', name: 'req' }, handler }));
    expect(a).toMatchObject({ methods: undefined, authLevel: 'function', triggerName: 'req' });
  });

  it('two functions on one route when their methods differ', () => {
    const found = index(() => {
      app.get('a', { route: 'x', handler });
      app.post('b', { route: 'x', handler });
    });
    expect(Object.keys(found)).toEqual(['a', 'b']);
  });

  it('Event Grid and timer functions', () => {
    const found = index(
      () => {
        app.eventGrid('one', { handler });
        app.eventGrid('many', { cardinality: 'Many', handler } as never);
        app.timer('tick', { schedule: '%WHEN%', useMonitor: false, runOnStartup: true, handler });
      },
      { WHEN: '0 0 * * * *' },
    );
    expect(found['one']).toMatchObject({ kind: 'eventGrid', isMany: false });
    expect(found['many']).toMatchObject({ kind: 'eventGrid', isMany: true });
    expect(found['tick']).toMatchObject({ kind: 'timer', useMonitor: false, runOnStartup: true });
  });

  it('functions that a setting disables, in either spelling', () => {
    const found = index(
      () => {
        for (const name of ['a', 'b', 'c']) app.http(name, { handler });
      },
      { 'AzureWebJobs.a.Disabled': 'True', AzureWebJobs_b_Disabled: '1', AzureWebJobs_c_Disabled: 'false' },
    );
    expect(Object.values(found).map(({ isDisabled }) => isDisabled)).toEqual([true, true, false]);
  });
});

const refused: [string, () => void, string][] = [
  [
    'a Web PubSub trigger',
    () => app.webPubSub('a', { name: 'r', hub: 'h', eventType: 'user', eventName: 'm', handler }),
    'function "a": triggers of type "webPubSubTrigger" are not supported; the local host runs HTTP, Event Grid and timer triggers',
  ],
  [
    'a warm-up trigger',
    () => app.warmup('a', { handler }),
    'triggers of type "warmupTrigger" are not supported',
  ],
  [
    'a name that starts with a digit',
    () => app.http('9lives', { handler }),
    'function "9lives": a name starts',
  ],
  ['a name that is too long', () => app.http('a'.repeat(129), { handler }), 'at most 127'],
  ['the name of the host', () => app.http('Host', { handler }), 'function "Host": a name starts with'],
  [
    'a name twice',
    () => {
      app.http('a', { handler });
      app.http('a', { handler });
    },
    'A function with id "a" has already been registered.',
  ],
  [
    'a name twice but for case',
    () => {
      app.http('ab', { handler });
      app.http('AB', { handler });
    },
    'function "AB": another function has this name',
  ],
  [
    'a route twice',
    () => {
      app.http('a', { route: 'x', handler });
      app.post('b', { route: 'X', handler });
    },
    'function "b": its route "api/X" is already that of "a"',
  ],
  [
    'a reserved route',
    () => app.http('a', { route: 'administration', handler }),
    'the route "administration" starts with "admin" or "runtime"',
  ],
  ['a route with a slash in front', () => app.http('a', { route: '/x', handler }), 'must not start with "/"'],
  [
    'a route that cannot be read',
    () => app.http('a', { route: 'x/{a', handler }),
    'function "a": the route "api/x/{a": "{a" is not supported by the local host',
  ],
  [
    'a route with a constraint, which would match too much',
    () => app.http('a', { route: 'x/{a:int}', handler }),
    'function "a": the route "api/x/{a:int}": "{a:int}" is not supported by the local host',
  ],
  [
    'an unknown level',
    () => app.http('a', { authLevel: 'user' as never, handler }),
    'authLevel "user" is none of "anonymous", "function", "admin"',
  ],
  [
    'an output binding',
    () => app.http('a', { extraOutputs: [{ type: 'queue', name: 'q' }], handler }),
    'output bindings of type "queue" are not supported',
  ],
  [
    'an input binding',
    () => app.http('a', { extraInputs: [{ type: 'blob', name: 'b' }], handler }),
    'input bindings of type "blob" are not supported',
  ],
  [
    'a return binding on an Event Grid function',
    () => app.eventGrid('a', { return: { type: 'queue', name: '$return' }, handler }),
    'output bindings of type "queue" are not supported',
  ],
  [
    'a binding name that is not allowed',
    () => app.generic('a', { trigger: { type: 'httpTrigger', name: 'my-req' }, handler }),
    '"my-req" is no valid binding name',
  ],
  [
    'binding names that differ in case alone',
    () =>
      app.generic('a', {
        trigger: { type: 'httpTrigger', name: 'x' },
        extraOutputs: [{ type: 'http', name: 'X' }],
        handler,
      }),
    'two bindings have the same name',
  ],
  [
    'a schedule that cannot be read',
    () => app.timer('a', { schedule: 'daily', handler }),
    'function "a": the schedule "daily" has 1 fields',
  ],
  [
    'a setting that is not set',
    () => app.timer('a', { schedule: '%WHEN%', handler }),
    'its schedule names the setting "WHEN", which is not set',
  ],
  [
    'a retry policy',
    () =>
      app.timer('a', {
        schedule: '* * * * * *',
        retry: { strategy: 'fixedDelay', maxRetryCount: 1, delayInterval: 1 },
        handler,
      }),
    'retry policies are not supported',
  ],
];

describe('what is refused', () => {
  it.each(refused)('%s', (_name, register, sentence) => {
    expect(() => index(register)).toThrow(sentence);
  });

  it('everything that is wrong, in one message', () => {
    expect(() =>
      index(() => {
        app.warmup('one', { handler });
        app.http('two!', { handler });
      }),
    ).toThrow(/^function "one": triggers of type .*; function "two!": a name starts/);
  });
});
