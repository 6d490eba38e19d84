/** Records spans through the API of OpenTelemetry, as an SDK would, for the test that is running. */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { onTestFinished } from 'vitest';

export interface RecordedSpan {
  readonly tracer: string;
  readonly name: string;
  readonly kind: SpanKind | undefined;
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly startTime: SpanOptions['startTime'];
  readonly attributes: Attributes;
  readonly links: Link[];
  status: SpanStatus;
  isEnded: boolean;
}

/** The spans that are started while the test runs, in order. */
export function recordSpans(): RecordedSpan[] {
  const spans: RecordedSpan[] = [];
  trace.setGlobalTracerProvider({ getTracer: (name) => tracerOf(name, spans) });
  context.setGlobalContextManager(new AsyncContexts());
  onTestFinished(() => {
    trace.disable();
    context.disable();
  });
  return spans;
}

function tracerOf(tracer: string, spans: RecordedSpan[]): Tracer {
  const startSpan = (name: string, options: SpanOptions = {}, from: Context = context.active()): Span => {
    const parent = options.root === true ? undefined : trace.getSpanContext(from);
    const recorded: RecordedSpan = {
      tracer,
      name,
      kind: options.kind,
      context: {
        traceId: parent?.traceId ?? hex(32, spans.length + 1),
        spanId: hex(16, spans.length + 1),
        traceFlags: TraceFlags.SAMPLED,
      },
      parent,
      startTime: options.startTime,
      attributes: { ...options.attributes },
      links: [...(options.links ?? [])],
      status: { code: SpanStatusCode.UNSET },
      isEnded: false,
    };
    spans.push(recorded);
    return spanOf(recorded);
  };
  return {
    startSpan,
    startActiveSpan: () => {
      throw new Error('not supported: startActiveSpan');
    },
  };
}

function spanOf(recorded: RecordedSpan): Span {
  const span: Span = {
    spanContext: () => recorded.context,
    setAttribute(name, value) {
      if (!recorded.isEnded) recorded.attributes[name] = value;
      return span;
    },
    setAttributes(attributes) {
      if (!recorded.isEnded) Object.assign(recorded.attributes, attributes);
      return span;
    },
    addEvent: () => span,
    addLink(link) {
      if (!recorded.isEnded) recorded.links.push(link);
      return span;
    },
    addLinks(links) {
      for (const link of links) span.addLink(link);
      return span;
    },
    setStatus(status) {
      if (!recorded.isEnded) recorded.status = status;
      return span;
    },
    updateName: () => span,
    end() {
      if (recorded.isEnded) throw new Error(`the span ${recorded.name} is ended twice`);
      recorded.isEnded = true;
    },
    isRecording: () => !recorded.isEnded,
    recordException: () => {},
  };
  return span;
}

function hex(digits: number, number: number): string {
  return number.toString(16).padStart(digits, '0');
}

class AsyncContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    run: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(active, () => run.call(thisArg as ThisParameterType<F>, ...args));
  }

  bind<T>(_context: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
