export type SystemEvent = 'connect' | 'connected' | 'disconnected';

/** One row of a hub's event handler table. */
export interface EventHandler {
  /** `{hub}` and `{event}` are replaced, in any case. */
  readonly urlTemplate: string;
  /** Names of user events, separated by commas; `*` stands for all. Defaults to none. */
  readonly eventPattern?: string;
  readonly systemEvents?: readonly SystemEvent[];
  /** With it, each request has a token of the service's managed identity, whose audience is this resource. */
  readonly auth?: { readonly type: 'managedIdentity'; readonly resource: string };
}

/** The first handler of the table that takes the event; names are compared without regard to case. */
export function findHandler(
  handlers: readonly EventHandler[],
  event: { readonly category: 'system' | 'user'; readonly name: string },
): EventHandler | undefined {
  const name = event.name.toLowerCase();
  return handlers.find((handler) => {
    if (event.category === 'system') return handler.systemEvents?.some((taken) => taken === name) ?? false;
    const patterns = (handler.eventPattern ?? '').split(',').map((pattern) => pattern.trim().toLowerCase());
    return patterns.includes('*') || patterns.includes(name);
  });
}

export function handlerUrl(handler: EventHandler, hub: string, event: string): string {
  return handler.urlTemplate
    .replace(/\{hub\}/gi, () => encodeURIComponent(hub))
    .replace(/\{event\}/gi, () => encodeURIComponent(event));
}

/** The event name that stands in for `{event}` when a handler's address is validated. */
export const VALIDATION_EVENT = 'validate';
