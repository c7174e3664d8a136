import { against, againstOverEventStoreDb } from './against.ts';
import { alternative } from './alternative.ts';
import { deliveries } from './deliveries.ts';
import { endToEnd } from './end-to-end.ts';
import { eventstoredb } from './eventstoredb.ts';
import { growth } from './growth.ts';
import { ingestBatch } from './ingest-batch.ts';
import { ingestSingle } from './ingest-single.ts';
import { memory } from './memory.ts';
import { memoryAndStart } from './memory-and-start.ts';
import { query } from './query.ts';
import { rebuild } from './rebuild.ts';
import { routing } from './routing.ts';
import { latency } from './latency.ts';
import { streams } from './streams.ts';
import type { Benchmark } from './support/benchmark.ts';
import { systemHealth } from './system-health.ts';

/** All benchmarks, in the order in which they run. */
export const benchmarks: readonly Benchmark[] = [
  ingestSingle,
  ingestBatch,
  endToEnd,
  latency,
  alternative,
  growth,
  memoryAndStart,
  memory,
  query,
  rebuild,
  systemHealth,
  routing,
  deliveries,
  streams,
  eventstoredb,
  against,
  againstOverEventStoreDb,
];
