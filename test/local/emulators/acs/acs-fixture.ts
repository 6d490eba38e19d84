import { CallAutomationClient } from '@azure/communication-call-automation';
import type { Call } from '../../../../local/emulators/acs/call/call.ts';
import type { ScriptedPhone } from '../../../../local/emulators/acs/exchange/call-registry.ts';
import type { PlaceCallRequest } from '../../../../local/emulators/acs/exchange/switchboard.ts';
import {
  type AcsOptions,
  type AcsParts,
  type RunningAcs,
  startAcs,
} from '../../../../local/emulators/acs/server/acs.ts';
import { newAcsResource, SIGNING_KEY } from '../../../support/acs-resource.ts';
import { until } from '../../../support/until.ts';
import {
  type Respond,
  startWebhookReceiver,
  type WebhookReceiver,
} from '../../../support/webhook-receiver.ts';
import { conformingEvent } from './conforming-events.ts';
import { conformingResponses } from './conforming-responses.ts';
import { FakeMedia } from './fake-media.ts';

export const CALLER = '+14255550123';
export const CALLED = '+14255550199';
export const CONTROL_TOKEN = 'control-token-of-the-tests';

/** One event of a callback, as it came over the wire. */
export interface WireEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/**
 * The application's side of the emulator: an Event Grid endpoint (`/events`), a callback endpoint (`/cb`), and the
 * SDK's client.
 */
export interface AcsFixture {
  readonly acs: RunningAcs;
  readonly webhook: WebhookReceiver;
  readonly media: FakeMedia;
  readonly client: CallAutomationClient;
  readonly callbackUrl: string;
  /** The user that the application is where it acts under no identity of its own. */
  readonly ownUserId: string;
  /** Lets a phone ring and waits for the IncomingCall. */
  ring(request?: Partial<PlaceCallRequest>): Promise<{ call: Call; incomingCallContext: string }>;
  /** Callbacks received so far, at this path. */
  callbacks(path?: string): WireEvent[];
  /** Waits for a callback of this type. */
  callback(type: string, path?: string): Promise<WireEvent>;
  /** Waits for a callback of this type whose data fits. */
  callbackWhere(
    type: string,
    fits: (data: Record<string, unknown>) => boolean,
    path?: string,
  ): Promise<WireEvent>;
  control(method: string, path: string, body?: unknown, token?: string): Promise<Response>;
  /** Closes everything; fails where a callback did not follow the API's definition. */
  close(): Promise<void>;
}

/** The types of the callbacks received so far, as their last part. */
export function types(f: Pick<AcsFixture, 'callbacks'>, path?: string): string[] {
  return f.callbacks(path).map(({ type }) => type.replace('Microsoft.Communication.', ''));
}

/** Answers validation events, and everything with 200. */
export const acceptAll: Respond = ({ headers, body }, response) => {
  if (headers['aeg-event-type'] !== 'SubscriptionValidation') {
    response.writeHead(200).end();
    return;
  }
  const validationResponse = JSON.parse(body)[0].data.validationCode;
  response.writeHead(200).end(JSON.stringify({ validationResponse }));
};

export function silentPhone(rawId: string): ScriptedPhone {
  return {
    rawId,
    mediaStarted: () => {},
    speak: () => undefined,
    hear: () => {},
    mediaStopped: () => {},
    ended: () => {},
    heard: () => Int16Array.of(1, -2, 3),
    said: () => Int16Array.of(-4, 5),
    recordedBytes: 10,
  };
}

export async function startAcsFixture(
  {
    callees,
    openMediaStream,
    openTranscriptionStream,
    ticker,
    ...options
  }: Partial<AcsOptions> &
    Partial<Pick<AcsParts, 'callees' | 'openMediaStream' | 'openTranscriptionStream' | 'ticker'>> = {},
  respond = acceptAll,
): Promise<AcsFixture> {
  const webhook = await startWebhookReceiver(respond);
  const media = new FakeMedia();
  const acs = await startAcs(
    {
      ...newAcsResource(),
      controlToken: CONTROL_TOKEN,
      eventGrid: { endpoint: `${webhook.url}/events` },
      ...options,
      behaviour: {
        dialDelayMs: 1,
        connectDelayMs: 10,
        mediaEventDelayMs: 1,
        disconnectDelayMs: 1,
        ...options.behaviour,
      },
    },
    {
      signingKey: SIGNING_KEY,
      openMediaStream: openMediaStream ?? media.open,
      createPhone: ({ rawId }) => silentPhone(rawId),
      ...(callees && { callees }),
      ...(ticker && { ticker }),
      ...(openTranscriptionStream && { openTranscriptionStream }),
    },
  );
  const client = new CallAutomationClient(acs.connectionString, {
    allowInsecureConnection: true,
    additionalPolicies: [{ policy: conformingResponses, position: 'perRetry' }],
  });
  const callbacks = (path = '/cb'): WireEvent[] =>
    webhook.requests.filter(({ url }) => url === path).flatMap(({ body }) => JSON.parse(body) as WireEvent[]);
  return {
    acs,
    webhook,
    media,
    client,
    callbackUrl: `${webhook.url}/cb`,
    ownUserId: `8:acs:${acs.tokens.audience}_00000000-0000-0000-0000-000000000000`,
    callbacks,
    async ring(request) {
      const call = acs.placeCall({
        from: CALLER,
        to: CALLED,
        phone: { tailMs: 1_000, maxMs: 60_000 },
        ...request,
      });
      const { incomingCallContext } = call.ids;
      await until(
        () => webhook.requests.some(({ body }) => body.includes(incomingCallContext)),
        'the IncomingCall event',
      );
      return { call, incomingCallContext };
    },
    callback: (type, path) =>
      until(
        () => callbacks(path).find((event) => event.type === `Microsoft.Communication.${type}`),
        `the callback ${type}`,
      ),
    callbackWhere: (type, fits, path) =>
      until(
        () =>
          callbacks(path).find(
            (event) => event.type === `Microsoft.Communication.${type}` && fits(event.data),
          ),
        `the callback ${type} of these members`,
      ),
    control: (method, path, body, token = CONTROL_TOKEN) =>
      fetch(`${acs.url}/control/${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async close() {
      await acs.close();
      await webhook.close();
      for (const { body } of webhook.requests)
        for (const event of callbackEvents(body)) conformingEvent(event);
    },
  };
}

/** The callback events of a request; none where it is something else, such as an event of Event Grid. */
function callbackEvents(body: string): WireEvent[] {
  const json: unknown = body === '' ? [] : JSON.parse(body);
  if (!Array.isArray(json)) return [];
  return (json as WireEvent[]).filter(({ data }) => data['publicEventType'] !== undefined);
}
