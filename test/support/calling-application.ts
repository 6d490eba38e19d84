import { CallAutomationClient, type CallConnection } from '@azure/communication-call-automation';
import { type RunningAcs, startAcs } from '../../local/emulators/acs/server/acs.ts';
import type { RunningSystem } from '../../local/run/client/running-system.ts';
import { newAcsResource, SIGNING_KEY } from './acs-resource.ts';
import { until } from './until.ts';
import { startWebhookReceiver } from './webhook-receiver.ts';

const CONTROL_TOKEN = 'control-token-of-the-tests';

type EventData = Readonly<Record<string, unknown>>;

/** An application of Call Automation, written with Microsoft's client, and the emulator that it works against. */
export interface CallingApplication {
  readonly client: CallAutomationClient;
  readonly callbackUrl: string;
  /** For whoever plays scenarios: only the emulator runs. */
  readonly system: RunningSystem;
  /** Types of the callbacks so far. */
  types(): string[];
  /** The next call that rings, answered and connected. */
  answerNext(): Promise<CallConnection>;
  /** The data of the next event of this type that has this context. */
  event(type: string, operationContext?: string): Promise<EventData>;
  close(): Promise<void>;
}

export async function startCallingApplication(): Promise<CallingApplication> {
  const webhook = await startWebhookReceiver(({ headers, body }, response) => {
    const validated = headers['aeg-event-type'] === 'SubscriptionValidation';
    const answer = validated ? { validationResponse: JSON.parse(body)[0].data.validationCode } : {};
    response.writeHead(200).end(JSON.stringify(answer));
  });
  const acs = await startAcs(
    {
      ...newAcsResource(),
      controlToken: CONTROL_TOKEN,
      eventGrid: { endpoint: `${webhook.url}/events` },
    },
    { signingKey: SIGNING_KEY },
  );
  const client = new CallAutomationClient(acs.connectionString, { allowInsecureConnection: true });
  const callbackUrl = `${webhook.url}/cb`;
  const seen = new Set<string>();

  const callbacks = (): { id: string; type: string; data: EventData }[] =>
    webhook.requests.filter(({ url }) => url === '/cb').flatMap(({ body }) => JSON.parse(body));

  const event: CallingApplication['event'] = (type, operationContext) =>
    until(
      () => {
        const next = callbacks().find(
          ({ id, type: name, data }) =>
            !seen.has(id) &&
            name === `Microsoft.Communication.${type}` &&
            (operationContext === undefined || data['operationContext'] === operationContext),
        );
        if (next !== undefined) seen.add(next.id);
        return next?.data;
      },
      `the event ${type} ${operationContext ?? ''}`,
    );

  const answerNext = async (): Promise<CallConnection> => {
    const context = await until(() => {
      const incoming = webhook.requests.find(
        ({ url, body }) => url === '/events' && body.includes('IncomingCall"') && !seen.has(body),
      );
      if (incoming !== undefined) seen.add(incoming.body);
      return incoming && (JSON.parse(incoming.body)[0].data.incomingCallContext as string);
    }, 'a call to ring');
    const { callConnection } = await client.answerCall(context, callbackUrl);
    await event('CallConnected');
    return callConnection;
  };

  return {
    client,
    callbackUrl,
    system: systemOf(acs),
    types: () => callbacks().map(({ type }) => type.replace('Microsoft.Communication.', '')),
    answerNext,
    event,
    close: async () => {
      await acs.close();
      await webhook.close();
    },
  };
}

/** The emulator answers for the other parts that it does not know what is asked. */
function systemOf({ url }: RunningAcs): RunningSystem {
  return {
    pid: process.pid,
    urls: new Proxy({} as RunningSystem['urls'], { get: () => url }),
    keys: { acsControl: CONTROL_TOKEN, functions: '', relayAdmin: '' },
    tablesConnectionString: '',
    directory: [],
    routes: [],
    outboundAllowed: '',
  };
}
