import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readSettings,
  SettingsError,
} from '../../../../../local/emulators/web-pubsub/command-line/settings.ts';

const KEY = 'K'.repeat(32);

describe('the configuration', () => {
  it("has the shape of Microsoft's emulator, in any case", () => {
    const document = {
      WebPubSub: {
        accessKey: KEY,
        Hubs: {
          Chat: {
            EventHandlers: [
              {
                UrlTemplate: 'http://localhost:7071/runtime/webhooks/webpubsub',
                SystemEvents: ['connect', 'Connected'],
                EventPattern: '*',
              },
              { urlTemplate: 'https://x/{event}', eventPattern: 'a,b', Auth: { Type: 'None' } },
            ],
          },
        },
      },
      Logging: { LogLevel: 'Debug' },
    };
    expect(readSettings(document, {})).toEqual({
      accessKey: KEY,
      hubs: {
        chat: [
          {
            urlTemplate: 'http://localhost:7071/runtime/webhooks/webpubsub',
            eventPattern: '*',
            systemEvents: ['connect', 'connected'],
          },
          { urlTemplate: 'https://x/{event}', eventPattern: 'a,b' },
        ],
      },
    });
  });

  it('can be given in the environment, which wins over the file setting by setting', () => {
    const document = {
      WebPubSub: { Hubs: { calls: { EventHandlers: [{ UrlTemplate: 'http://old', EventPattern: 'x' }] } } },
    };
    const env = {
      WebPubSub__AccessKey: KEY,
      WebPubSub__Hubs__calls__EventHandlers__0__UrlTemplate: 'http://127.0.0.1:7072/api/workers/{event}',
      WEBPUBSUB__HUBS__CALLS__EVENTHANDLERS__10__URLTEMPLATE: 'http://last',
      WebPubSub__Hubs__calls__EventHandlers__2__UrlTemplate: 'http://second',
      WebPubSub__Hubs__calls__EventHandlers__2__SystemEvents__0: 'disconnected',
      PATH: '/bin',
    };
    expect(readSettings(document, env)).toEqual({
      accessKey: KEY,
      hubs: {
        calls: [
          { urlTemplate: 'http://127.0.0.1:7072/api/workers/{event}', eventPattern: 'x' },
          { urlTemplate: 'http://second', systemEvents: ['disconnected'] },
          { urlTemplate: 'http://last' },
        ],
      },
    });
  });

  it("has a handler's authentication and its pattern as the definition of the resource writes them", () => {
    const handler = {
      UrlTemplate: 'https://x/{event}',
      UserEventPattern: 'a,b',
      Auth: { Type: 'ManagedIdentity', ManagedIdentity: { Resource: 'api://workers' } },
    };
    const document = {
      WebPubSub: { SecondaryAccessKey: KEY, Hubs: { calls: { EventHandlers: [handler] } } },
    };
    expect(readSettings(document, {})).toEqual({
      secondaryAccessKey: KEY,
      hubs: {
        calls: [
          {
            urlTemplate: 'https://x/{event}',
            eventPattern: 'a,b',
            auth: { type: 'managedIdentity', resource: 'api://workers' },
          },
        ],
      },
    });
  });

  it('may be empty', () => {
    expect(readSettings(undefined, {})).toEqual({ hubs: {} });
  });

  it('reports every problem at once, by the name of the setting', () => {
    const document = {
      WebPubSub: {
        AccessKey: 'short',
        AllowUnvalidatedEntraTokens: true,
        Hubs: {
          chat: {
            EventListeners: [],
            EventHandlers: [
              { UrlTemplate: 'tunnel:///x', EventPattern: '*' },
              {
                UrlTemplate: 'http://ok',
                SystemEvents: ['joined'],
                Auth: { Type: 'ManagedIdentity' },
                Url: 'x',
              },
              { UrlTemplate: 'https://x/?code={@Microsoft.KeyVault(SecretUri=https://v/s)}' },
              { UrlTemplate: 'https://x/{topic}', Auth: { Type: 'Password' } },
              { UrlTemplate: 'https://x', EventPattern: 'a', UserEventPattern: 'b' },
            ],
          },
        },
      },
    };
    for (const problem of [
      /'WebPubSub:AccessKey' must be at least 32 bytes/,
      /'WebPubSub:allowunvalidatedentratokens' is not supported/,
      /'WebPubSub:Hubs:chat:eventlisteners' is not supported/,
      /EventHandlers:0:UrlTemplate' must be an http or https URL/,
      /EventHandlers:1:SystemEvents' has 'joined'/,
      /EventHandlers:1:Auth:ManagedIdentity:Resource' must name the audience/,
      /EventHandlers:2:UrlTemplate' refers to a key vault/,
      /EventHandlers:3:UrlTemplate' has {topic}, but only {hub} and {event}/,
      /EventHandlers:3:Auth:Type' must be None or ManagedIdentity/,
      /EventHandlers:4' must have one of EventPattern and UserEventPattern/,
      /EventHandlers:1:url' is not a setting/,
    ]) {
      expect(() => readSettings(document, {})).toThrow(problem);
    }
  });

  it('is refused where a single value stands for settings or a list', () => {
    for (const [document, where] of [
      [{ WebPubSub: 'x' }, 'WebPubSub'],
      [{ WebPubSub: { Hubs: 'chat' } }, 'WebPubSub:Hubs'],
      [{ WebPubSub: { Hubs: { chat: { EventHandlers: 'http://x' } } } }, 'WebPubSub:Hubs:chat:EventHandlers'],
      [{ WebPubSub: { Hubs: { chat: { EventHandlers: ['http://x'] } } } }, 'chat:EventHandlers:0'],
      [
        {
          WebPubSub: {
            Hubs: { chat: { EventHandlers: [{ UrlTemplate: 'http://x', SystemEvents: 'connect' }] } },
          },
        },
        'EventHandlers:0:SystemEvents',
      ],
    ] as const) {
      expect(() => readSettings(document, {})).toThrow(`${where}' must hold settings or a list`);
    }
  });

  it('is read or refused by name, whatever it holds', () => {
    const names = fc.constantFrom(
      ...[
        'WebPubSub',
        'Hubs',
        'chat',
        'EventHandlers',
        'UrlTemplate',
        'EventPattern',
        'SystemEvents',
        'Auth',
      ],
      ...['ManagedIdentity', 'Type', 'Resource', 'AccessKey', '0', '1', '__proto__', 'constructor'],
    );
    const leaves = fc.constantFrom('http://x', '*', 'connect', 'None', KEY, 'x', null, 7, true, []);
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaves,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(names, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    const readable = (document: unknown): void => {
      try {
        const { hubs } = readSettings(document, {});
        for (const handler of Object.values(hubs).flat()) expect(handler.urlTemplate).toMatch(/^https?:/);
      } catch (error) {
        expect(error).toBeInstanceOf(SettingsError);
      }
    };
    fc.assert(
      fc.property(tree, (any) => {
        readable(any);
        readable({ WebPubSub: any });
        readable({ WebPubSub: { Hubs: { chat: { EventHandlers: [any] } } } });
      }),
      { numRuns: 500 },
    );
    expect(Object.keys({}), 'no prototype was changed').toEqual([]);
    expect('urltemplate' in {}).toBe(false);
  });
});
