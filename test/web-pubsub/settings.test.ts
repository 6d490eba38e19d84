import { describe, expect, it } from 'vitest';
import { readSettings } from '../../local/web-pubsub/settings.ts';

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
});
