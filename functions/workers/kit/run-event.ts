/** Runs one event of a call through a worker: its handler, the lane's memory, the reply. Knows nothing of transport. */
import { bytesToMs } from '../../../shared/audio/audio-format.ts';
import { writeWav } from '../../../shared/audio/wav.ts';
import { kindOf } from '../../../shared/base/errors.ts';
import { parseTraceparent, type TraceParent } from '../../../shared/base/traceparent.ts';
import type { Publish } from '../../../shared/web-pubsub/group-publisher.ts';
import { writeTrace } from '../../../shared/wire/lane/rtp-trace.ts';
import type { WorkerAction } from '../../../shared/wire/lane/worker-messages.ts';
import { downGroup } from '../../../shared/wire/names.ts';
import { announced, announceText, announceTexts } from './announce.ts';
import { callActions, type HangUpOptions, hangUpIfPlayed, markHangUp } from './call-actions.ts';
import { CallRequests } from './call-requests.ts';
import { startEventSpan } from './event-span.ts';
import { formatLaneMemory, type LaneMemory, parseLaneMemory } from './lane-memory.ts';
import { type LaneReply, type WorkerEvent, writeReply } from './lane-message.ts';
import { FIRST_NUMBER, PacketNumbers, Player } from './player.ts';
import { type Background, type Listen, RunningHandler, refusalOf } from './running-handler.ts';
import type { AudioChunk, Call, CallStarted, HandlerResult, Worker } from './worker.ts';

type CallStartedEvent = Extract<WorkerEvent, { type: 'call.started' }>;

/** An event of a call for a worker, whichever way it came. */
interface EventInput {
  readonly callId: string;
  /**
   * Reads the event. Undefined for a type that this version does not know.
   * @throws Error for what cannot be read; the event is lost then, as with a handler that throws
   */
  readonly read: () => WorkerEvent | undefined;
  /** The state of the lane as the last response set it. */
  readonly connectionState: string | undefined;
  /** The same text for the same event of the same lane, so that what the worker requests is done once. */
  readonly eventKey: () => string;
  /** Of the invocation (W3C Trace Context). */
  readonly traceparent?: string | undefined;
}

/** What a host offers besides the answer to an event. A host that cannot publish cannot listen either. */
export interface LanePorts {
  readonly publish?: Publish;
  readonly listen?: Listen;
  /** Of a host whose process stays with the call. Elsewhere a handler that has returned can do nothing more. */
  readonly background?: Background;
  /** A handler that has returned played something, which nobody hears. */
  readonly onLate?: (error: Error) => void;
  /** Whether a worker may ask the control app at this address about its call. Defaults to any. */
  readonly isControlApp?: (url: string) => boolean;
}

export interface LaneResponse {
  /**
   * `ignored`: an event of a type that this version does not know. `interrupted`: the handler was interrupted, and did
   * not return in time or threw.
   */
  readonly outcome: 'replied' | 'silent' | 'ignored' | 'interrupted' | 'failed';
  readonly status: 200 | 204;
  readonly message?: LaneReply;
  /** The new `ce-connectionState`. Left out when it stays as it is. */
  readonly connectionState?: string;
  /** Why the event is lost (`failed`). */
  readonly error?: unknown;
}

/**
 * Runs one event through a worker. Never throws.
 *
 * A failure is an answer of status 200 with a `failed` action. After a 5xx, Web PubSub repeats the event in 1, 3 and 5
 * seconds, while the lane waits and its audio grows old. Any other error status may cost the lane its connection, and
 * its memory with it. This way only the failed event is lost, and at once.
 *
 * An interruption is no failure. The event is answered as soon as the handler returns, or `LEAVE_LIMIT_MS` later, so
 * that the lane goes on; what the handler does to its `state` after that is discarded.
 */
