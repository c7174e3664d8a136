import type { JobHandler } from '../jobs/job-handler.ts';
import { secondsSince } from './instruments.ts';
import type { Observing } from './traced-store.ts';
import { inSpan } from './tracing.ts';

/** A handler of jobs whose steps are timed; each is a span of the trace of the request that asked for the job. */
export const observedJobs = (handler: JobHandler, { instruments: { jobSteps }, tracing }: Observing): JobHandler => ({
  ...handler,
  step: async (job, context) => {
    const began = performance.now();
    const { traceparent: parent } = context.request;
    const how = parent === undefined ? { root: true } : { parent };
    const run = () => handler.step(job, context);
    try {
      const progress = await (tracing ? inSpan(tracing, `job ${handler.kind}`, how, run) : run());
      jobSteps.observe(secondsSince(began), handler.kind, 'done');
      return progress;
    } catch (error) {
      jobSteps.observe(secondsSince(began), handler.kind, 'failed');
      throw error;
    }
  },
});
