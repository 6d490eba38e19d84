import type { CoreApp, RegisteredFunction } from '../app/core-app.ts';
import type { BindingInfo } from '../app/core-types.ts';
import { NcrontabSchedule } from './ncrontab.ts';
import { RouteTemplate } from './route-template.ts';

export type AuthLevel = 'anonymous' | 'function' | 'admin';

interface FunctionBase extends RegisteredFunction {
  readonly name: string;
  /** Name of the trigger's binding: the input is handed over under it. */
  readonly triggerName: string;
  readonly isDisabled: boolean;
}

export interface HttpFunction extends FunctionBase {
  readonly kind: 'http';
  readonly route: RouteTemplate;
  /** In upper case; every method when absent. */
  readonly methods: readonly string[] | undefined;
  readonly authLevel: AuthLevel;
}

export interface EventGridFunction extends FunctionBase {
  readonly kind: 'eventGrid';
  /** One invocation for the whole delivery instead of one per event. */
  readonly isMany: boolean;
}

export interface TimerFunction extends FunctionBase {
  readonly kind: 'timer';
  readonly schedule: NcrontabSchedule;
  readonly runOnStartup: boolean;
  readonly useMonitor: boolean;
}

export type IndexedFunction = HttpFunction | EventGridFunction | TimerFunction;

