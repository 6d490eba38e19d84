import {
  AcsCallError,
  type AcsCalls,
  type AnsweredCall,
  type AnswerRequest,
  type CallProperties,
  type OperationContext,
  type PlaceRequest,
} from '../../functions/control/call/acs-port.ts';
import type { CallOperation, OperationAnswer, Participant } from '../../shared/call/operation.ts';

export interface IncomingRing {
  readonly context: string;
  readonly untilMs: number;
  state: 'ringing' | 'answered' | 'rejected' | 'redirected' | 'over';
}

export interface ModelConnection {
  readonly id: string;
  readonly callbackUrl: string;
  state: 'connecting' | 'connected' | 'disconnected';
  streaming: 'inactive' | 'active';
  /** When it came about; what it lasts is billed. */
  readonly sinceMs: number;
}

/** What becomes of the telephone of a call that the application places. */
export interface Callee {
  readonly afterMs: number;
  readonly outcome: 'answers' | 'busy' | 'noAnswer';
}

export interface AcsModelOptions {
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => void;
  /** Delivers a callback event: posts it, and repeats that on failure. */
  readonly post: (callbackUrl: string, event: Record<string, unknown>) => void;
}

const RING_MS = 30_000;

/** Milliseconds from a cause to the event that tells of it. */
const DELAY_MS = { connected: 1_000, streaming: 300, ended: 50 } as const;

const FAILURE = {
  busy: { code: 486, subCode: 8539 },
  noAnswer: { code: 408, subCode: 8541 },
} as const;

/**
 * The calls of ACS as far as an application can tell, without sound: it rings, connects, streams, ends, and tells of
 * it. It refuses what the service refuses, with the service's codes.
 */
export class AcsModel implements AcsCalls {
  readonly #options: AcsModelOptions;
  readonly rings = new Map<string, IncomingRing>();
  readonly connections = new Map<string, ModelConnection>();
  /** Answers that connected something: more than one for a context would be two calls. */
  answersAccepted = 0;
  /** How many of the next streams fail. */
  failingStreams = 0;
  callee: Callee = { afterMs: 5_000, outcome: 'answers' };
  #ids = 0;

  constructor(options: AcsModelOptions) {
    this.#options = options;
  }

  ring(context: string): void {
    this.rings.set(context, { context, untilMs: this.#options.now() + RING_MS, state: 'ringing' });
    this.#options.after(RING_MS, () => {
      const ring = this.rings.get(context);
      if (ring?.state === 'ringing') ring.state = 'over';
    });
  }

  /** Connections that somebody pays for. */
  get live(): ModelConnection[] {
    return [...this.connections.values()].filter(({ state }) => state !== 'disconnected');
  }

  /** The person at the other end hangs up. */
  personHangsUp(): void {
    for (const connection of this.live) this.#end(connection, { code: 200, subCode: 7000 });
  }

  /** The media socket of a running stream breaks. */
  breakStreams(): void {
    for (const connection of this.live) {
      if (connection.streaming !== 'active') continue;
      connection.streaming = 'inactive';
      this.#tell(connection, 'MediaStreamingFailed', DELAY_MS.streaming, STREAM_FAILED);
    }
  }

  async answer(request: AnswerRequest): Promise<AnsweredCall> {
    const ring = this.rings.get(request.incomingCallContext);
    if (ring === undefined || ring.state === 'over') throw refused('answer', 404, '8522');
    if (ring.state !== 'ringing') throw refused('answer', 400, '8523');
    ring.state = 'answered';
    this.answersAccepted += 1;
    const connection = this.#connect(request.callbackUrl);
    this.#options.after(DELAY_MS.connected, () => this.#connected(connection, request));
    return answeredBy(connection);
  }

  async reject(incomingCallContext: string): Promise<void> {
    this.#turnAway(incomingCallContext, 'rejected');
  }

  async redirect(incomingCallContext: string): Promise<void> {
    this.#turnAway(incomingCallContext, 'redirected');
  }

