import type { EventHandler, SystemEvent } from './upstream/event-handlers.ts';

/** What the configuration says: the shape of Microsoft's emulator, section `WebPubSub`. */
export interface WebPubSubSettings {
  readonly accessKey?: string;
  /** Event handlers by hub name. */
  readonly hubs: Readonly<Record<string, readonly EventHandler[]>>;
}

/** Every problem of a configuration, each naming the setting. */
export class SettingsError extends Error {
  constructor(problems: readonly string[]) {
    super(`The Web PubSub configuration is not valid: ${problems.join('; ')}.`);
    this.name = 'SettingsError';
  }
}

type Tree = { [key: string]: Tree | string };

const SECTION = 'webpubsub';
const SYSTEM_EVENTS: readonly string[] = ['connect', 'connected', 'disconnected'];
/** The .NET emulator signs with HS256, whose key has at least 32 bytes. */
const ACCESS_KEY_MIN_BYTES = 32;

/**
 * Reads the configuration from a JSON document and from the environment; the environment wins, setting by setting.
 * Keys are compared without regard to case, as .NET does. In the environment `__` separates levels and lists are
 * numbered: `WebPubSub__Hubs__calls__EventHandlers__0__UrlTemplate`.
 * @param document the parsed content of the configuration file
 * @throws SettingsError
 */
export function readSettings(
  document: unknown,
  env: Readonly<Record<string, string | undefined>>,
): WebPubSubSettings {
  const problems: string[] = [];
  const root: Tree = {};
  graft(root, document, problems, '');
  for (const [name, value] of Object.entries(env)) {
    const path = name.split('__');
    if (value !== undefined && path.length > 1 && path[0]?.toLowerCase() === SECTION)
      plant(root, path, value);
  }
  const section = subtree(root[SECTION]);
  const settings = {
    ...accessKeyOf(section, problems),
    hubs: Object.fromEntries(
      Object.entries(subtree(section['hubs'])).map(([hub, tree]) => [hub, handlersOf(hub, tree, problems)]),
    ),
  };
  for (const key of Object.keys(section)) {
    if (key !== 'accesskey' && key !== 'hubs')
      problems.push(`'WebPubSub:${key}' is not supported by this stand-in`);
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

function accessKeyOf(section: Tree, problems: string[]): { accessKey?: string } {
  const key = section['accesskey'];
  if (key === undefined) return {};
  const valid = typeof key === 'string' && key === key.trim() && !key.includes(';');
  if (!valid || Buffer.byteLength(key) < ACCESS_KEY_MIN_BYTES) {
    problems.push(
      `'WebPubSub:AccessKey' must be at least ${ACCESS_KEY_MIN_BYTES} bytes of text without ';' or space around it`,
    );
    return {};
  }
  return { accessKey: key };
}

function handlersOf(hub: string, tree: Tree | string, problems: string[]): readonly EventHandler[] {
  const settings = subtree(tree);
  for (const key of Object.keys(settings)) {
    if (key !== 'eventhandlers')
      problems.push(`'WebPubSub:Hubs:${hub}:${key}' is not supported by this stand-in`);
  }
  return listed(settings['eventhandlers']).flatMap((entry, index) => {
    const where = `WebPubSub:Hubs:${hub}:EventHandlers:${index}`;
    return handlerOf(where, subtree(entry), problems) ?? [];
  });
}

function handlerOf(where: string, entry: Tree, problems: string[]): EventHandler | undefined {
  const { urltemplate, eventpattern, systemevents, auth, ...unknown } = entry;
  for (const key of Object.keys(unknown))
    problems.push(`'${where}:${key}' is not a setting of an event handler`);
  const authType = auth === undefined ? 'none' : subtree(auth)['type'];
  if (typeof authType !== 'string' || authType.toLowerCase() !== 'none') {
    problems.push(`'${where}:Auth' is not supported by this stand-in, except for type None`);
  }
  const events = listed(systemevents).map((event) => String(event).toLowerCase());
  for (const event of events) {
    if (!SYSTEM_EVENTS.includes(event))
      problems.push(`'${where}:SystemEvents' has '${event}', not one of ${SYSTEM_EVENTS.join(', ')}`);
  }
  if (typeof urltemplate !== 'string' || !isHttpTemplate(urltemplate)) {
    problems.push(`'${where}:UrlTemplate' must be an http or https URL`);
    return undefined;
  }
  if (eventpattern !== undefined && typeof eventpattern !== 'string') {
    problems.push(`'${where}:EventPattern' must be a string`);
    return undefined;
  }
  return {
    urlTemplate: urltemplate,
    ...(eventpattern === undefined ? {} : { eventPattern: eventpattern }),
    ...(events.length === 0 ? {} : { systemEvents: events as SystemEvent[] }),
  };
}

function isHttpTemplate(template: string): boolean {
  const example = template.replace(/\{(?:hub|event)\}/gi, 'x');
  return /^https?:\/\//i.test(example) && URL.canParse(example);
}

/** Adds a JSON document to the tree, keys in lower case, lists as numbered branches. */
function graft(tree: Tree, document: unknown, problems: string[], where: string): void {
  if (document === undefined || document === null) return;
  if (typeof document !== 'object') {
    problems.push(`'${where}' must be an object`);
    return;
  }
  for (const [key, value] of Object.entries(document)) {
    const name = key.toLowerCase();
    if (typeof value !== 'object' || value === null) {
      if (value !== null) tree[name] = String(value);
      continue;
    }
    const branch: Tree = {};
    tree[name] = branch;
    graft(branch, value, problems, where === '' ? key : `${where}:${key}`);
  }
}

function plant(root: Tree, path: readonly string[], value: string): void {
  let tree = root;
  for (const [index, segment] of path.entries()) {
    const key = segment.toLowerCase();
    if (index === path.length - 1) {
      tree[key] = value;
      return;
    }
    const branch = subtree(tree[key]);
    tree[key] = branch;
    tree = branch;
  }
}

function subtree(tree: Tree | string | undefined): Tree {
  return tree === undefined || typeof tree === 'string' ? {} : tree;
}

/** The branches of a list in the order of their numbers. */
function listed(tree: Tree | string | undefined): readonly (Tree | string)[] {
  return Object.entries(subtree(tree))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, branch]) => branch);
}
