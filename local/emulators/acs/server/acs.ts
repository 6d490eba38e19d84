import { WavPhone } from '../../../phone/wav-phone.ts';
import type { RunningServer } from '../../common/child.ts';
import { type Clock, skewedClock, systemClock } from '../../common/clock.ts';
import type { InjectedCounts } from '../../common/fault-engine.ts';
import { listen, type TlsIdentity } from '../../common/listen.ts';
import { type Random, seededRandom, systemRandom } from '../../common/random.ts';
import { logRequests, type PrintLine } from '../../common/request-log.ts';
import { newSigningKey, type SigningKey } from '../../common/signing-key.ts';
import type { Topic } from '../../event-grid/topic.ts';
import { type AcsBehaviour, DEFAULT_BEHAVIOUR } from '../call/behaviour.ts';
import type { Call } from '../call/call.ts';
import type { CallEnvironment } from '../call/call-environment.ts';
import { ControlApi } from '../control/control-api.ts';
import { EventStream } from '../control/event-stream.ts';
import { Scripts } from '../control/scripts.ts';
import { CallingEvents } from '../event-grid/calling-events.ts';
import { createResourceTopic, type EventGridOptions } from '../event-grid/resource-topic.ts';
import { EventLog, entryInWords, type RecordEntry } from '../events/event-log.ts';
import { KEYS_PATH, plannedTokens, TokenIssuer } from '../events/tokens.ts';
import { CallRegistry } from '../exchange/call-registry.ts';
import { CalleeBook } from '../exchange/callee-book.ts';
import { Dialer } from '../exchange/dialer.ts';
import { ResourceCallees } from '../exchange/resource-callees.ts';
import { type CreatePhone, type PlaceCallRequest, Switchboard } from '../exchange/switchboard.ts';
import { AcsFaultEngine, type FaultPlan, type FaultRuleInput } from '../faults/fault-plan.ts';
import { LivePhones } from '../live/live-phones.ts';
import { createOpenMediaStream } from '../media/media-stream.ts';
import { MediaTicker, processTicker } from '../media/media-ticker.ts';
import type { OpenMediaStream, OpenTranscriptionStream } from '../media/port.ts';
import { createOpenTranscriptionStream } from '../media/transcription-stream.ts';
import { createPromptLoader } from '../media-operations/prompt-loader.ts';
import { createTextToSpeech } from '../media-operations/text-to-speech.ts';
import { RestApi } from '../rest/rest-api.ts';
import { RestFaults } from '../rest/rest-faults.ts';
import type { Callees } from '../telephones/callees.ts';
import { ResourceIdentities } from '../telephones/resource-identities.ts';
import { answerRequests, VALIDATION_PATH } from './answer-requests.ts';

const LEAST_KEY_BYTES = 16;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface AcsOptions {
  /** Defaults to 127.0.0.1. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Base64, as in a connection string. */
  readonly accessKey: string;
  /** The immutable resource id (a GUID): audience of the tokens that callbacks and media sockets carry. */
  readonly resourceId: string;
  /** Numbers of the resource, in E.164: calls to them raise IncomingCall. More are learned from calls. */
  readonly numbers?: readonly string[];
  /** Defaults to the emulator's own URL. */
  readonly tokenIssuer?: string | undefined;
  /** Defaults to no control surface, as does an empty one. */
  readonly controlToken?: string | undefined;
  /** Without it no phone can call the application. */
  readonly eventGrid?: EventGridOptions | undefined;
  readonly behaviour?: Partial<AcsBehaviour>;
  /** What goes wrong from the start. */
  readonly faults?: FaultPlan;
  /** Where ids and the chance of faults come from: the same seed, the same ones. Defaults to an unpredictable one. */
  readonly seed?: string | undefined;
  /** Receives the event log: JSON lines without their line ends. */
  readonly eventLog?: ((line: string) => void) | undefined;
  /** PEM, for https. Defaults to http. */
  readonly tls?: TlsIdentity | undefined;
  /** Times calls, and media too. Defaults to the machine's. */
  readonly clock?: Clock;
  /** Receives lines without secrets, phone numbers and audio. */
  readonly log?: (line: string) => void;
  /** Receives a line, as free of them, for each request, callback, event and fault. */
  readonly requestLog?: PrintLine | undefined;
}

