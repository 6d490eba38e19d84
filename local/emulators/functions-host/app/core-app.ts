import { CoreError, CoreRangeError } from './core-error.ts';
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-types.ts';

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

type HookName = 'appStart' | 'appTerminate' | 'preInvocation' | 'postInvocation' | 'log';

/** One message on its way to the terminal; the names are absent for what is said outside an invocation. */
export interface LogRecord {
  readonly level: LogLevel;
  readonly category: LogCategory;
  readonly message: string;
  readonly functionName?: string;
  readonly invocationId?: string;
}

/** What a log hook may see of the invocation that speaks. */
export interface LogScope {
  readonly hookData: Record<string, unknown>;
  readonly invocationContext: unknown;
}

/** Version of the Node worker and of the host whose behaviour is followed, as the app sees them. */
const WORKER_VERSION = '3.14.1';
const HOST_VERSION = '4.1052.0';

/**
 * What a function app tells its host while it loads: functions, hooks and a programming model. Later it runs the hooks.
 * It is the module that `require('@azure/functions-core')` gives the app.
 *
 * ```
 * loading ──lock()──▶ locked
 * ```
 * Functions may be registered and disposed while loading only; hooks may come and go at any time, as in the Node
 * worker.
 */
export class CoreApp {
  readonly appHookData: Record<string, unknown> = {};
  /** Shared by the appStart and appTerminate hooks. */
  readonly appLevelHookData: Record<string, unknown> = {};
  readonly #functions = new Map<string, RegisteredFunction>();
  readonly #hooks: Record<HookName, HookCallback[]> = {
    appStart: [],
    appTerminate: [],
    preInvocation: [],
    postInvocation: [],
    log: [],
  };
  readonly #write: (record: LogRecord) => void;
  #model: ProgrammingModel | undefined;
  #locked = false;

  constructor(write: (record: LogRecord) => void) {
    this.#write = write;
  }

  get functions(): readonly RegisteredFunction[] {
    return [...this.#functions.values()];
  }

  get model(): ProgrammingModel | undefined {
    return this.#model;
  }

  /** Ends registration; later `registerFunction` and `dispose` calls throw. */
  lock(): void {
    this.#locked = true;
  }

  /** The object that the app gets for `require('@azure/functions-core')`. */
  coreApi(): object {
    return {
      version: WORKER_VERSION,
      hostVersion: HOST_VERSION,
      Disposable,
      registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) =>
        this.#registerFunction(metadata, callback),
      registerHook: (name: string, callback: HookCallback) => this.#registerHook(name, callback),
      setProgrammingModel: (model: ProgrammingModel) => {
        this.#model = model;
      },
      getProgrammingModel: () => this.#model,
      log: (level: LogLevel, category: LogCategory, message: string) =>
        this.log({ level, category, message }),
    };
  }

  /** Runs the hooks of one name one after the other; the first one that throws ends it. */
  async runHooks(name: Exclude<HookName, 'log'>, context: object): Promise<void> {
    for (const hook of [...this.#hooks[name]]) await hook(context);
  }

  /** Lets log hooks see the message, and change it when it is the app's own, and writes it. */
  log(record: LogRecord, scope?: LogScope): void {
    const context = {
      hookData: scope?.hookData ?? {},
      appHookData: this.appHookData,
      level: record.level,
      category: record.category,
      message: record.message,
      invocationContext: scope?.invocationContext,
    };
    try {
      for (const hook of this.#hooks.log) hook(context);
    } catch {
      // A log hook that throws must not cost the message.
      this.#write(record);
      return;
    }
    this.#write(
      record.category === 'user' ? { ...record, level: context.level, message: context.message } : record,
    );
  }

  #registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    if (this.#locked) throw new CoreError('A function can only be registered during app startup.');
    const id = metadata.functionId || metadata.name;
    if (this.#functions.has(id)) {
      throw new CoreError(`A function with id "${id}" has already been registered.`);
    }
    this.#functions.set(id, { metadata: { ...metadata, functionId: id }, callback });
    return new Disposable(() => {
      if (this.#locked) throw new CoreError('A function can only be disposed during app startup.');
      this.#functions.delete(id);
    });
  }

  #registerHook(name: string, callback: HookCallback): Disposable {
    if (!Object.hasOwn(this.#hooks, name)) throw new CoreRangeError(`Unrecognized hook "${name}"`);
    const hooks = this.#hooks[name as HookName];
    hooks.push(callback);
    return new Disposable(() => {
      const at = hooks.indexOf(callback);
      if (at >= 0) hooks.splice(at, 1);
    });
  }
}

/** Undoes a registration; a second `dispose` does nothing. */
class Disposable {
  #undo: (() => void) | undefined;

  constructor(undo: () => void) {
    this.#undo = undo;
  }

  static from(...disposables: readonly { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  dispose(): void {
    this.#undo?.();
    this.#undo = undefined;
  }
}