export interface IndexOptions {
  readonly routePrefix: string;
  readonly hasExtensions: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const FUNCTION_NAME = /^[a-z][a-z0-9_-]{0,127}$/i;
const BINDING_NAME = /^(?:[a-z][a-z0-9]{0,127}|\$return)$/i;
const SUPPORTED_TRIGGERS = 'HTTP, Event Grid and timer triggers';

/**
 * Turns what an app registered into functions that can be called, or refuses it.
 * The real host leaves out a function that breaks a rule and runs the others; here the app does not start, so that
 * nobody looks for a function that is not there.
 *
 * @throws an error whose message holds one sentence per problem
 */
export function indexFunctions(app: CoreApp, options: IndexOptions): IndexedFunction[] {
  const problems: string[] = [];
  const indexed: IndexedFunction[] = [];
  const names = new Set<string>();
  for (const registered of app.functions) {
    const { name } = registered.metadata;
    try {
      if (!FUNCTION_NAME.test(name) || name.toLowerCase() === 'host') {
        throw new Error(
          'a name starts with a letter, goes on with at most 127 letters, digits, "-" or "_", and is not "host"',
        );
      }
      if (names.has(name.toLowerCase()))
        throw new Error('another function has this name (case does not count)');
      names.add(name.toLowerCase());
      indexed.push(indexFunction(registered, options));
    } catch (error) {
      problems.push(`function "${name}": ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  problems.push(...routeConflicts(indexed));
  if (problems.length > 0) throw new Error(problems.join('; '));
  return indexed;
}

function indexFunction(registered: RegisteredFunction, options: IndexOptions): IndexedFunction {
  const { name, retryOptions } = registered.metadata;
  const bindings = Object.entries(registered.metadata.bindings);
  const bindingNames = bindings.map(([bindingName]) => bindingName.toLowerCase());
  if (new Set(bindingNames).size < bindingNames.length) throw new Error('two bindings have the same name');
  for (const [bindingName] of bindings) {
    if (!BINDING_NAME.test(bindingName)) throw new Error(`"${bindingName}" is no valid binding name`);
  }
  const triggers = bindings.filter(([, binding]) => isTrigger(binding));
  const [trigger] = triggers;
  if (trigger === undefined || triggers.length > 1) throw new Error('it needs exactly one trigger');
  const [triggerName, options_] = trigger;
  const base = { ...registered, name, triggerName, isDisabled: isDisabled(name, options.env) };
  const type = String(options_.type);
  const indexed = ((): IndexedFunction => {
    switch (type.toLowerCase()) {
      case 'httptrigger':
        return { ...base, kind: 'http', ...httpOptions(name, options_, options.routePrefix) };
      case 'eventgridtrigger':
        if (!options.hasExtensions) throw new Error(notRegistered(type));
        return { ...base, kind: 'eventGrid', isMany: isText(options_['cardinality'], 'many') };
      case 'timertrigger':
        return { ...base, kind: 'timer', ...timerOptions(options_, options.env) };
      default:
        throw new Error(
          `triggers of type "${type}" are not supported; the local host runs ${SUPPORTED_TRIGGERS}`,
        );
    }
  })();
  for (const [bindingName, binding] of bindings) {
    const isHttpOutput =
      indexed.kind === 'http' && binding.direction === 'out' && isText(binding.type, 'http');
    if (bindingName === triggerName || isHttpOutput) continue;
    throw new Error(
      `${binding.direction === 'out' ? 'output' : 'input'} bindings of type "${String(binding.type)}" are not supported by the local host`,
    );
  }
  if (retryOptions !== undefined && retryOptions !== null) {
    throw new Error('retry policies are not supported by the local host');
  }
  return indexed;
}

/** The host's own words for a trigger whose extension is not loaded. */
function notRegistered(type: string): string {
  return (
    `The binding type(s) '${type}' are not registered. Please ensure the type is correct and the binding extension is ` +
    'installed: host.json names no extensionBundle'
  );
}

function isTrigger(binding: BindingInfo): boolean {
  return /trigger$/i.test(binding.type ?? '');
}

function isText(value: unknown, text: string): boolean {
  return typeof value === 'string' && value.toLowerCase() === text;
}

/** `AzureWebJobs.<name>.Disabled`; with underscores where variables cannot have dots in their names. */
function isDisabled(name: string, env: IndexOptions['env']): boolean {
  const value = env[`AzureWebJobs.${name}.Disabled`] ?? env[`AzureWebJobs_${name}_Disabled`];
  return value === '1' || value?.toLowerCase() === 'true';
}

function httpOptions(
  name: string,
  trigger: BindingInfo,
  routePrefix: string,
): Pick<HttpFunction, 'route' | 'methods' | 'authLevel'> {
  const given = trigger['route'];
  const route = typeof given === 'string' && given.trim() !== '' ? given : name;
  if (/^\/*(?:admin|runtime)/i.test(route)) {
    throw new Error(`the route "${route}" starts with "admin" or "runtime", which the host keeps for itself`);
  }
  if (route.startsWith('/')) throw new Error(`the route "${route}" must not start with "/"`);
  const methods = Array.isArray(trigger['methods'])
    ? trigger['methods'].map((method) => String(method).toUpperCase())
    : [];
  return {
    route: new RouteTemplate(routePrefix === '' ? route : `${routePrefix}/${route}`),
    methods: methods.length === 0 ? undefined : methods,
    authLevel: authLevel(trigger['authLevel']),
  };
}

/** A trigger without a level asks for a key; `app.http` fills in `anonymous` before it gets here. */
function authLevel(value: unknown): AuthLevel {
  const level = value === undefined ? 'function' : String(value).toLowerCase();
  if (level === 'anonymous' || level === 'function' || level === 'admin') return level;
  throw new Error(`authLevel "${String(value)}" is none of "anonymous", "function", "admin"`);
}

function timerOptions(
  trigger: BindingInfo,
  env: IndexOptions['env'],
): Pick<TimerFunction, 'schedule' | 'runOnStartup' | 'useMonitor'> {
  const given = trigger['schedule'];
  if (typeof given !== 'string') throw new Error('a timer needs a schedule');
  const text = given.replace(/%([^%]+)%/g, (_reference, setting: string) => {
    const value = env[setting];
    if (value === undefined) throw new Error(`its schedule names the setting "${setting}", which is not set`);
    return value;
  });
  const schedule = new NcrontabSchedule(text);
  return {
    schedule,
    runOnStartup: trigger['runOnStartup'] === true,
    useMonitor: trigger['useMonitor'] !== false,
  };
}

function routeConflicts(functions: readonly IndexedFunction[]): string[] {
  const http = functions.filter((indexed) => indexed.kind === 'http');
  return http.flatMap((later, index) => {
    const earlier = http
      .slice(0, index)
      .find(
        (other) =>
          other.route.text.toLowerCase() === later.route.text.toLowerCase() &&
          (other.methods === undefined ||
            later.methods === undefined ||
            other.methods.some((method) => later.methods?.includes(method))),
      );
    return earlier === undefined
      ? []
      : [`function "${later.name}": its route "${later.route.text}" is already that of "${earlier.name}"`];
  });
}
