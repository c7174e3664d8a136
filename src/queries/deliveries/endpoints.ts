import type { Endpoint, EndpointSettings } from '../../domain/deliveries/endpoints.ts';
import { endpoints as aggregate, mustHaveEndpoint } from '../../domain/deliveries/endpoints.ts';
import { circuitLimits } from '../../domain/deliveries/outcome.ts';
import type { HealthDocument } from '../../projections/endpoint-health.ts';
import { endpointHealth } from '../../projections/endpoint-health.ts';
import { pageIn } from '../page-in.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { documentsById } from '../queries.ts';
import type { SecretView } from '../secrets.ts';
import { secretViews } from '../secrets.ts';

export const endpointStates = ['enabled', 'disabled', 'failing'] as const;
export const circuitStates = ['closed', 'open', 'half-open'] as const;

/** What stands for a value that nobody is shown. */
const masked = '••••';

/** An endpoint as it is shown: of its headers the names alone, and of a URL that is a secret only where it leads. */
export type EndpointView = Pick<
  Endpoint,
  'endpointId' | 'url' | 'types' | 'format' | 'ratePerSecond' | 'description' | 'createdAt'
> & {
  readonly headers: Readonly<Record<string, string>>;
  readonly state: (typeof endpointStates)[number];
  readonly disabled?: NonNullable<Endpoint['disabled']>;
  /** Whether it is left alone for a moment, as it failed time and again, or tried by one attempt. */
  readonly circuit: (typeof circuitStates)[number];
  /** How many attempts failed one after the other up to now, and since when. */
  readonly failures: number;
  readonly failingSince?: string;
  readonly lastSuccessAt?: string;
  readonly lastFailureAt?: string;
};

const settingsView = ({ url, types, format, headers, ratePerSecond, description }: EndpointSettings) => ({
  url,
  ...(types && { types }),
  format,
  headers: Object.fromEntries(headers.map((name) => [name, masked])),
  ...(ratePerSecond !== undefined && { ratePerSecond }),
  ...(description !== undefined && { description }),
});

/** How the circuit of an endpoint is, by what came of its attempts: that is all that a process knows of what others send. */
export const circuitOf = (
  health: Pick<HealthDocument, 'troubles' | 'troubledAt'> | undefined,
  now: Date,
): EndpointView['circuit'] => {
  if (!health || health.troubles < circuitLimits.failures) return 'closed';
  const since = now.getTime() - Date.parse(health.troubledAt ?? '');
  return since < circuitLimits.openForMs ? 'open' : 'half-open';
};

const viewOf = (endpoint: Endpoint, health: HealthDocument | undefined, now: Date): EndpointView => {
  const { endpointId, createdAt, disabled } = endpoint;
  const { failures = 0, failingSince, lastSuccessAt, lastFailureAt } = health ?? {};
  return {
    endpointId,
    ...settingsView(endpoint),
    createdAt,
    state: disabled ? 'disabled' : failures > 0 ? 'failing' : 'enabled',
    circuit: circuitOf(health, now),
    ...(disabled && { disabled: { reason: disabled.reason, at: disabled.at } }),
    failures,
    ...(failingSince !== undefined && { failingSince }),
    ...(lastSuccessAt !== undefined && { lastSuccessAt }),
    ...(lastFailureAt !== undefined && { lastFailureAt }),
  };
};

/** A page of a project's endpoints, by id. */
export const endpoints = async (
  context: QueryContext,
  projectId: string,
  range: Range,
): Promise<Page<EndpointView>> => {
  const { state } = await context.states.refresh(aggregate, projectId);
  const { docs, next } = pageIn(state.endpoints.values(), ({ endpointId }) => endpointId, range);
  const ids = docs.map(({ endpointId }) => endpointId);
  const health = await documentsById(context, projectId, endpointHealth, ids);
  return {
    docs: docs.map((endpoint) => viewOf(endpoint, health.get(endpoint.endpointId), context.clock())),
    ...(next && { next }),
  };
};

/** An endpoint, and the revision of all of its project. Throws a `Rejection` when there is none. */
export const endpointOf = async ({ states }: Pick<QueryContext, 'states'>, projectId: string, endpointId: string) => {
  const { state, revision } = await states.refresh(aggregate, projectId);
  return { endpoint: mustHaveEndpoint(state, endpointId), revision };
};

/** An endpoint as it is shown, and the revision of all of its project. Throws a `Rejection` when there is none. */
export const endpointViewOf = async (
  context: QueryContext,
  projectId: string,
  endpointId: string,
): Promise<{ readonly view: EndpointView; readonly revision: number }> => {
  const { endpoint, revision } = await endpointOf(context, projectId, endpointId);
  const health = await context.readModels.get(projectId, endpointHealth, endpointId);
  return { view: viewOf(endpoint, health, context.clock()), revision };
};

/** The secrets of an endpoint, the newest first. Throws a `Rejection` when there is no such endpoint. */
export const endpointSecretsOf = async (
  { states, clock }: QueryContext,
  projectId: string,
  endpointId: string,
): Promise<readonly SecretView[]> => {
  const { endpoint } = await endpointOf({ states }, projectId, endpointId);
  return secretViews(endpoint.secrets, clock());
};
