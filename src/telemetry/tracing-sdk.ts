import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, Link, SpanContext } from '@opentelemetry/api';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { samplerOf } from './sampler.ts';
import type { Begin, Span, Traces, Tracing } from './tracing.ts';

/** How long the end of the process waits for the last spans to be taken, in ms. */
const lastCall = 2_000;

const kinds = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER } as const;

const contextOf = (traceparent: string): SpanContext => {
  const [, traceId = '', spanId = '', flags = '00'] = traceparent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
};

const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-0${traceFlags & 1}`;

/** Hears how many spans were lost, and why. */
type Lost = (spans: number, error: Error | undefined) => void;

/** Tells of spans that nobody took. The queue before it is bounded: what does not fit in is left out, and nothing waits for it. */
const telling = (exporter: SpanExporter, lost: Lost): SpanExporter => ({
  export: (spans, done) =>
    exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.FAILED) lost(spans.length, result.error);
      done(result);
    }),
  forceFlush: async () => exporter.forceFlush?.(),
  shutdown: () => exporter.shutdown(),
});

/**
 * Makes spans with OpenTelemetry's SDK and sends them where its standard variables say. It sets nothing of the process as a
 * whole, so that several can be in one. This module is loaded only when spans are wanted: the SDK takes 0.1 s to load.
 */
export const openTracingSdk = (
  { sampler, argument }: Traces,
  lost: Lost,
  exporter: SpanExporter = new OTLPTraceExporter(),
): Tracing => {
  const spans = new AsyncLocalStorage<Span>();
  const contexts = new WeakMap<Span, Context>();
  const named = resourceFromAttributes({ 'service.name': 'leadfold' });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(named)
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(sampler, argument),
    spanProcessors: [new BatchSpanProcessor({ exporter: telling(exporter, lost) })],
  });
  const tracer = provider.getTracer('leadfold');

  const parentOf = ({ parent, root }: Begin): Context => {
    if (root) return ROOT_CONTEXT;
    if (parent !== undefined) return trace.setSpanContext(ROOT_CONTEXT, contextOf(parent));
    const current = spans.getStore();
    return (current && contexts.get(current)) ?? ROOT_CONTEXT;
  };

  const begin = (name: string, how: Begin = {}): Span => {
    const links = how.links?.map((link): Link => ({ context: contextOf(link) }));
    const options = {
      ...(how.kind && { kind: kinds[how.kind] }),
      ...(how.attributes && { attributes: how.attributes }),
      ...(links && { links }),
    };
    const parent = parentOf(how);
    const made = tracer.startSpan(name, options, parent);
    const span: Span = {
      traceId: made.spanContext().traceId,
      traceparent: traceparentOf(made.spanContext()),
      note: (attributes) => void made.setAttributes(attributes),
      end: (error) => {
        if (error !== undefined) {
          made.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
          made.setStatus({ code: SpanStatusCode.ERROR });
        }
        made.end();
      },
    };
    contexts.set(span, trace.setSpan(parent, made));
    return span;
  };

  return {
    begin,
    within: (span, work) => spans.run(span, work),
    current: () => spans.getStore(),
    close: async () => {
      const enough = new Promise<void>((resolve) => void setTimeout(resolve, lastCall).unref());
      await Promise.race([provider.shutdown().catch((error: Error) => lost(0, error)), enough]);
    },
  };
};
