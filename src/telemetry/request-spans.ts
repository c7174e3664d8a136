import { FastifyOtelInstrumentation } from '@fastify/otel';
import { context, trace } from '@opentelemetry/api';
import type { RequestSpans } from './tracing.ts';

/** Makes the spans of requests by Fastify's own instrumentation: one for each request, and none for its hooks and its handler. */
export const requestSpans = (): RequestSpans => {
  const instrumentation = new FastifyOtelInstrumentation({
    instrumentHooks: false,
    instrumentHandler: false,
    recordExceptions: false,
    requestHook: (span, { method, id, routeOptions: { url = 'none' } }) => {
      // The path is told as the route is written: what is in it may be somebody's data or key.
      span.updateName(`${method} ${url}`);
      span.setAttributes({ 'http.route': url, 'leadfold.correlation': id });
    },
  });
  return {
    plugin: instrumentation.plugin(),
    within: (request, attributes, goOn) => {
      const { span, context: of } = request.opentelemetry();
      span?.setAttributes(attributes);
      context.with(of ?? context.active(), goOn);
    },
    traceOf: (request) => {
      const { context: of } = request.opentelemetry();
      return of ? trace.getSpanContext(of)?.traceId : undefined;
    },
  };
};