export async function runEvent(
  worker: Worker,
  input: EventInput,
  { publish = notConnected, listen = () => () => {}, background, onLate, isControlApp }: LanePorts = {},
): Promise<LaneResponse> {
  const { callId } = input;
  let lane = parseLaneMemory(input.connectionState);
  let numbers: PacketNumbers | undefined;
  let requests: CallRequests | undefined;
  let handler: RunningHandler | undefined;
  let span: ReturnType<typeof startEventSpan> | undefined;
  try {
    const event = input.read();
    if (event === undefined) return { outcome: 'ignored', status: 204 };
    lane = advance(lane, event);
    span = startEventSpan({
      worker: worker.name,
      callId,
      event: event.type,
      invocation: input.traceparent,
      cause: causeOf(event, lane),
    });
    const { trace } = span;
    const own = background?.numbers ?? new PacketNumbers(lane.out);
    numbers = own;
    const player = playerOf(worker, event, lane, callId, traced(publish, trace), own);
    requests = new CallRequests(input, lane, isControlApp);
    handler = new RunningHandler({ callId, worker: worker.name, turn: lane.turn }, player, {
      listen,
      background,
      onLate,
    });
    const run: HandlerRun = { worker, event, lane, callId, player, requests, handler };
    const { message, memory } = await span.run(() =>
      announced({ ...run, callConnectionId: lane.callConnectionId }, () => answerOf(run, own, trace)),
    );
    span.end();
    return respond(message, stateChange(input.connectionState, memory));
  } catch (error) {
    // What the handler played and requested before it failed was sent, so the numbers go on after it.
    const after = { ...lane, ...published(numbers), ...asked(requests) };
    if (handler?.isInterrupted === true) {
      span?.end();
      return { outcome: 'interrupted', status: 204, ...stateAfterFailure(input.connectionState, after) };
    }
    span?.end(error);
    return fail(worker, input, after, error);
  }
}

/** Runs the handler: what is answered, and the lane's memory after it. */
async function answerOf(
  run: HandlerRun,
  numbers: PacketNumbers,
  trace: TraceParent | undefined,
): Promise<{ message: LaneReply | undefined; memory: string }> {
  const { worker, lane, requests } = run;
  const { state, reply } = await runHandler(run);
  const message = withTrace(reply, trace);
  const { s: _, ...rest } = lane;
  const after: LaneMemory = {
    ...rest,
    ...published(numbers),
    ...asked(requests),
    seq: message === undefined ? lane.seq : (lane.seq + 1) % FIRST_NUMBER,
    ...(worker.initialState === undefined ? {} : { s: state }),
  };
  return { message, memory: formatLaneMemory(after) };
}

/** The lane's memory with what the event itself says. The worker's own state stays as it is. */
function advance(lane: LaneMemory, event: WorkerEvent): LaneMemory {
  switch (event.type) {
    case 'audio':
      return { ...lane, at: (event.chunk.timestamp + event.chunk.pcm.length) >>> 0 };
    case 'call.started':
      return {
        ...lane,
        turn: event.turn,
        format: event.format,
        ...(event.listen === undefined ? {} : { listen: event.listen }),
        callConnectionId: event.callConnectionId,
        ...(event.traceparent === undefined ? {} : { trace: event.traceparent }),
        ...control(lane, event),
      };
    case 'interrupted':
      return { ...lane, turn: Math.max(lane.turn, event.turn) };
    case 'participant':
    case 'dtmf':
    case 'speech.started':
    case 'speech.ended':
    case 'played':
    case 'marked':
    case 'refused':
    case 'message':
    case 'call.ended':
      return lane;
  }
}

/** A call stays with the control app that it began with: a forged event cannot redirect what a worker asks. */
function control(lane: LaneMemory, { control: told }: CallStartedEvent): Pick<LaneMemory, 'control'> {
  if (told === undefined) return {};
  const isOther = lane.control !== undefined && originOf(lane.control.url) !== originOf(told.url);
  return isOther ? {} : { control: told };
}

/** A text that is no URL has no origin, and is like no other. */
function originOf(url: string): string | symbol {
  return URL.parse(url)?.origin ?? Symbol(url);
}