/** Parts that tests replace. */
export interface AcsParts {
  /** Defaults to a WebSocket. */
  readonly openMediaStream: OpenMediaStream;
  /** Defaults to a phone that plays a recording. */
  readonly createPhone: CreatePhone;
  /** Defaults to a WebSocket. */
  readonly openTranscriptionStream: OpenTranscriptionStream;
  /** Times all media. Defaults to the ticker of the process, or one by `clock` if that is given. */
  readonly ticker: MediaTicker;
  /** The telephones that calls of the application reach. Defaults to those entered on the control surface. */
  readonly callees: Callees;
  /** Signs tokens. Defaults to a new key of this start. */
  readonly signingKey: SigningKey;
}

export interface RunningAcs extends RunningServer {
  /** For `CallAutomationClient`. */
  readonly connectionString: string;
  /** What an application verifies tokens with. */
  readonly tokens: { readonly issuer: string; readonly audience: string; readonly jwksUrl: string };
  /** A phone calls the application. @throws RefusedError */
  placeCall(request: PlaceCallRequest): Call;
  /** @throws RangeError */
  armFault(fault: FaultRuleInput): void;
  /** Replaces the fault plan. @throws RangeError */
  setFaults(plan: FaultPlan): void;
  /** How often each fault was injected so far, such as `{'rest.error': 2}`. */
  injectedFaults(): InjectedCounts;
}

/** What everything else is made from. */
interface Base {
  readonly clock: Clock;
  /** The clock that the service shows: in tokens, event times and signatures. */
  readonly shown: Clock;
  readonly random: Random;
  readonly faults: AcsFaultEngine;
  readonly record: RecordEntry;
  readonly log: (line: string) => void;
}

/**
 * Starts the emulator of Azure Communication Services: Call Automation, callbacks, media sockets, and the phones that
 * call.
 * @throws Error when an option is invalid or the port cannot be taken
 */
