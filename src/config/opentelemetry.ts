import { z } from 'zod';

const PROTOCOLS = ['http/protobuf', 'http/json'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** Which of what OpenTelemetry's SDK makes is sent to somebody, and how. What is not sent is not there. */
export type Sent = {
  readonly traces?: { readonly protocol: Protocol };
  /** `interval` and `timeout` in ms. */
  readonly metrics?: { readonly protocol: Protocol; readonly interval: number; readonly timeout: number };
};

const namesIn = (value: string): readonly string[] => value.split(',').map((name) => name.trim());

const listed = (kind: string, [first, ...others]: readonly string[]) =>
  z
    .string()
    .refine((value) => namesIn(value).every((name) => name === first || others.includes(name)), {
      error: ({ input }) =>
        `"${String(input)}" is not ${kind}; give ${[first, ...others.slice(0, -1)].join(', ')} or ${others.at(-1)}`,
    })
    .transform(namesIn)
    .optional();

const address = z
  .url({ protocol: /^https?$/, error: 'is not an address; give one like http://127.0.0.1:4318' })
  .optional();

const protocol = z
  .enum(PROTOCOLS, { error: ({ input }) => `"${String(input)}" is not a protocol; give ${PROTOCOLS.join(' or ')}` })
  .optional();

const milliseconds = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, { error: ({ input }) => `"${String(input)}" is not a time; give whole milliseconds` })
  .transform(Number);

/** OpenTelemetry's standard variables as far as they say what is sent. The SDK reads the others itself, and tells in the log what it does not understand. */
const variables = z.object({
  OTEL_SDK_DISABLED: z.string().optional(),
  OTEL_TRACES_EXPORTER: listed('who takes traces', ['otlp', 'none']),
  // What Prometheus asks for is there in any case.
  OTEL_METRICS_EXPORTER: listed('who takes metrics', ['otlp', 'prometheus', 'none']),
  OTEL_EXPORTER_OTLP_ENDPOINT: address,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: address,
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: address,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: protocol,
  OTEL_METRIC_EXPORT_INTERVAL: milliseconds.prefault('60000'),
  OTEL_METRIC_EXPORT_TIMEOUT: milliseconds.prefault('30000'),
});

/** Whether something is sent: by what it is exported to if that is given, else if there is an address. */
const isSent = (exporters: readonly string[] | undefined, to: string | undefined): boolean =>
  exporters?.includes('otlp') ?? to !== undefined;

/** What is sent, and what is wrong with how that is said. A value is not blank. */
export const openTelemetryOf = (
  given: Readonly<Record<string, string | undefined>>,
): { readonly found: Sent; readonly issues: readonly z.core.$ZodIssue[] } => {
  const { data, error } = variables.safeParse(given);
  if (!data) return { found: {}, issues: error.issues };
  if (data.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return { found: {}, issues: [] };
  const common = data.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf';
  const to = data.OTEL_EXPORTER_OTLP_ENDPOINT;
  const traced = isSent(data.OTEL_TRACES_EXPORTER, data.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? to);
  const measured = isSent(data.OTEL_METRICS_EXPORTER, data.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT ?? to);
  const { OTEL_METRIC_EXPORT_INTERVAL: interval, OTEL_METRIC_EXPORT_TIMEOUT: timeout } = data;
  return {
    found: {
      ...(traced && { traces: { protocol: data.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? common } }),
      ...(measured && { metrics: { protocol: data.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL ?? common, interval, timeout } }),
    },
    issues: [],
  };
};