/** The turn that the audio belongs to, or the call's stream. */
function causeOf(event: WorkerEvent, { trace }: LaneMemory): TraceParent | undefined {
  const turn = event.type === 'audio' ? event.trace : undefined;
  return turn ?? (trace === undefined ? undefined : parseTraceparent(trace));
}

function traced(publish: Publish, trace: TraceParent | undefined): Publish {
  if (trace === undefined) return publish;
  return (group, message) =>
    publish(group, message instanceof Uint8Array ? writeTrace(message, trace) : message);
}

function withTrace(message: LaneReply | undefined, trace: TraceParent | undefined): LaneReply | undefined {
  if (trace === undefined || message === undefined || typeof message.body === 'string') return message;
  return { ...message, body: writeTrace(message.body, trace) };
}

/** For hosts that cannot publish. */
const notConnected: Publish = () =>
  Promise.reject(new Error('not supported: play and publish without Web PubSub'));

function published(numbers: PacketNumbers | undefined): { out?: number } {
  return numbers === undefined || numbers.used === 0 ? {} : { out: numbers.used };
}

function asked(requests: CallRequests | undefined): { asked?: number } {
  return requests === undefined || requests.made === 0 ? {} : { asked: requests.made };
}

function playerOf(
  worker: Worker,
  event: WorkerEvent,
  lane: LaneMemory,
  callId: string,
  publish: Publish,
  numbers: PacketNumbers,
): Player {
  return new Player({
    turn: lane.turn,
    format: event.type === 'audio' ? event.chunk.format : lane.format,
    at: lane.at,
    numbers,
    send: (message) => publish(downGroup(callId, worker.name), message),
  });
}

/** A handler with all that it needs. */
interface HandlerRun {
  readonly worker: Worker;
  readonly event: WorkerEvent;
  readonly lane: LaneMemory;
  readonly callId: string;
  readonly player: Player;
  readonly requests: CallRequests;
  readonly handler: RunningHandler;
}

async function runHandler(
  run: HandlerRun,
): Promise<{ state: NonNullable<LaneMemory['s']>; reply: LaneReply | undefined }> {
  const { worker, event, lane, player, handler } = run;
  const endings: HangUpOptions[] = [];
  const call = callOf(run, endings);
  const state = (lane.s ?? worker.initialState?.() ?? {}) as NonNullable<LaneMemory['s']>;
  try {
    const reply = await handler.finish(dispatch(run, call, state));
    // The end of the call comes after everything that the handler says, the reply included.
    const ending = handler.isInterrupted ? undefined : endings[0];
    const { parts, answer } = writeReply(reply, lane, event, ending !== undefined);
    announceTexts(reply);
    if (parts.length > 0 || ending !== undefined) {
      await handler.deliver(async () => {
        await say(player, parts, handler.life);
        if (ending !== undefined) await player.act([hangUpMarkOf(run, ending)]);
      });
    }
    return { state, reply: answer };
  } finally {
    handler.close();
  }
}

function hangUpMarkOf({ requests, lane }: HandlerRun, options: HangUpOptions): WorkerAction {
  const { token } = requests.requireAccess();
  return markHangUp(options, { turn: lane.turn, token });
}

function callOf(run: HandlerRun, endings: HangUpOptions[]): Call {
  const { lane, callId, player, requests, handler } = run;
  const { callConnectionId } = lane;
  const endLater = async (options: HangUpOptions): Promise<void> => {
    handler.requireVoice('hangUp');
    const mark = hangUpMarkOf(run, options);
    if (handler.hasReturned) await player.act([mark]);
    else endings.push(options);
  };
  const api = requests.api(handler.life, () => handler.requireVoice('a request about the call'));
  return {
    callId,
    turn: lane.turn,
    signal: handler.signal,
    play: (pcm) => handler.play(pcm),
    publish: async (text, options) => {
      handler.requireVoice('publish');
      announceText(text);
      await player.act([{ type: 'publish', text, ...options }]);
    },
    ...callActions(api, lane.control?.peer, endLater),
    ...(callConnectionId === undefined ? {} : { callConnectionId }),
  };
}

