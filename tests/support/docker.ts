import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Whether a Docker engine answers, so that real servers can be had in containers. */
export const dockerAnswers = async (): Promise<boolean> => {
  try {
    await promisify(execFile)('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: 5_000 });
    return true;
  } catch (error) {
    // Without the program, or with no engine behind it, there are no containers.
    if (error instanceof Error) return false;
    throw error;
  }
};
