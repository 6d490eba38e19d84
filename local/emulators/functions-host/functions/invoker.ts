import { randomBytes, randomUUID } from 'node:crypto';
import type { CoreApp, LogScope } from '../app/core-app.ts';
import { CoreError, readOnly } from '../app/core-error.ts';
import type {
  CoreInvocationContext,
  FunctionCallback,
  FunctionMetadata,
  InvocationRequest,
  InvocationResponse,
  LogCategory,
  LogLevel,
  ProgrammingModel,
  RpcTypedData,
  TraceContext,
} from '../app/core-types.ts';
import type { IndexedFunction } from './function-index.ts';
import type { HostJson } from './host-json.ts';

export interface InvocationInput {
  readonly data: RpcTypedData;
  readonly triggerMetadata: Record<string, RpcTypedData>;
  /** W3C headers of the caller; without them a trace begins here. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  /** What set the function off, in the words of the host. */
  readonly reason?: string;
  /** Chosen by the caller when it must know it before the invocation ends. */
  readonly invocationId?: string;
  /** An answer that the app gives itself, besides what it returns. */
  readonly streamed?: StreamedAnswer;
}

export interface StreamedAnswer {
  /** Settles when the answer is with the client, or cannot be. The invocation lasts until then. */
  readonly forwarded: Promise<void>;
  /** The function has run: either well, or with the error that is given. */
  ended(failure?: { readonly error: unknown }): void;
}

const CALLED = 'This function was programmatically called via the host APIs.';

export interface InvocationOutcome {
  readonly response: InvocationResponse;
  /** What the handler returned, after the postInvocation hooks. */
  readonly result: unknown;
}

/** Runs functions of the app the way the Node worker does, any number at a time, all on this process's event loop. */
export class Invoker {
  readonly #app: CoreApp;
  readonly #model: ProgrammingModel | undefined;
  readonly #running = new Set<Promise<unknown>>();
  readonly #timeoutMs: number | undefined;
  readonly #isTraced: boolean;

