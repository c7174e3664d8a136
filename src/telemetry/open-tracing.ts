import type { Traces, Tracing } from './tracing.ts';

/** Loads what makes and sends spans. */
export const openTracing = async (
  traces: Traces,
  lost: (spans: number, error: Error | undefined) => void,
): Promise<Tracing> => {
  const { openTracingSdk } = await import('./tracing-sdk.ts');
  return openTracingSdk(traces, lost);
};
