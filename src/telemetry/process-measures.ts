import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Family } from './measures.ts';
import { gauge } from './measures.ts';

/** How often the event loop is looked at, in ms: what is late by less does not show. */
const resolution = 20;

const nanoseconds = 1e9;

/** What a thread's event loop was late by since somebody last asked. */
export const watchEventLoop = (thread: string) => {
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  const late = (value: number): number =>
    Number.isFinite(value) ? Math.max(0, value / nanoseconds - resolution / 1_000) : 0;
  return {
    families: (): readonly Family[] => {
      const found = [late(delay.mean), late(delay.percentile(99)), late(delay.max)] as const;
      delay.reset();
      const [mean, p99, max] = found;
      const what = 'of how late the event loop was since this was last asked for';
      return [
        gauge('nodejs_eventloop_lag_mean_seconds', `The mean ${what}`, ['thread'], [[mean, thread]]),
        gauge('nodejs_eventloop_lag_p99_seconds', `The 99th percentile ${what}`, ['thread'], [[p99, thread]]),
        gauge('nodejs_eventloop_lag_max_seconds', `The most ${what}`, ['thread'], [[max, thread]]),
      ];
    },
    stop: () => void delay.disable(),
  };
};

const counted = (name: string, help: string, value: number): Family => ({
  name,
  help,
  type: 'counter',
  labels: [],
  series: [{ labels: [], value }],
});

/** The memory and the CPU time of this process, all of its threads. */
export const processFamilies = (role: string): readonly Family[] => {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const one = (name: string, help: string, value: number): Family => gauge(name, help, [], [[value]]);
  return [
    counted('process_cpu_user_seconds_total', 'CPU time of the process itself', user / 1e6),
    counted('process_cpu_system_seconds_total', 'CPU time of the system for the process', system / 1e6),
    one('process_resident_memory_bytes', 'Memory of the process', rss),
    one('process_start_time_seconds', 'When the process started, in seconds since 1970', performance.timeOrigin / 1e3),
    one('nodejs_heap_used_bytes', 'Memory in use of the main thread', heapUsed),
    one('nodejs_heap_total_bytes', 'Memory kept for the main thread', heapTotal),
    one('nodejs_external_memory_bytes', 'Memory outside of the heap', external),
    gauge('leadfold_process_info', 'What this process is', ['role', 'node'], [[1, role, process.versions.node]]),
  ];
};
