import { isRecord, jsonOf } from '../common/json.ts';
import { type EventSchema, eventTime } from './event.ts';
import { type SendOptions, send } from './post.ts';

/** The origin that Event Grid names in the CloudEvents handshake. */
const REQUEST_ORIGIN = 'eventgrid.azure.net';

interface HandshakeTarget {
  readonly url: string;
  readonly schema: EventSchema;
  readonly topic: string;
  readonly subscriptionName: string;
  /** Id and code of the validation event; the CloudEvents handshake has neither. */
  readonly eventId: string;
  readonly validationCode: string;
  /** Where the endpoint's owner may confirm by hand instead; absent where nothing serves that URL. */
  readonly validationUrl?: string;
}

/**
 * `accepted`: events may be sent. `unconfirmed`: the endpoint answered 200 without echoing the code, which is allowed
 * when the validation URL is opened later. `refused`: the sentence says what was wrong.
 */
type HandshakeResult =
  | { readonly type: 'accepted' }
  | { readonly type: 'unconfirmed'; readonly why: string }
  | { readonly type: 'refused'; readonly why: string };

/** Proves that the endpoint wants events, in the way of its schema (Event Grid, "Endpoint validation"). */
export function shakeHands(target: HandshakeTarget, sending: SendOptions): Promise<HandshakeResult> {
  switch (target.schema) {
    case 'EventGridSchema':
      return postValidation(target, sending);
    case 'CloudEventSchemaV1_0':
      return askForPermission(target, sending);
  }
}

async function postValidation(target: HandshakeTarget, sending: SendOptions): Promise<HandshakeResult> {
  const { validationCode } = target;
  const event = {
    id: target.eventId,
    topic: target.topic,
    subject: '',
    data: {
      validationCode,
      ...(target.validationUrl === undefined ? {} : { validationUrl: target.validationUrl }),
    },
    eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
    eventTime: eventTime(sending.clock.now()),
    metadataVersion: '1',
    dataVersion: '1',
  };
  const response = await send(
    {
      method: 'POST',
      url: target.url,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'aeg-event-type': 'SubscriptionValidation',
        'aeg-subscription-name': target.subscriptionName.toUpperCase(),
        'aeg-delivery-count': '0',
        'aeg-data-version': '1',
        'aeg-metadata-version': '1',
      },
      body: JSON.stringify([event]),
    },
    sending,
  );
  if (response.result !== 200)
    return {
      type: 'refused',
      why: `the endpoint answered the validation event with ${response.result}, expected 200`,
    };
  if (echoedCode(response.body) === validationCode) return { type: 'accepted' };
  const why = 'the endpoint answered 200 without echoing the validation code in validationResponse';
  return target.validationUrl === undefined ? { type: 'refused', why } : { type: 'unconfirmed', why };
}

/** CloudEvents HTTP 1.1 Web Hooks, section 4: the sender asks with OPTIONS, the receiver grants its origin. */
async function askForPermission(target: HandshakeTarget, sending: SendOptions): Promise<HandshakeResult> {
  const response = await send(
    {
      method: 'OPTIONS',
      url: target.url,
      headers: {
        'webhook-request-origin': REQUEST_ORIGIN,
        ...(target.validationUrl === undefined ? {} : { 'webhook-request-callback': target.validationUrl }),
        'webhook-request-rate': '120',
      },
    },
    sending,
  );
  if (response.result !== 200)
    return { type: 'refused', why: `the endpoint answered OPTIONS with ${response.result}, expected 200` };
  const allowed = response.headers.get('webhook-allowed-origin');
  if (allowed === '*' || allowed?.toLowerCase() === REQUEST_ORIGIN) return { type: 'accepted' };
  const why = `the endpoint allows the origin ${allowed ?? '(none)'}, expected ${REQUEST_ORIGIN} or *`;
  return target.validationUrl === undefined ? { type: 'refused', why } : { type: 'unconfirmed', why };
}

function echoedCode(body: string): unknown {
  const parsed = jsonOf(body);
  if (!isRecord(parsed)) return undefined;
  return Object.entries(parsed).find(([key]) => key.toLowerCase() === 'validationresponse')?.[1];
}
