import { cpus, release, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';

const osName = (): string => {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform;
  } catch {
    return process.platform;
  }
};

/** The machine that something was measured on, as one line. */
export const machine = (): string => {
  const cores = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  const cpu = cores[0]?.model.trim().replaceAll(/\s+/g, ' ') ?? 'unknown CPU';
  return `${cpu}, ${cores.length} cores, ${memory} GiB, ${osName()}, kernel ${release()}, Node ${process.version}`;
};
