import type { Intent, Reactor } from '../reactors/reactor.ts';
import type { Tracing } from './tracing.ts';
import { inSpan } from './tracing.ts';

/**
 * A reactor whose decisions and intents are spans of the trace in which its fact was appended: one trace runs from the
 * request through the log to what followed from it.
 */
export const tracedReactor = (reactor: Reactor, tracing: Tracing | undefined): Reactor => {
  if (!tracing) return reactor;
  return {
    ...reactor,
    react: (event, context) => {
      const { traceparent: parent } = event.metadata;
      const begin = { ...(parent === undefined ? { root: true } : { parent }), kind: 'consumer' } as const;
      const attributes = { 'leadfold.stream': event.stream, 'leadfold.event': event.type };
      return inSpan(tracing, `react ${reactor.name}`, { ...begin, attributes }, async (span) => {
        const intents = await reactor.react(event, context);
        const from = span === undefined ? {} : { parent: span.traceparent };
        return intents.map(
          (intent): Intent =>
            (engine, request) =>
              inSpan(tracing, `intent ${reactor.name}`, from, () => intent(engine, request)),
        );
      });
    },
  };
};
