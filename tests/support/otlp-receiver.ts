import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';

const value = z.record(z.string(), z.unknown()).transform((one) => Object.values(one)[0]);
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .default([])
  .transform((all) => Object.fromEntries(all.map((one) => [one.key, one.value])));

const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  attributes,
  status: z.object({ code: z.number().optional() }).optional(),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
});
export type ReceivedSpan = z.infer<typeof spanSchema>;

const exportedSpans = z.object({
  resourceSpans: z.array(
    z.object({ resource: z.object({ attributes }), scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })) }),
  ),
});

const metricSchema = z.object({ name: z.string(), unit: z.string().optional() });
const exportedMetrics = z.object({
  resourceMetrics: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeMetrics: z.array(z.object({ metrics: z.array(metricSchema) })),
    }),
  ),
});

/**
 * Takes spans and metrics by OTLP over HTTP, as a collector does, and reads those that come as JSON. `endpoint` is for
 * OTEL_EXPORTER_OTLP_ENDPOINT, `came` says what came where, as what.
 */
export const startOtlpReceiver = async () => {
  const spans: ReceivedSpan[] = [];
  const metrics: z.output<typeof metricSchema>[] = [];
  const resources: Readonly<Record<string, unknown>>[] = [];
  const came = new Set<string>();
  const take = (path: string, text: string): void => {
    if (path === '/v1/metrics') {
      for (const { resource, scopeMetrics } of exportedMetrics.parse(JSON.parse(text)).resourceMetrics) {
        resources.push(resource.attributes);
        metrics.push(...scopeMetrics.flatMap((scope) => scope.metrics));
      }
      return;
    }
    for (const { resource, scopeSpans } of exportedSpans.parse(JSON.parse(text)).resourceSpans) {
      resources.push(resource.attributes);
      spans.push(...scopeSpans.flatMap((scope) => scope.spans));
    }
  };
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const type = headers['content-type'] ?? '';
      came.add(`${url} ${type}`);
      if (type === 'application/json') take(url, Buffer.concat(parts).toString());
      response.writeHead(200, { 'Content-Type': type }).end(type === 'application/json' ? '{}' : '');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    spans,
    metrics,
    resources,
    came,
    endpoint: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