/** Publishes a reply that does not fit in the answer. Nothing of it where there is too much of it. */
async function say(
  player: Player,
  parts: ReturnType<typeof writeReply>['parts'],
  life: AbortSignal,
): Promise<void> {
  const actions = parts.flatMap((part) => (part instanceof Uint8Array ? [] : part));
  player.claim(actions.reduce((ms, action) => ms + playMs(action), 0));
  for (const part of parts) {
    life.throwIfAborted();
    await (part instanceof Uint8Array ? player.play(part) : player.act(part));
  }
}

function playMs(action: WorkerAction): number {
  return action.type === 'play' ? bytesToMs(action.format, Buffer.byteLength(action.audio, 'base64')) : 0;
}

function dispatch(run: HandlerRun, call: Call, state: object): HandlerResult {
  const { worker, event, lane } = run;
  switch (event.type) {
    case 'audio':
      return hear(worker, event.chunk, call, state, lane.listen);
    case 'call.started':
      return worker.onCallStarted?.(withoutToken(event), call, state);
    case 'participant':
      return worker.onParticipant?.(event, call, state);
    case 'dtmf':
      return worker.onDtmf?.(event, call, state);
    case 'speech.started':
      return worker.onSpeechStarted?.(event, call, state);
    case 'speech.ended':
      return worker.onSpeechEnded?.(event, call, state);
    case 'interrupted':
      return worker.onInterrupted?.(event, call, state);
    case 'played':
      return worker.onPlayed?.(event, call, state);
    case 'marked':
      return hangUpIfPlayed(event, lane.control && { turn: lane.turn, token: lane.control.token }, call);
    case 'refused':
      throw refusalOf(event);
    case 'message':
      return worker.onMessage?.(event, call, state);
    case 'call.ended':
      return worker.onCallEnded?.(event, call, state);
  }
}

/** A handler may log the event, so the call's token must not be in it. */
function withoutToken({ control: _, ...event }: CallStartedEvent): CallStarted {
  return event;
}

/**
 * A chunk worker hears audio of any length. A worker of utterances must hear utterances.
 * @throws Error for a worker of utterances on a route with another listen mode
 */
function hear(
  worker: Worker,
  chunk: AudioChunk,
  call: Call,
  state: object,
  listen = 'utterance',
): HandlerResult {
  if (worker.onAudio !== undefined) return worker.onAudio(chunk, call, state);
  if (listen !== 'utterance') {
    throw new Error(
      `the worker ${worker.name} listens to utterances, and the route of this call has it listen in the mode "${listen}": write "listen": { "mode": "utterance" } in the route`,
    );
  }
  const utterance = { ...chunk, wav: () => writeWav(chunk.pcm, chunk.sampleRateHz) };
  return worker.onUtterance(utterance, call, state);
}

function respond(message: LaneReply | undefined, change: { connectionState?: string }): LaneResponse {
  if (message === undefined) return { outcome: 'silent', status: 204, ...change };
  return { outcome: 'replied', status: 200, message, ...change };
}

function fail(worker: Worker, input: EventInput, lane: LaneMemory, error: unknown): LaneResponse {
  const text = `Worker ${worker.name} failed on an event of this call (${kindOf(error)}); the log of the worker app says more.`;
  return {
    outcome: 'failed',
    status: 200,
    message: {
      contentType: 'application/json',
      body: JSON.stringify({ actions: [{ type: 'failed', text }] }),
    },
    ...stateAfterFailure(input.connectionState, lane),
    error,
  };
}

/** The handler may have changed the worker's state before it failed: that part comes from the request again. */
function stateAfterFailure(header: string | undefined, lane: LaneMemory): { connectionState?: string } {
  const { s: _, ...rest } = lane;
  const { s } = parseLaneMemory(header);
  try {
    return stateChange(header, formatLaneMemory(s === undefined ? rest : { ...rest, s }));
  } catch {
    return {};
  }
}

function stateChange(before: string | undefined, after: string): { connectionState?: string } {
  return after === before ? {} : { connectionState: after };
}
