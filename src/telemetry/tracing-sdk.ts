import type { Context, SpanContext } from '@opentelemetry/api';
import { context, diag, DiagLogLevel, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import { MongoDBInstrumentation } from '@opentelemetry/instrumentation-mongodb';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { requestSpans } from './request-spans.ts';
import { ownResource } from './resource.ts';
import type { Lost } from './sent-spans.ts';
import { publishing } from './sent-spans.ts';
import type { Begin, Otlp, Span, Tracing } from './tracing.ts';

/** How long the end of the process waits for the last spans to be taken, in ms. */
const lastCall = 2_000;

const exporters: Readonly<Record<Otlp['protocol'], () => Promise<SpanExporter>>> = {
  'http/protobuf': async () => new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter(),
  'http/json': async () => new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter(),
};

const spanContextOf = (traceparent: string): SpanContext | undefined => {
  const parsed = parseTraceParent(traceparent);
  return parsed ? { ...parsed, isRemote: true } : undefined;
};

const spanOf = ({ traceId, spanId, traceFlags }: SpanContext): Span => ({
  traceId,
  traceparent: `00-${traceId}-${spanId}-0${traceFlags & 1}`,
});

const parentOf = ({ parent, root }: Begin): Context => {
  if (root) return ROOT_CONTEXT;
  if (parent === undefined) return context.active();
  const remote = spanContextOf(parent);
  return remote ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
};

/** Starts an SDK, and answers what it did not understand of its variables. */
const started = (sdk: NodeSDK): readonly string[] => {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const ignore = (): void => undefined;
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  sdk.start();
  // What is lost later is counted, and told by who counts it.
  diag.disable();
  return warnings;
};

/**
 * Makes spans with OpenTelemetry's SDK and sends them where its standard variables say. What the SDK sets, it sets for the
 * thread as a whole. The clients of EventStoreDB and MongoDB have to be loaded after it, as that is when their instrumentations
 * take hold. This module is loaded only when spans are wanted: the SDK takes some tenths of a second to load.
 */
export const openTracing = async ({ protocol }: Otlp, lost: Lost): Promise<Tracing> => {
  const sdk = new NodeSDK({
    resource: ownResource(),
    traceExporter: publishing(await exporters[protocol](), lost),
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [
      // Statements do not leave the process, so nothing is written of the documents in them.
      new MongoDBInstrumentation({ dbStatementSerializer: () => '' }),
      new GrpcInstrumentation(),
    ],
  });
  const warnings = started(sdk);
  const tracer = trace.getTracer('leadfold');
  return {
    warnings,
    // Made after the start: what it makes spans with would else wait for an SDK of its own copy of the API.
    requests: requestSpans(),
    inSpan: (name, how, work) => {
      const links = how.links?.flatMap((link) => {
        const found = spanContextOf(link);
        return found ? [{ context: found }] : [];
      });
      const options = {
        ...(how.kind === 'consumer' && { kind: SpanKind.CONSUMER }),
        ...(how.attributes && { attributes: how.attributes }),
        ...(links && { links }),
      };
      return tracer.startActiveSpan(name, options, parentOf(how), async (span) => {
        try {
          return await work(spanOf(span.spanContext()));
        } catch (error) {
          span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      });
    },
    current: () => {
      const span = trace.getActiveSpan();
      return span && spanOf(span.spanContext());
    },
    close: async () => {
      const enough = new Promise<void>((resolve) => void setTimeout(resolve, lastCall).unref());
      await Promise.race([sdk.shutdown().catch((error: Error) => lost(0, error)), enough]);
    },
  };
};
