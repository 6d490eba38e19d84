import type { RunningServer } from '../../common/child.ts';
import { type Clock, systemClock } from '../../common/clock.ts';
import { listen, type TlsIdentity } from '../../common/listen.ts';
import { seededRandom, systemRandom } from '../../common/random.ts';
import { skewedClock } from '../../common/skewed-clock.ts';
import { type AcsBehaviour, DEFAULT_BEHAVIOUR } from '../call/behaviour.ts';
import type { Call } from '../call/call.ts';
import type { CallEnvironment } from '../call/call-environment.ts';
import { ControlApi } from '../control/control-api.ts';
import { EventStream } from '../control/event-stream.ts';
import { Scripts } from '../control/scripts.ts';
import { CallingEvents } from '../event-grid/calling-events.ts';
import { createResourceTopic, type EventGridOptions } from '../event-grid/resource-topic.ts';
import { EventLog, type RecordEntry } from '../events/event-log.ts';
import { KEYS_PATH, newSigningKey, TokenIssuer } from '../events/tokens.ts';
import { CallRegistry } from '../exchange/call-registry.ts';
import { CalleeBook } from '../exchange/callee-book.ts';
import { Dialer } from '../exchange/dialer.ts';
import { type PlaceCallRequest, Switchboard } from '../exchange/switchboard.ts';
import { FaultEngine, type InjectedCounts } from '../faults/fault-engine.ts';
import type { FaultPlan, FaultRuleInput } from '../faults/fault-plan.ts';
import { plannedTokens } from '../faults/planned-tokens.ts';
import { RestFaults } from '../faults/rest-faults.ts';
import { type MediaTicker, processTicker } from '../media/media-ticker.ts';
import type { OpenMediaStream } from '../media/port.ts';
import type { OpenTranscriptionStream } from '../media/transcription-port.ts';
import { openTranscriptionStream } from '../media/transcription-stream.ts';
import { createPromptLoader } from '../media-operations/prompt-loader.ts';
import { createTextToSpeech } from '../media-operations/text-to-speech.ts';
import { RestApi } from '../rest/rest-api.ts';
import type { Callees } from '../telephones/callees.ts';
import type { CreatePhone } from '../telephones/scripted-phone.ts';
import { answerRequests, VALIDATION_PATH } from './answer-requests.ts';

const LEAST_KEY_BYTES = 16;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface AcsOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Base64, as in a connection string. */
  readonly accessKey: string;
  /** The immutable resource id (a GUID): audience of the tokens that callbacks and media sockets carry. */
  readonly resourceId: string;
  /** Default: the stand-in's own URL. */
  readonly tokenIssuer?: string | undefined;
  /** Absent or empty: there is no control surface. */
  readonly controlToken?: string | undefined;
  /** Absent: no call can be placed. */
  readonly eventGrid?: EventGridOptions;
  readonly behaviour?: Partial<AcsBehaviour>;
  /** What goes wrong from the start. */
  readonly faults?: FaultPlan;
  /** Where ids and the chance of faults come from: the same seed, the same ones. Absent: unpredictable. */
  readonly seed?: string;
  /** Receives the event log: JSON lines without their line ends. */
  readonly eventLog?: (line: string) => void;
  /** PEM; present: https instead of http. */
  readonly tls?: TlsIdentity;
  readonly clock?: Clock;
  /** Receives lines without secrets, phone numbers and audio. */
  readonly log?: (line: string) => void;
}

/** The parts that the calls need and that are built elsewhere. */
export interface AcsParts {
  readonly openMediaStream: OpenMediaStream;
  readonly createPhone: CreatePhone;
  /** Default: over a WebSocket. */
  readonly openTranscriptionStream?: OpenTranscriptionStream;
  /** Times the sound of calls that are not streamed. Default: that of the process. */
  readonly ticker?: MediaTicker;
  /** Whom calls of the application reach; absent: those entered on the control surface. */
  readonly callees?: Callees;
}

export interface RunningAcs extends RunningServer {
  /** For `CallAutomationClient`. */
  readonly connectionString: string;
  /** `issuer` and `jwksUrl` for whoever verifies the tokens. */
  readonly tokens: { readonly issuer: string; readonly audience: string; readonly jwksUrl: string };
  /** Lets a phone ring. @throws RefusedError */
  placeCall(request: PlaceCallRequest): Call;
  /** @throws RangeError */
  armFault(fault: FaultRuleInput): void;
  /** Another fault plan instead. @throws RangeError */
  setFaults(plan: FaultPlan): void;
  /** How often each fault was injected so far, such as `{'rest.error': 2}`. */
  injectedFaults(): InjectedCounts;
}

/**
 * Starts the stand-in with the given parts.
 * @throws Error when an option is invalid or the port cannot be taken
 */
