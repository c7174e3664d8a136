import type { Attributes } from '@opentelemetry/api';
import type { FastifyPluginCallback, FastifyRequest } from 'fastify';

/** How OpenTelemetry's SDK speaks to who takes what it sends. It reads the rest of its standard variables itself. */
export type Otlp = { readonly protocol: 'http/protobuf' | 'http/json' };

/** A piece of work under way, of a trace. `traceparent` is what W3C writes of it. */
export type Span = { readonly traceId: string; readonly traceparent: string };

/** `parent` is a traceparent; without it the span in whose work this begins is the parent, unless it is a `root`. */
export type Begin = {
  readonly kind?: 'consumer';
  readonly parent?: string | undefined;
  readonly root?: boolean;
  /** The traceparents of what this is about without being a part of it. */
  readonly links?: readonly string[];
  readonly attributes?: Attributes;
};

/** The spans of requests, which Fastify's own instrumentation makes. */
export type RequestSpans = {
  /** Begins a span with each request, and ends it with its answer. */
  readonly plugin: FastifyPluginCallback;
  /** Notes what is now known of a request, and goes on with it as a part of its span: who reads a body loses the thread. */
  readonly within: (request: FastifyRequest, attributes: Attributes, goOn: () => void) => void;
  readonly traceOf: (request: FastifyRequest) => string | undefined;
};

/** Makes spans. There is one only where somebody takes them. */
export type Tracing = {
  /** Does work in a span of its own, which ends with it. An error is noted by its name alone, as its text may have somebody's data. */
  readonly inSpan: <T>(name: string, how: Begin, work: (span: Span) => Promise<T>) => Promise<T>;
  readonly current: () => Span | undefined;
  readonly requests: RequestSpans;
  /** What the SDK did not understand of its variables when it began. */
  readonly warnings: readonly string[];
  /** Sends what is left, for a moment at most. */
  readonly close: () => Promise<void>;
};

/** Does work in a span of its own, which ends with it. Without tracing it is just done. */
export const inSpan = <T>(
  tracing: Tracing | undefined,
  name: string,
  how: Begin,
  work: (span?: Span) => Promise<T>,
): Promise<T> => (tracing ? tracing.inSpan(name, how, work) : work());
