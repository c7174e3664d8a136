import type { FastifyRequest } from 'fastify';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Tracing } from '../../telemetry/tracing.ts';
import type { App } from './app.ts';
import { traceparentOf } from './request.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It is answered for as long as the client wants to wait or to listen. */
    lasting?: boolean;
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

const known = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

const spans = async (app: App, { requests }: Tracing): Promise<void> => {
  await app.register(requests.plugin);
  // Here and not before: reading the body and waiting for a turn lose the thread, and who asks may be known only then.
  app.addHook('preHandler', (request, _reply, done) => {
    const project = request.caller?.projectId;
    requests.within(request, project === undefined ? {} : { 'leadfold.project': project }, done);
  });
};

/** One line, one observation and, where somebody takes them, one span for each request. Paths are told as routes are written. */
export const observed = async (app: App, watch: ApiTelemetry | undefined): Promise<void> => {
  app.decorate('instruments', watch?.instruments);
  if (watch?.tracing) await spans(app, watch.tracing);
  const traceOf = (request: FastifyRequest): string | undefined =>
    watch?.tracing?.requests.traceOf(request) ?? traceparentOf(request)?.slice(3, 35);
  app.addHook('onResponse', (request, reply, done) => {
    const { url: route = 'none' } = request.routeOptions;
    const { statusCode: status, elapsedTime } = reply;
    const { method } = request;
    const { caller } = request;
    // Who it was, as facts name them: whoever looks for what a key did finds its requests.
    const line = {
      method,
      route,
      status,
      ms: Math.round(elapsedTime),
      project: caller?.projectId,
      actor: caller?.actor || undefined,
    };
    request.log.info({ ...line, trace: traceOf(request) }, 'answered');
    const among = known.includes(method) ? method : 'other';
    // How long somebody listened says nothing of how fast we are.
    if (request.routeOptions.config.lasting && status === 200) return done();
    watch?.instruments.requests.observe(elapsedTime / 1_000, among, route, String(status));
    done();
  });
};

/** What the process counts, for the root key: it is about all projects. */
export const metrics = (app: App, { metrics: { text } }: ApiTelemetry): void => {
  app.get(
    '/metrics',
    {
      config: { permission: 'service', limit: 'none' },
      schema: {
        summary: 'What this process counts, for Prometheus; the root key only',
        tags: ['Operators'],
        produces: ['text/plain'],
      },
    },
    async (_request, reply) => {
      reply.header('Cache-Control', 'no-store').header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
      return reply.send(Buffer.from(await text()));
    },
  );
};
