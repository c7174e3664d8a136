import type { Attributes } from '@opentelemetry/api';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

/** Hears how many spans were lost, and why. */
export type Lost = (spans: number, error: Error | undefined) => void;

/** What leaves the process of a span that a library makes. It notes more: paths, statements and the texts of errors, which may have somebody's data. */
const published: ReadonlySet<string> = new Set([
  'http.request.method',
  'http.route',
  'http.response.status_code',
  'error.type',
  'db.system.name',
  'db.namespace',
  'db.operation.name',
  'db.collection.name',
  'rpc.system',
  'rpc.service',
  'rpc.method',
  'rpc.grpc.status_code',
  'server.address',
  'server.port',
]);

const publishedOf = (attributes: Attributes): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).filter(([name]) => published.has(name) || name.startsWith('leadfold.')),
  );

/** Whether a span failed, without the text of the error. A request that is refused did not fail. */
const statusOf = ({ status: { code }, attributes }: ReadableSpan): ReadableSpan['status'] => ({
  code: Number(attributes['http.response.status_code'] ?? 500) < 500 ? SpanStatusCode.UNSET : code,
});

const sent = (span: ReadableSpan): ReadableSpan => ({
  name: span.name,
  kind: span.kind,
  spanContext: () => span.spanContext(),
  ...(span.parentSpanContext && { parentSpanContext: span.parentSpanContext }),
  startTime: span.startTime,
  endTime: span.endTime,
  status: statusOf(span),
  attributes: publishedOf(span.attributes),
  links: span.links,
  events: [],
  duration: span.duration,
  ended: span.ended,
  resource: span.resource,
  instrumentationScope: span.instrumentationScope,
  droppedAttributesCount: span.droppedAttributesCount,
  droppedEventsCount: span.droppedEventsCount,
  droppedLinksCount: span.droppedLinksCount,
});

/** Whether a span is of somebody's work. Following the log and looking where it ends are calls too, and would each be a trace. */
const isOfWork = ({ kind, parentSpanContext }: ReadableSpan): boolean =>
  kind !== SpanKind.CLIENT || parentSpanContext !== undefined;

/**
 * Sends of spans what may leave the process, and tells of those that nobody took. The queue before it is bounded: what does not
 * fit in is left out, and nothing waits for it.
 */
export const publishing = (exporter: SpanExporter, lost: Lost): SpanExporter => ({
  export: (all, done) => {
    const spans = all.filter(isOfWork);
    if (spans.length === 0) return done({ code: ExportResultCode.SUCCESS });
    exporter.export(spans.map(sent), (result) => {
      if (result.code === ExportResultCode.FAILED) lost(spans.length, result.error);
      done(result);
    });
  },
  forceFlush: async () => exporter.forceFlush?.(),
  shutdown: () => exporter.shutdown(),
});
