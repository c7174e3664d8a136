import type { AggregationTemporality, DataPointType, MetricData } from '@opentelemetry/sdk-metrics';
import type { Family, Series } from './measures.ts';

/** The content type of what `exposition` gives. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

type Point = {
  readonly attributes: Record<string, string>;
  readonly startTime: [number, number];
  readonly endTime: [number, number];
};

const pointOf = ({ labels: names }: Family, { labels }: Series): Point => ({
  attributes: Object.fromEntries(names.map((name, index) => [name, labels[index] ?? ''])),
  startTime: [0, 0],
  endTime: [0, 0],
});

/** What is needed of the SDK when it is there. */
type Sdk = {
  readonly DataPointType: typeof DataPointType;
  readonly AggregationTemporality: typeof AggregationTemporality;
};

const dataOf = (family: Family, { DataPointType: kinds, AggregationTemporality: times }: Sdk): MetricData => {
  const { name, help: description, type, series, bounds = [] } = family;
  const descriptor = { name, description, unit: '', valueType: 1 };
  const aggregationTemporality = times.CUMULATIVE;
  if (type === 'histogram') {
    const dataPoints = series.map((one) => {
      const counts = [...(one.counts ?? [])];
      const count = counts.reduce((sum, each) => sum + each, 0);
      const value = { buckets: { boundaries: [...bounds], counts }, sum: one.value, count };
      return { ...pointOf(family, one), value };
    });
    return { descriptor, aggregationTemporality, dataPointType: kinds.HISTOGRAM, dataPoints };
  }
  const dataPoints = series.map((one) => ({ ...pointOf(family, one), value: one.value }));
  if (type === 'gauge') return { descriptor, aggregationTemporality, dataPointType: kinds.GAUGE, dataPoints };
  return { descriptor, aggregationTemporality, dataPointType: kinds.SUM, dataPoints, isMonotonic: true };
};

/** What was counted, as Prometheus reads it. What writes it is loaded when somebody asks for the first time. */
export const exposition = async (families: readonly Family[]): Promise<string> => {
  const [{ PrometheusSerializer }, { emptyResource }, sdk] = await Promise.all([
    import('@opentelemetry/exporter-prometheus'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-metrics'),
  ]);
  const metrics = families.map((family) => dataOf(family, sdk));
  return new PrometheusSerializer(undefined, false, undefined, true, true).serialize({
    resource: emptyResource(),
    scopeMetrics: [{ scope: { name: 'leadfold' }, metrics }],
  });
};