  constructor(app: CoreApp, hostJson: Pick<HostJson, 'functionTimeoutMs' | 'isTraced'>) {
    this.#app = app;
    this.#timeoutMs = hostJson.functionTimeoutMs;
    this.#isTraced = hostJson.isTraced;
    this.#model = app.model;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /**
   * One invocation: arguments, preInvocation hooks, the handler, postInvocation hooks, response.
   *
   * @throws what the handler or a hook threw, after having logged it
   */
  async invoke(target: IndexedFunction, input: InvocationInput): Promise<InvocationOutcome> {
    const running = this.#invoke(target, input, input.invocationId ?? randomUUID());
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** The real host restarts its worker, which ends every invocation in it; here the whole process ends. */
  #timedOut({ name }: IndexedFunction, id: string): never {
    const limit = new Date(this.#timeoutMs ?? 0).toISOString().slice(11, 19);
    throw new Error(
      `Timeout value of ${limit} exceeded by function 'Functions.${name}' (Id: '${id}'). Initiating cancellation. ` +
        '(functionTimeout of host.json; everything in this process ends with it)',
    );
  }

  /** Resolves when nothing runs any more, or when the time is over, whichever comes first. */
  async drain(limitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([Promise.allSettled([...this.#running]), limit]);
    clearTimeout(timer);
  }

  async #invoke(target: IndexedFunction, input: InvocationInput, id: string): Promise<InvocationOutcome> {
    const started = performance.now();
    const timeout = this.#timeoutMs && setTimeout(() => this.#timedOut(target, id), this.#timeoutMs).unref();
    const say = (level: LogLevel, message: string): void =>
      this.#app.log({ level, category: 'system', message, functionName: target.name, invocationId: id });
    const executed = (how: string): string => {
      const took = Math.round(performance.now() - started);
      return `Executed 'Functions.${target.name}' (${how}, Id=${id}, Duration=${took}ms)`;
    };
    say('information', `Executing 'Functions.${target.name}' (Reason='${input.reason ?? CALLED}', Id=${id})`);
    const running = this.#run(target, input, id).finally(() => clearTimeout(timeout));
    running.then(
      () => input.streamed?.ended(),
      (error: unknown) => input.streamed?.ended({ error }),
    );
    try {
      const outcome = await running;
      await input.streamed?.forwarded;
      say('information', executed('Succeeded'));
      return outcome;
    } catch (error) {
      await input.streamed?.forwarded.catch(() => {});
      say(
        'error',
        `${executed('Failed')}\n${error instanceof Error ? (error.stack ?? error.message) : error}`,
      );
      throw error;
    }
  }

  async #run(target: IndexedFunction, input: InvocationInput, id: string): Promise<InvocationOutcome> {
    if (this.#model === undefined) throw new CoreError('the app has set no programming model');
    const request: InvocationRequest = {
      invocationId: id,
      functionId: target.metadata.functionId ?? target.name,
      inputData: [{ name: target.triggerName, data: input.data }],
      triggerMetadata: input.triggerMetadata,
      traceContext: this.#isTraced ? traceContext(input.traceparent, input.tracestate) : NO_TRACE,
    };
    const context = new InvocationScope(this.#app, request, target.metadata);
    const model = await this.#model.getInvocationModel(context);
    const args = await model.getArguments();
    context.scope.invocationContext = args.context;
    const hooks = invocationHookContext(this.#app, context.scope);

    const before = hooks({ inputs: args.inputs, functionCallback: target.callback });
    await context.during('preInvocationHooks', () => this.#app.runHooks('preInvocation', before));

    const after = hooks<{ inputs: unknown[]; result: unknown; error: unknown }>({
      inputs: before.inputs,
      result: null,
      error: null,
    });
    await context.during('invocation', async () => {
      try {
        after.result = await model.invokeFunction(args.context, before.inputs, before.functionCallback);
      } catch (error) {
        after.error = error;
      }
    });
    await context.during('postInvocationHooks', () => this.#app.runHooks('postInvocation', after));

    if (after.error !== null && after.error !== undefined) throw after.error;
    return { response: await model.getResponse(args.context, after.result), result: after.result };
  }
}

class InvocationScope implements CoreInvocationContext {
  readonly request: InvocationRequest;
  readonly metadata: FunctionMetadata;
  readonly scope: { hookData: Record<string, unknown>; invocationContext: unknown } & LogScope = {
    hookData: {},
    invocationContext: undefined,
  };
  state: CoreInvocationContext['state'];
  readonly #app: CoreApp;

  constructor(app: CoreApp, request: InvocationRequest, metadata: FunctionMetadata) {
    this.#app = app;
    this.request = request;
    this.metadata = metadata;
  }

  get invocationId(): string {
    return this.request.invocationId;
  }

  async during(state: CoreInvocationContext['state'], work: () => Promise<void>): Promise<void> {
    this.state = state;
    try {
      await work();
    } finally {
      this.state = undefined;
    }
  }

  log(level: LogLevel, category: LogCategory, message: string): void {
    const origin = { functionName: this.metadata.name, invocationId: this.invocationId };
    this.#app.log({ level, category, message, ...origin }, this.scope);
  }
}

/** Gives hook contexts of one invocation: what hooks may replace, and what they may only read. */
function invocationHookContext(app: CoreApp, scope: LogScope) {
  return <T extends { inputs: unknown[]; functionCallback?: FunctionCallback }>(replaceable: T): T =>
    Object.defineProperties(replaceable, {
      hookData: readOnly('hookData', () => scope.hookData),
      appHookData: readOnly('appHookData', () => app.appHookData),
      invocationContext: readOnly('invocationContext', () => scope.invocationContext),
    });
}

/** What an invocation is told while the host traces nothing. */
const NO_TRACE: TraceContext = { traceParent: '', traceState: '', attributes: {} };

/** A child of the caller's span, or the root of a new trace (https://www.w3.org/TR/trace-context/). */
function traceContext(traceparent: string | undefined, tracestate: string | undefined): TraceContext {
  const parsed = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(traceparent ?? '');
  const traceId = parsed?.[1] ?? randomBytes(16).toString('hex');
  const flags = parsed?.[2] ?? '00';
  return {
    traceParent: `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}`,
    traceState: parsed === null ? '' : (tracestate ?? ''),
    attributes: {},
  };
}

/** The metadata `sys` that the host adds to every invocation. */
export function systemMetadata(functionName: string): Record<string, RpcTypedData> {
  const sys = { MethodName: functionName, UtcNow: new Date().toISOString(), RandGuid: randomUUID() };
  return { sys: { json: JSON.stringify(sys) } };
}
