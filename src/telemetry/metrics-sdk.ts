import { ExportResultCode } from '@opentelemetry/core';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { detectResources, envDetector } from '@opentelemetry/resources';
import type { IMetricReader, MetricData, MetricProducer, PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { Family } from './measures.ts';
import { metricData } from './metric-data.ts';
import { ownResource } from './resource.ts';
import type { Otlp } from './tracing.ts';

/** How measures are sent: how often, and how long one sending may take, in ms. */
export type SentMetrics = Otlp & { readonly interval: number; readonly timeout: number };

/** How often the event loop is looked at, in ms: what is told of its delay is that long when nothing is late. */
const monitoringPrecision = 20;

/** How long the end of the process waits for the last measures to be taken, in ms. */
const lastCall = 1_000;

/** What a thread counted, and what its runtime tells of itself. */
export type Measured = { readonly families: readonly Family[]; readonly runtime: readonly MetricData[] };

const exporters: Readonly<Record<Otlp['protocol'], () => Promise<PushMetricExporter>>> = {
  'http/protobuf': async () => new (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter(),
  'http/json': async () => new (await import('@opentelemetry/exporter-metrics-otlp-http')).OTLPMetricExporter(),
};

const telling = (exporter: PushMetricExporter, lost: (error: Error | undefined) => void): PushMetricExporter => ({
  export: (metrics, done) =>
    exporter.export(metrics, (result) => {
      if (result.code === ExportResultCode.FAILED) lost(result.error);
      done(result);
    }),
  forceFlush: () => exporter.forceFlush(),
  shutdown: () => exporter.shutdown(),
});

/** Sends measures by OTLP from time to time. `lost` hears each time that nobody takes them. */
export const sending = async (
  { protocol, interval, timeout }: SentMetrics,
  producer: MetricProducer,
  lost: (error: Error | undefined) => void,
): Promise<IMetricReader> =>
  new PeriodicExportingMetricReader({
    exporter: telling(await exporters[protocol](), lost),
    metricProducers: [producer],
    exportIntervalMillis: interval,
    // The SDK throws when the one is longer than the other.
    exportTimeoutMillis: Math.min(timeout, interval),
  });

/** Gives the SDK what was counted. */
export const producing = (measured: () => Promise<Measured>): MetricProducer => ({
  collect: async () => {
    const { families, runtime } = await measured();
    const counted = { scope: { name: 'leadfold' }, metrics: metricData(families) };
    const others = { scope: { name: '@opentelemetry/instrumentation-runtime-node' }, metrics: [...runtime] };
    return { resourceMetrics: { resource: ownResource(), scopeMetrics: [counted, others] }, errors: [] };
  },
});

/**
 * The SDK's side of a thread's measures: what its runtime tells of itself, each with the name of the thread, and what
 * `producers` give. Nothing is registered for the process as a whole.
 */
export const openMetricsSdk = (
  thread: string,
  producers: readonly MetricProducer[] = [],
  readers: readonly IMetricReader[] = [],
) => {
  // It opens no port: it is asked by whoever serves one.
  const asked = new PrometheusExporter({ preventServerStart: true, metricProducers: [...producers] });
  const provider = new MeterProvider({
    resource: ownResource().merge(detectResources({ detectors: [envDetector] })),
    readers: [asked, ...readers],
    views: [{ instrumentName: '*', attributesProcessors: [{ process: (attributes) => ({ ...attributes, thread }) }] }],
  });
  const runtime = new RuntimeNodeInstrumentation({ monitoringPrecision });
  runtime.setMeterProvider(provider);
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  const collect = async () => (await asked.collect()).resourceMetrics;
  return {
    metrics: async (): Promise<readonly MetricData[]> =>
      (await collect()).scopeMetrics.flatMap(({ metrics }) => metrics),
    /** As Prometheus reads it. */
    text: async (): Promise<string> => serializer.serialize(await collect()),
    close: async (): Promise<void> => {
      const enough = new Promise<void>((resolve) => void setTimeout(resolve, lastCall).unref());
      // The last ones are collected before, so the instrumentation ends after.
      await Promise.race([Promise.allSettled([provider.shutdown()]), enough]);
      runtime.disable();
    },
  };
};
export type MetricsSdk = ReturnType<typeof openMetricsSdk>;