export async function startAcsWith(options: AcsOptions, parts: AcsParts): Promise<RunningAcs> {
  const accessKey = readAccessKey(options.accessKey);
  if (!GUID.test(options.resourceId)) throw new Error('The resource id (ACS_RESOURCE_ID) must be a GUID.');
  const clock = options.clock ?? systemClock;
  const log = options.log ?? (() => {});
  const key = await newSigningKey();
  const random = options.seed === undefined ? systemRandom : seededRandom(options.seed);
  const eventLog = options.eventLog === undefined ? undefined : new EventLog(clock, options.eventLog);
  const record: RecordEntry = eventLog?.record ?? (() => {});
  const faults = new FaultEngine(options.faults, ({ on, fault, name }) =>
    record({ kind: 'fault', on, fault, name }),
  );
  const skewed = skewedClock(clock, () => faults.clockSkewMs);
  // Deliveries begin when the address is known.
  let url = '';
  const topic = createResourceTopic(options.eventGrid ?? {}, {
    clock,
    random: random.branch('event grid'),
    faults,
    record,
    validationUrl: (id) => `${url}${VALIDATION_PATH}?id=${id}`,
    onWarning: (sentence) => log(`Event Grid: ${sentence}`),
  });
  const listening = await listen(options.host ?? '127.0.0.1', options.port, options.tls);
  url = listening.url;
  const issuer = options.tokenIssuer ?? url;
  const issuerOn = (by: Clock): TokenIssuer =>
    new TokenIssuer({ key, issuer, audience: options.resourceId, baseUrl: url, clock: by });
  const tokens = issuerOn(skewed);
  const calls = new CallRegistry();
  const events = new EventStream(clock, () => calls.all());
  const callees = new CalleeBook(clock);
  const behaviour: AcsBehaviour = { ...DEFAULT_BEHAVIOUR, ...options.behaviour };
  const environment: CallEnvironment = {
    clock,
    behaviour,
    tokens: plannedTokens(issuerOn, skewed, faults, random.branch('tokens')),
    random,
    faults,
    record,
    openMediaStream: parts.openMediaStream,
    openTranscriptionStream: parts.openTranscriptionStream ?? openTranscriptionStream,
    ticker: parts.ticker ?? processTicker,
    loadPrompt: createPromptLoader(behaviour.playFilesFrom, createTextToSpeech({ warn: log })),
    callees: parts.callees ?? callees,
  };
  const callingEvents =
    topic === undefined
      ? undefined
      : new CallingEvents({
          topic,
          clock: skewed,
          random: random.branch('calling events'),
          callingEvents: environment.behaviour.callingEvents,
        });
  const onChange = (call: Call): void => {
    log(`call ${call.ids.id}: ${call.state}${call.endedAtMs === undefined ? '' : ` (${call.outcome})`}`);
    events.callChanged(call);
    callingEvents?.callChanged(call);
    recordCall(call, record);
  };
  const { createPhone } = parts;
  const switchboard = new Switchboard({ calls, environment, createPhone, topic, onChange });
  const dialer = new Dialer({ calls, environment, onChange });
  const rest = new RestApi({
    calls,
    dialer,
    ownUserId: `8:acs:${options.resourceId}_${random.branch('application').uuid()}`,
    accessKey,
    faults: new RestFaults(faults, random.branch('rest faults'), clock),
    strictUrls: environment.behaviour.strictUrls,
    clock: skewed,
    record,
    log,
  });
  const control = new ControlApi({
    token: options.controlToken,
    calls,
    switchboard,
    events,
    faults,
    deadLetters: () => topic?.deadLetters ?? [],
    scripts: new Scripts({ calls, switchboard, callees, clock, ringMs: environment.behaviour.ringMs }),
  });

  answerRequests(listening.server, { rest, control, tokens, topic, log });

  let closing: Promise<void> | undefined;
  return {
    url,
    connectionString: `endpoint=${url}/;accesskey=${options.accessKey}`,
    tokens: { issuer, audience: options.resourceId, jwksUrl: `${url}${KEYS_PATH}` },
    placeCall: (request) => switchboard.place(request),
    armFault: (fault) => faults.add(fault),
    setFaults: (plan) => faults.replace(plan),
    injectedFaults: () => faults.report().injected,
    close: () => {
      closing ??= (async () => {
        for (const call of calls.all()) call.close();
        dialer.close();
        await topic?.close();
        events.close();
        await listening.stop();
        eventLog?.flush();
      })();
      return closing;
    },
  };
}

function recordCall(call: Call, record: RecordEntry): void {
  record({
    kind: 'call',
    id: call.ids.id,
    state: call.state,
    callConnectionId: call.connection?.callConnectionId,
    media: call.connection?.subscription?.state,
    subscriptionId: call.connection?.subscription?.id,
    outcome: call.endedAtMs === undefined ? undefined : call.outcome,
  });
}

function readAccessKey(text: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length < LEAST_KEY_BYTES || key.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) {
    throw new Error(`The access key (ACS_ACCESS_KEY) must be base64 of at least ${LEAST_KEY_BYTES} bytes.`);
  }
  return key;
}