export async function startAcs(options: AcsOptions, parts: Partial<AcsParts> = {}): Promise<RunningAcs> {
  const accessKey = readAccessKey(options.accessKey);
  const { resourceId } = options;
  if (!GUID.test(resourceId)) throw new Error('The resource id (ACS_RESOURCE_ID) must be a GUID.');
  const resource = new ResourceIdentities(resourceId, options.numbers);
  const clock = options.clock ?? systemClock;
  const eventLog = options.eventLog === undefined ? undefined : new EventLog(clock, options.eventLog);
  const { requestLog } = options;
  const base = baseOf(options, clock, (entry) => {
    eventLog?.record(entry);
    const words = requestLog && entryInWords(entry);
    if (words !== undefined) requestLog?.(words);
  });
  const { random, faults, record, log } = base;
  const key = parts.signingKey ?? (await newSigningKey());
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
    new TokenIssuer({ key, issuer, audience: resourceId, baseUrl: url, clock: by });
  const callees = new CalleeBook(clock);
  const tokens = plannedTokens(issuerOn, base.shown, faults, random.branch('tokens'));
  const environment = environmentOf(options, base, tokens, { callees, resource, ...parts });
  const { calls, switchboard, dialer, events, rest, control, livePhones } = partsOf({
    ...base,
    options,
    accessKey,
    environment,
    topic,
    callees,
    createPhone: parts.createPhone ?? ((options) => new WavPhone(options)),
  });
  if (requestLog !== undefined) logRequests(listening.server, clock, requestLog);
  answerRequests(listening.server, { rest, control, livePhones, tokens: issuerOn(base.shown), topic, log });

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    for (const call of calls.all()) call.close();
    dialer.close();
    await topic?.close();
    events.close();
    livePhones.close();
    await listening.stop();
    eventLog?.flush();
  };
  return {
    url,
    connectionString: `endpoint=${url}/;accesskey=${options.accessKey}`,
    tokens: { issuer, audience: resourceId, jwksUrl: `${url}${KEYS_PATH}` },
    placeCall: (request) => switchboard.place(request),
    armFault: (fault) => faults.add(fault),
    setFaults: (plan) => faults.replace(plan),
    injectedFaults: () => faults.report().injected,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function baseOf({ seed, faults: plan, log = () => {} }: AcsOptions, clock: Clock, record: RecordEntry): Base {
  const faults = new AcsFaultEngine(plan, ({ on, fault, name }) =>
    record({ kind: 'fault', on, fault, name }),
  );
  return {
    clock,
    shown: skewedClock(clock, () => faults.clockSkewMs),
    random: seed === undefined ? systemRandom : seededRandom(seed),
    faults,
    record,
    log,
  };
}

function environmentOf(
  options: AcsOptions,
  { clock, random, faults, record, log }: Base,
  tokens: CallEnvironment['tokens'],
  parts: Partial<AcsParts> & Pick<CallEnvironment, 'callees' | 'resource'>,
): CallEnvironment {
  const behaviour = { ...DEFAULT_BEHAVIOUR, ...options.behaviour };
  const ticker = parts.ticker ?? (options.clock === undefined ? processTicker : new MediaTicker(clock));
  return {
    clock,
    behaviour,
    tokens,
    random,
    faults,
    record,
    openMediaStream:
      parts.openMediaStream ??
      createOpenMediaStream({ ticker, handshakeTimeoutMs: behaviour.mediaHandshakeMs, warn: log }),
    openTranscriptionStream: parts.openTranscriptionStream ?? createOpenTranscriptionStream(log),
    ticker,
    loadPrompt: createPromptLoader(behaviour.playFilesFrom, createTextToSpeech({ warn: log })),
    callees: parts.callees,
    resource: parts.resource,
  };
}

interface Assembly extends Base {
  readonly options: AcsOptions;
  readonly accessKey: Buffer;
  readonly environment: CallEnvironment;
  readonly topic: Topic | undefined;
  readonly callees: CalleeBook;
  readonly createPhone: CreatePhone;
}

/** Everything that calls go through, and the two surfaces that reach them. */
function partsOf(assembly: Assembly) {
  const { options, accessKey, topic, callees, createPhone, ...base } = assembly;
  const { clock, shown, random, faults, record, log } = base;
  const { resource } = assembly.environment;
  const environment: CallEnvironment = {
    ...assembly.environment,
    callees: new ResourceCallees({
      callees: assembly.environment.callees,
      resource,
      place: (request) => switchboard.place(request),
      log,
    }),
  };
  const { strictUrls } = environment.behaviour;
  const calls = new CallRegistry();
  const events = new EventStream(clock, () => calls.all());
  const onChange = watchCalls(base, environment, topic, events);
  const switchboard = new Switchboard({ calls, environment, createPhone, topic, onChange });
  const dialer = new Dialer({ calls, environment, onChange });
  const rest = new RestApi({
    calls,
    dialer,
    ownUserId: resource.self.rawId,
    accessKey,
    faults: new RestFaults(faults, random.branch('rest faults'), clock),
    strictUrls,
    clock: shown,
    record,
    log,
  });
  const livePhones = new LivePhones({ clock, calls, switchboard, callees });
  const control = new ControlApi({
    token: options.controlToken,
    calls,
    switchboard,
    events,
    faults,
    deadLetters: () => topic?.deadLetters ?? [],
    scripts: new Scripts({ calls, switchboard, callees }),
    phones: () => livePhones.report(),
  });
  return { calls, switchboard, dialer, events, rest, control, livePhones };
}

/** Who hears of every change of a call: the log, people at the event stream, Event Grid, the event log. */
function watchCalls(
  { random, shown, log, record }: Base,
  { behaviour, resource }: CallEnvironment,
  topic: Topic | undefined,
  events: EventStream,
): (call: Call) => void {
  const callingEvents =
    topic &&
    new CallingEvents({
      topic,
      clock: shown,
      random: random.branch('calling events'),
      callingEvents: behaviour.callingEvents,
      self: resource.self.rawId,
    });
  const logged = new WeakMap<Call, string>();
  return (call) => {
    const state = `${call.state}${call.endedAtMs === undefined ? '' : ` (${call.outcome})`}`;
    // What is on a call changes more often than its state.
    if (logged.get(call) !== state) log(`call ${call.ids.id}: ${state}`);
    logged.set(call, state);
    events.callChanged(call);
    callingEvents?.callChanged(call);
    recordCall(call, record);
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
