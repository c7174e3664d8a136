import type { CircuitBreakerPolicy, IPolicy } from 'cockatiel';
import {
  BrokenCircuitError,
  bulkhead,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhenResult,
  wrap,
} from 'cockatiel';
import { LRUCache } from 'lru-cache';
import type { Answer } from '../../domain/deliveries/outcome.ts';
import { circuitLimits, isTrouble } from '../../domain/deliveries/outcome.ts';

/** Of how many endpoints it is remembered how they answered last. */
const remembered = 5_000;

const isAnswer = (result: unknown): result is Answer => typeof result === 'object' && result !== null;

const names = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
} as const;

/** How many requests are under way to an endpoint at a time; others wait for their turn. */
const atOnce = 8;

type Circuit = { readonly policy: CircuitBreakerPolicy; readonly limited: IPolicy; opened: number };

/** Circuits of endpoints: one that fails time and again is left alone for a while, and then tried once. */
export const openCircuits = (now: () => number = () => performance.now()) => {
  const circuits = new LRUCache<string, Circuit>({ maxSize: remembered, sizeCalculation: () => 1 });

  const of = (endpointId: string): Circuit => {
    const known = circuits.get(endpointId);
    if (known) return known;
    const policy = circuitBreaker(
      handleWhenResult((result) => isAnswer(result) && isTrouble(result)),
      { halfOpenAfter: circuitLimits.openForMs, breaker: new ConsecutiveBreaker(circuitLimits.failures) },
    );
    const circuit: Circuit = { policy, limited: wrap(bulkhead(atOnce, Infinity), policy), opened: 0 };
    policy.onBreak(() => (circuit.opened = now()));
    circuits.set(endpointId, circuit);
    return circuit;
  };

  return {
    /** How many attempts may be under way at an endpoint, of so many when all is well: none while its circuit is open. */
    width: (endpointId: string, usual: number): number => {
      const known = circuits.peek(endpointId);
      if (!known || known.policy.state === CircuitState.Closed) return usual;
      // The library counts by the time of day, in whole ms.
      const over = now() - known.opened > circuitLimits.openForMs + 1;
      return known.policy.state === CircuitState.HalfOpen || over ? 1 : 0;
    },
    /** Sends something through a circuit. Undefined when it is open. */
    through: async <T extends Answer>(endpointId: string, send: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await of(endpointId).limited.execute(send);
      } catch (error) {
        if (error instanceof BrokenCircuitError) return undefined;
        throw error;
      }
    },
    forget: (endpointId: string): void => void circuits.delete(endpointId),
    /** How many circuits are in which state. */
    states: (): readonly (readonly [number, string])[] => {
      const counts = new Map<string, number>([
        ['closed', 0],
        ['half-open', 0],
        ['open', 0],
      ]);
      for (const { policy } of circuits.values()) {
        const name = names[policy.state];
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      return [...counts].map(([state, count]) => [count, state] as const);
    },
  };
};
export type Circuits = ReturnType<typeof openCircuits>;
