import type { Family } from './measures.ts';
import { gauge } from './measures.ts';

const counted = (name: string, help: string, value: number): Family => ({
  name,
  help,
  type: 'counter',
  labels: [],
  series: [{ labels: [], value }],
});

/**
 * The memory and the CPU time of this process, all of its threads: what the instrumentation of the runtime does not tell. The
 * names are those that Prometheus' clients agree on.
 */
export const processFamilies = (role: string): readonly Family[] => {
  const { rss, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const one = (name: string, help: string, value: number): Family => gauge(name, help, [], [[value]]);
  return [
    counted('process_cpu_user_seconds_total', 'CPU time of the process itself', user / 1e6),
    counted('process_cpu_system_seconds_total', 'CPU time of the system for the process', system / 1e6),
    one('process_resident_memory_bytes', 'Memory of the process', rss),
    one('process_start_time_seconds', 'When the process started, in seconds since 1970', performance.timeOrigin / 1e3),
    one('nodejs_external_memory_bytes', 'Memory outside of the heap', external),
    gauge('leadfold_process_info', 'What this process is', ['role', 'node'], [[1, role, process.versions.node]]),
  ];
};
