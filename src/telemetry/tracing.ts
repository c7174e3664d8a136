import type { Attributes } from '@opentelemetry/api';

/** Which traces are kept: a sampler of OpenTelemetry by name, with its argument. */
export type Traces = { readonly sampler?: string | undefined; readonly argument?: string | undefined };

/** A piece of work under way, of a trace. `traceparent` is what W3C writes of it. */
export type Span = {
  readonly traceId: string;
  readonly traceparent: string;
  readonly note: (attributes: Attributes) => void;
  /** Ends it; an error is noted by its name alone, as its text may have somebody's data. */
  readonly end: (error?: unknown) => void;
};

/** `parent` is a traceparent; without it the span in whose work this begins is the parent, unless it is a `root`. */
export type Begin = {
  readonly kind?: 'server' | 'consumer';
  readonly parent?: string | undefined;
  readonly root?: boolean;
  /** The traceparents of what this is about without being a part of it. */
  readonly links?: readonly string[];
  readonly attributes?: Attributes;
};

/** Makes spans. There is one only where somebody takes them. */
export type Tracing = {
  readonly begin: (name: string, how?: Begin) => Span;
  /** Does work as a part of a span: what it begins has that as its parent. */
  readonly within: <T>(span: Span, work: () => T) => T;
  readonly current: () => Span | undefined;
  /** Sends what is left, for a moment at most. */
  readonly close: () => Promise<void>;
};

/** Does work in a span of its own, which ends with it. Without tracing it is just done. */
export const inSpan = async <T>(
  tracing: Tracing | undefined,
  name: string,
  how: Begin,
  work: (span?: Span) => Promise<T>,
): Promise<T> => {
  if (!tracing) return work();
  const span = tracing.begin(name, how);
  try {
    const result = await tracing.within(span, () => work(span));
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
};

/** The id of the trace that a traceparent names. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);
