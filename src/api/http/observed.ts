import type { FastifyRequest } from 'fastify';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Span, Tracing } from '../../telemetry/tracing.ts';
import type { App } from './app.ts';
import { Problem } from './problems.ts';
import { traceparentOf } from './request.ts';

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | undefined;
  }
  interface FastifyInstance {
    /** What the process counts, where somebody counts. */
    instruments: Instruments | undefined;
  }
}

/** Where requests are told, and what the process tells of itself. */
export type ApiTelemetry = {
  readonly instruments: Instruments;
  readonly tracing?: Tracing | undefined;
  readonly metrics: { readonly text: () => Promise<string> };
};

/** The id of the trace that a request is a part of: that of its span, else the caller's. */
const traceOf = (request: FastifyRequest): string | undefined =>
  request.span?.traceId ?? traceparentOf(request)?.slice(3, 35);

const known = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

const spans = (app: App, tracing: Tracing): void => {
  app.addHook('onRequest', (request, _reply, done) => {
    const { method } = request;
    const { url: route = 'none' } = request.routeOptions;
    const parent = traceparentOf(request);
    // The path is told as the route is written: what is in it may be somebody's data or key.
    request.span = tracing.begin(`${method} ${route}`, {
      kind: 'server',
      ...(parent === undefined ? { root: true } : { parent }),
      attributes: { 'http.request.method': method, 'http.route': route, 'leadfold.correlation': request.id },
    });
    done();
  });
  // Here and not before: reading the body would lose the thread.
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.span) tracing.within(request.span, done);
    else done();
  });
};

/** One line, one observation and, where somebody takes them, one span for each request. Paths are told as routes are written. */
export const observed = (app: App, watch: ApiTelemetry | undefined): void => {
  app.decorate('instruments', watch?.instruments);
  app.decorateRequest('span', undefined);
  if (watch?.tracing) spans(app, watch.tracing);
  app.addHook('onResponse', (request, reply, done) => {
    const { url: route = 'none' } = request.routeOptions;
    const { statusCode: status, elapsedTime } = reply;
    const { method, span } = request;
    const line = { method, route, status, ms: Math.round(elapsedTime), project: request.caller?.projectId };
    request.log.info({ ...line, trace: traceOf(request) }, 'answered');
    const among = known.includes(method) ? method : 'other';
    watch?.instruments.requests.observe(elapsedTime / 1_000, among, route, String(status));
    span?.note({ 'http.response.status_code': status, ...(line.project && { 'leadfold.project': line.project }) });
    span?.end(status >= 500 ? new Error('The request could not be served') : undefined);
    done();
  });
};

/** What the process counts, for the root key: it is about all projects. */
export const metrics = (app: App, { metrics: { text } }: ApiTelemetry): void => {
  app.get(
    '/metrics',
    {
      config: { scope: 'admin' },
      schema: {
        summary: 'What this process counts, for Prometheus; the root key only',
        tags: ['Operators'],
        produces: ['text/plain'],
      },
    },
    async ({ caller }, reply) => {
      if (caller.keyId !== undefined) {
        throw new Problem('scope-missing', 'Metrics are about all projects; ask with the root key');
      }
      reply.header('Cache-Control', 'no-store').header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
      return reply.send(Buffer.from(await text()));
    },
  );
};
