import { expect, it } from 'vitest';
import type { DeliveryEvent } from '../../src/domain/deliveries/delivery.ts';
import type { EndpointEvent } from '../../src/domain/deliveries/endpoints.ts';
import type { HealthDocument } from '../../src/projections/endpoint-health.ts';
import { endpointHealth } from '../../src/projections/endpoint-health.ts';
import { circuitOf } from '../../src/queries/deliveries/endpoints.ts';
import { noon } from '../support/noon.ts';

const endpointId = 'acme-0123456789ab';
const second = (at: number): string => new Date(noon.getTime() + at * 1_000).toISOString();

const healthAfter = (events: readonly (EndpointEvent | DeliveryEvent)[]): HealthDocument | undefined =>
  events.reduce<HealthDocument | undefined>(
    (doc, event, revision) =>
      endpointHealth.evolve(
        doc,
        {
          ...event,
          id: `e${revision}`,
          stream: 'delivery-acme.d1',
          revision,
          position: revision + 1,
          recordedAt: noon,
          metadata: { commandId: 'c', correlationId: 'c', causationId: 'c' },
        },
        { project: 'acme', id: endpointId },
      ),
    undefined,
  );

const added: EndpointEvent = {
  type: 'EndpointAdded',
  data: { endpointId, url: 'https://a.example/', format: 'standard', headers: [], secretId: 's1', at: second(0) },
};

/** Attempts that were answered with these statuses, one a second; 0 is no answer. */
const attempts = (statuses: readonly number[]): readonly DeliveryEvent[] =>
  statuses.map((status, at) => {
    const answer = status === 0 ? { error: 'timeout' } : { status };
    const result = status >= 200 && status < 300 ? 'succeeded' : status === 404 ? 'failed' : 'retry';
    return { type: 'DeliveryAttempted', data: { endpointId, at: second(at), attempt: 1, ms: 1, result, ...answer } };
  });

it.each([
  [[], 0, 'closed'],
  [[500, 500, 500, 500], 3, 'closed'],
  [[500, 0, 500, 429, 301], 4, 'open'],
  [[500, 0, 500, 429, 301], 13, 'open'],
  [[500, 0, 500, 429, 301], 14, 'half-open'],
  [[500, 500, 500, 500, 500, 500], 14, 'open'],
  [[500, 500, 500, 500, 500, 200], 6, 'closed'],
  [[500, 500, 404, 500, 500, 500], 6, 'closed'],
  [[404, 404, 404, 404, 404, 404], 6, 'closed'],
] as const)('After %j, the circuit of an endpoint is at %i s %s', (statuses, at, circuit) => {
  const health = healthAfter([added, ...attempts(statuses)]);
  expect(circuitOf(health, new Date(second(at)))).toBe(circuit);
});

it('An endpoint fails since its first failure after a success', () => {
  const health = (...statuses: readonly number[]) => healthAfter([added, ...attempts(statuses)]);
  expect(health(200, 500, 404)).toMatchObject({
    failures: 2,
    failingSince: second(1),
    lastSuccessAt: second(0),
    lastFailureAt: second(2),
  });
  expect(health(500, 200)).toMatchObject({ failures: 0, lastSuccessAt: second(1), lastFailureAt: second(0) });
  expect(health(500, 200)).not.toHaveProperty('failingSince');
});
