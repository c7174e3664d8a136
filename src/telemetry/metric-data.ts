import type { HrTime } from '@opentelemetry/api';
import { ValueType } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import type { DataPoint, MetricData } from '@opentelemetry/sdk-metrics';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { Family, Series } from './measures.ts';

type Times = { readonly startTime: HrTime; readonly endTime: HrTime };

const dataOf = (family: Family, times: Times): MetricData => {
  const { name, help: description, labels: names, bounds = [], series } = family;
  const descriptor = { name, description, unit: '', valueType: ValueType.DOUBLE };
  const aggregationTemporality = AggregationTemporality.CUMULATIVE;
  const point = <T>({ labels }: Series, value: T): DataPoint<T> => ({
    ...times,
    attributes: Object.fromEntries(names.map((label, index) => [label, labels[index] ?? ''])),
    value,
  });
  if (family.type === 'histogram') {
    const dataPoints = series.map((one) => {
      const counts = [...(one.counts ?? [])];
      const count = counts.reduce((sum, each) => sum + each, 0);
      return point(one, { buckets: { boundaries: [...bounds], counts }, sum: one.value, count });
    });
    return { descriptor, aggregationTemporality, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = series.map((one) => point(one, one.value));
  if (family.type === 'gauge')
    return { descriptor, aggregationTemporality, dataPointType: DataPointType.GAUGE, dataPoints };
  return { descriptor, aggregationTemporality, dataPointType: DataPointType.SUM, dataPoints, isMonotonic: true };
};

/** What was counted up to now, as OpenTelemetry's SDK has it. */
export const metricData = (families: readonly Family[]): MetricData[] => {
  const times = { startTime: millisToHrTime(performance.timeOrigin), endTime: millisToHrTime(Date.now()) };
  return families.map((family) => dataOf(family, times));
};