  async place(request: PlaceRequest): Promise<AnsweredCall> {
    const connection = this.#connect(request.callbackUrl);
    const { outcome, afterMs } = this.callee;
    this.#options.after(afterMs, () => {
      if (connection.state !== 'connecting') return;
      if (outcome === 'answers') {
        this.#connected(connection, request);
        return;
      }
      this.#tell(connection, 'CreateCallFailed', 0, FAILURE[outcome]);
      this.#end(connection, FAILURE[outcome]);
    });
    return answeredBy(connection);
  }

  async startMediaStreaming(callConnectionId: string): Promise<void> {
    const connection = this.#established(callConnectionId, 'start');
    if (connection.streaming === 'active') throw refused('start', 400, '8500');
    this.#startStream(connection);
  }

  async stopMediaStreaming(callConnectionId: string): Promise<void> {
    const connection = this.#established(callConnectionId, 'stop');
    if (connection.streaming === 'inactive') throw refused('stop', 400, '8500');
    connection.streaming = 'inactive';
    this.#tell(connection, 'MediaStreamingStopped', DELAY_MS.streaming);
  }

  async hangUp(callConnectionId: string): Promise<void> {
    this.#end(this.#known(callConnectionId, 'hang up'), { code: 200, subCode: 7000 });
  }

  async operate(
    callConnectionId: string,
    operation: CallOperation,
    { operationContext }: OperationContext,
  ): Promise<OperationAnswer> {
    const connection = this.#established(callConnectionId, operation.type);
    if (operation.type !== 'play') throw refused(operation.type, 501, 'model');
    this.#tell(connection, 'PlayCompleted', 2_000, { code: 200, subCode: 0 }, { operationContext });
    return {};
  }

  async participants(callConnectionId: string): Promise<readonly Participant[]> {
    this.#established(callConnectionId, 'participants');
    return [];
  }

  async properties(callConnectionId: string): Promise<CallProperties | undefined> {
    const connection = this.connections.get(callConnectionId);
    if (connection === undefined || connection.state === 'disconnected') return undefined;
    return { state: connection.state, streaming: connection.streaming };
  }

  #connect(callbackUrl: string): ModelConnection {
    this.#ids += 1;
    const id = `connection-${this.#ids}`;
    const connection: ModelConnection = {
      id,
      callbackUrl,
      state: 'connecting',
      streaming: 'inactive',
      sinceMs: this.#options.now(),
    };
    this.connections.set(id, connection);
    return connection;
  }

  #connected(connection: ModelConnection, { media }: Pick<AnswerRequest, 'media'>): void {
    if (connection.state !== 'connecting') return;
    connection.state = 'connected';
    this.#tell(connection, 'CallConnected', 0);
    if (media.plan.startStreaming) this.#startStream(connection);
  }

  #startStream(connection: ModelConnection): void {
    if (this.failingStreams > 0) {
      this.failingStreams -= 1;
      this.#tell(connection, 'MediaStreamingFailed', DELAY_MS.streaming, STREAM_FAILED);
      return;
    }
    connection.streaming = 'active';
    this.#tell(connection, 'MediaStreamingStarted', DELAY_MS.streaming);
  }

  #turnAway(context: string, state: 'rejected' | 'redirected'): void {
    const ring = this.rings.get(context);
    if (ring === undefined || ring.state === 'over') throw refused(state, 404, '8522');
    if (ring.state !== 'ringing') throw refused(state, 400, '8523');
    ring.state = state;
  }

  #end(connection: ModelConnection, result: Result): void {
    if (connection.state === 'disconnected') return;
    connection.state = 'disconnected';
    connection.streaming = 'inactive';
    this.#tell(connection, 'CallDisconnected', DELAY_MS.ended, result);
  }

  #known(callConnectionId: string, operation: string): ModelConnection {
    const connection = this.connections.get(callConnectionId);
    if (connection === undefined || connection.state === 'disconnected')
      throw refused(operation, 404, '8522');
    return connection;
  }

  #established(callConnectionId: string, operation: string): ModelConnection {
    const connection = this.#known(callConnectionId, operation);
    if (connection.state !== 'connected') throw refused(operation, 400, '8501');
    return connection;
  }

  #tell(
    connection: ModelConnection,
    type: string,
    delayMs: number,
    resultInformation: Result = { code: 200, subCode: 0 },
    data: Record<string, unknown> = {},
  ): void {
    this.#ids += 1;
    const event = {
      id: `event-${this.#ids}`,
      source: `calling/callConnections/${connection.id}`,
      type: `Microsoft.Communication.${type}`,
      time: new Date(this.#options.now()).toISOString(),
      specversion: '1.0',
      data: { callConnectionId: connection.id, resultInformation, ...data },
    };
    this.#options.after(delayMs, () => this.#options.post(connection.callbackUrl, event));
  }
}

interface Result {
  readonly code: number;
  readonly subCode: number;
}

const STREAM_FAILED: Result = { code: 500, subCode: 8603 };

function answeredBy({ id }: ModelConnection): AnsweredCall {
  return { callConnectionId: id, serverCallId: `server-${id}` };
}

function refused(operation: string, status: number, code: string): AcsCallError {
  return new AcsCallError(operation, { status, code, retryable: false });
}
