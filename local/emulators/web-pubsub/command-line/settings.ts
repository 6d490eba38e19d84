import type { EventHandler, SystemEvent } from '../upstream/event-handlers.ts';

/** What the configuration says: the shape of Microsoft's emulator, section `WebPubSub`, with a second key besides. */
export interface WebPubSubSettings {
  readonly accessKey?: string;
  readonly secondaryAccessKey?: string;
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

const SECTION = 'webpubsub';
const SETTINGS: readonly string[] = ['accesskey', 'secondaryaccesskey', 'hubs'];
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
  const root = newTree();
  graft(root, document, problems, '');
  for (const [name, value] of Object.entries(env)) {
    const path = name.split('__');
    if (value !== undefined && path.length > 1 && path[0]?.toLowerCase() === SECTION)
      plant(root, path, value);
  }
  const section = branchesOf(root[SECTION], 'WebPubSub', problems);
  const hubs = branchesOf(section['hubs'], 'WebPubSub:Hubs', problems);
  const settings = {
    ...keyOf(section, 'AccessKey', 'accessKey', problems),
    ...keyOf(section, 'SecondaryAccessKey', 'secondaryAccessKey', problems),
    hubs: Object.fromEntries(
      Object.entries(hubs).map(([hub, tree]) => [hub, handlersOf(hub, tree, problems)]),
    ),
  };
  for (const key of Object.keys(section))
    if (!SETTINGS.includes(key)) problems.push(`'WebPubSub:${key}' is not supported by this emulator`);
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

function keyOf<Member extends string>(
  section: Tree,
  name: string,
  member: Member,
  problems: string[],
): { readonly [Key in Member]?: string } {
  const key = section[name.toLowerCase()];
  if (key === undefined) return {};
  const valid = typeof key === 'string' && key === key.trim() && !key.includes(';');
  if (!valid || Buffer.byteLength(key) < ACCESS_KEY_MIN_BYTES) {
    problems.push(
      `'WebPubSub:${name}' must be at least ${ACCESS_KEY_MIN_BYTES} bytes of text without ';' or space around it`,
    );
    return {};
  }
  return { [member]: key } as { readonly [Key in Member]?: string };
}

function handlersOf(hub: string, tree: Tree | string, problems: string[]): readonly EventHandler[] {
  const hubPath = `WebPubSub:Hubs:${hub}`;
  const settings = branchesOf(tree, hubPath, problems);
  for (const key of Object.keys(settings))
    if (key !== 'eventhandlers') problems.push(`'${hubPath}:${key}' is not supported by this emulator`);
  const path = `${hubPath}:EventHandlers`;
  const handlers = listed(branchesOf(settings['eventhandlers'], path, problems));
  return handlers.flatMap((entry, index) => {
    const where = `${path}:${index}`;
    return handlerOf(where, branchesOf(entry, where, problems), problems) ?? [];
  });
}

function handlerOf(where: string, entry: Tree, problems: string[]): EventHandler | undefined {
  const { urltemplate, eventpattern, usereventpattern, systemevents, auth, ...unknown } = entry;
  for (const key of Object.keys(unknown))
    problems.push(`'${where}:${key}' is not a setting of an event handler`);
  const before = problems.length;
  const pattern = eventpattern ?? usereventpattern;
  if (eventpattern !== undefined && usereventpattern !== undefined)
    problems.push(`'${where}' must have one of EventPattern and UserEventPattern, which mean the same`);
  if (pattern !== undefined && typeof pattern !== 'string')
    problems.push(`'${where}:EventPattern' must be a string`);
  const events = listed(branchesOf(systemevents, `${where}:SystemEvents`, problems)).map((event) =>
    typeof event === 'string' ? event.toLowerCase() : 'an object',
  );
  for (const event of events) {
    if (!SYSTEM_EVENTS.includes(event))
      problems.push(`'${where}:SystemEvents' has '${event}', not one of ${SYSTEM_EVENTS.join(', ')}`);
  }
  const urlProblem = urlTemplateProblem(urltemplate);
  if (urlProblem !== undefined) problems.push(`'${where}:UrlTemplate' ${urlProblem}`);
  const authentication = authOf(where, auth, problems);
  if (problems.length > before || typeof urltemplate !== 'string') return undefined;
  return {
    urlTemplate: urltemplate,
    ...(typeof pattern === 'string' ? { eventPattern: pattern } : {}),
    ...(events.length === 0 ? {} : { systemEvents: events as SystemEvent[] }),
    ...authentication,
  };
}

/** What is wrong with the address of a handler. */
function urlTemplateProblem(template: Tree | string | undefined): string | undefined {
  if (typeof template !== 'string') return 'must be an http or https URL';
  if (/\{@Microsoft\.KeyVault/i.test(template))
    return 'refers to a key vault, which is not supported by this emulator';
  const example = template.replace(/\{(?:hub|event)\}/gi, 'x');
  if (!/^https?:\/\//i.test(example) || !URL.canParse(example)) return 'must be an http or https URL';
  const other = /\{[^}]*\}/.exec(example)?.[0];
  return other === undefined ? undefined : `has ${other}, but only {hub} and {event} are replaced`;
}

/** `Auth: {Type: None}`, or `{Type: ManagedIdentity, ManagedIdentity: {Resource}}` as in a resource's definition. */
function authOf(
  where: string,
  auth: Tree | string | undefined,
  problems: string[],
): Pick<EventHandler, 'auth'> {
  if (auth === undefined) return {};
  const { type, managedidentity } = branchesOf(auth, `${where}:Auth`, problems);
  switch (typeof type === 'string' ? type.toLowerCase() : undefined) {
    case 'none':
      return {};
    case 'managedidentity': {
      const { resource } = subtree(managedidentity);
      if (typeof resource === 'string' && resource !== '')
        return { auth: { type: 'managedIdentity', resource } };
      problems.push(`'${where}:Auth:ManagedIdentity:Resource' must name the audience of the tokens`);
      return {};
    }
    default:
      problems.push(`'${where}:Auth:Type' must be None or ManagedIdentity`);
      return {};
  }
}

/** Settings as .NET sees them: branches and leaves, keys in lower case, lists as numbered branches. */
type Tree = { [key: string]: Tree | string };

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
    const branch = newTree();
    tree[name] = branch;
    graft(branch, value, problems, where === '' ? key : `${where}:${key}`);
  }
}

/** Adds one setting of the environment. */
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

/** What is below a setting, where nothing is said of a single value. */
function subtree(tree: Tree | string | undefined): Tree {
  return tree === undefined || typeof tree === 'string' ? newTree() : tree;
}

/** What is below a setting that holds others; nothing where it is absent. */
function branchesOf(tree: Tree | string | undefined, where: string, problems: string[]): Tree {
  if (typeof tree === 'string') problems.push(`'${where}' must hold settings or a list, not a single value`);
  return subtree(tree);
}

/** The branches of a list in the order of their numbers. */
function listed(tree: Tree): readonly (Tree | string)[] {
  return Object.entries(tree)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, branch]) => branch);
}

/** Without a prototype: whatever a key is called, it is a key. */
function newTree(): Tree {
  return Object.create(null) as Tree;
}
