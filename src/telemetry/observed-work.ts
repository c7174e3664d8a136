import type { Work } from '../jobs/work.ts';
import { secondsSince } from './instruments.ts';
import type { Observing } from './traced-store.ts';
import { inSpan } from './tracing.ts';

/** Long work whose steps are timed; each is a span of the trace of the request that asked for the job. */
export const observedWork = (work: Work, { instruments: { jobSteps }, tracing }: Observing): Work => ({
  ...work,
  step: async (job, context) => {
    const began = performance.now();
    const { traceparent: parent } = context.request;
    const how = parent === undefined ? { root: true } : { parent };
    const run = () => work.step(job, context);
    try {
      const progress = await (tracing ? inSpan(tracing, `job ${work.kind}`, how, run) : run());
      jobSteps.observe(secondsSince(began), work.kind, 'done');
      return progress;
    } catch (error) {
      jobSteps.observe(secondsSince(began), work.kind, 'failed');
      throw error;
    }
  },
});
