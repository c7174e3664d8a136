import { Map as PersistentMap } from 'immutable';
import { z } from 'zod';
import type { Aggregate, EventsOf } from '../event.ts';
import { unchanged } from '../event.ts';
import { isoTime } from '../lead/activity.ts';
import { Rejection } from '../rejection.ts';
import type { SecretEntry } from '../sources/secrets.ts';
import { withRotated } from '../sources/secrets.ts';
import { toldType } from './told.ts';

/** How many endpoints a project has at most, the bytes of a body that describes one, and what one may be. */
export const endpointLimits = {
  endpoints: 100,
  bytes: 32 * 1024,
  types: 50,
  headers: 20,
  url: 2_048,
  headerValue: 4_096,
  ratePerSecond: 1_000,
} as const;

export const formats = ['standard', 'cloudevents', 'slack'] as const;
export type Format = (typeof formats)[number];

/** The name of a header (RFC 9110), in lower case. */
export const headerName = z
  .string()
  .max(64)
  .regex(/^[!#$%&'*+.^_`|~0-9a-z-]+$/, { error: 'is not the name of a header, in lower case' });

/**
 * What an endpoint is told to be, as far as everybody may know. Of `headers` only the names are here. What they say is in the
 * vault, as `confidentialId`, with the URL where that is a secret as those of Slack are: then `url` is only what is shown of it.
 */
export const endpointSettings = z.strictObject({
  url: z.string().min(1).max(endpointLimits.url),
  types: z.array(toldType).min(1).max(endpointLimits.types).optional(),
  format: z.enum(formats),
  headers: z.array(headerName).max(endpointLimits.headers),
  confidentialId: z.string().optional(),
  ratePerSecond: z.number().int().min(1).max(endpointLimits.ratePerSecond).optional(),
  description: z.string().trim().max(1_024).optional(),
});
export type EndpointSettings = Readonly<z.infer<typeof endpointSettings>>;

/** What the vault has of an endpoint as `confidentialId`, as JSON: what nobody is shown. */
export const confidentialSchema = z.strictObject({
  url: z.string().max(endpointLimits.url).optional(),
  headers: z.record(headerName, z.string().max(endpointLimits.headerValue)),
});
export type Confidential = Readonly<z.infer<typeof confidentialSchema>>;

export const disabledReasons = ['by-hand', 'gone', 'failing'] as const;
export type DisabledReason = (typeof disabledReasons)[number];

/** The facts of the endpoints of a project, `endpoints-<projectId>`. No secret is among them. Shapes are forever. */
export const endpointEvents = {
  EndpointAdded: endpointSettings
    .extend({ endpointId: z.string(), secretId: z.string(), at: isoTime })
    .describe('A receiver is told of what happens from here on; the secret that signs is in the vault.'),
  EndpointChanged: endpointSettings
    .extend({ endpointId: z.string() })
    .describe('A receiver is to be otherwise; all that it is to be is said again.'),
  EndpointRemoved: z.strictObject({ endpointId: z.string() }).describe('A receiver is gone for good.'),
  EndpointDisabled: z
    .strictObject({ endpointId: z.string(), reason: z.enum(disabledReasons), at: isoTime })
    .describe(
      'Nothing is made for a receiver from here on, nor sent: by hand, as it said 410, or as it failed for days.',
    ),
  EndpointEnabled: z
    .strictObject({ endpointId: z.string(), at: isoTime })
    .describe('A receiver is told again of what happens from here on.'),
  EndpointSecretRotated: z
    .strictObject({ endpointId: z.string(), secretId: z.string(), at: isoTime, formerUntil: isoTime })
    .describe('What is sent to a receiver is signed with another secret, and with the former one until then.'),
  EndpointSecretRemoved: z
    .strictObject({ endpointId: z.string(), secretId: z.string() })
    .describe('A former secret of a receiver signs no more.'),
} as const;
export type EndpointEvent = EventsOf<typeof endpointEvents>;

export type Endpoint = EndpointSettings & {
  readonly endpointId: string;
  readonly createdAt: string;
  /** Why and since when it is disabled, if it is. */
  readonly disabled: { readonly reason: DisabledReason; readonly at: string } | undefined;
  /** Since when it is enabled, ISO 8601, as it is now or was last. */
  readonly enabledAt: string;
  /** From the oldest to the one in use. */
  readonly secrets: readonly SecretEntry[];
};

/** The endpoints of a project that are there. */
export type EndpointsState = { readonly endpoints: PersistentMap<string, Endpoint> };

const withEndpoint = (
  state: EndpointsState,
  endpointId: string,
  change: (endpoint: Endpoint) => Endpoint,
): EndpointsState => {
  const found = state.endpoints.get(endpointId);
  return found ? { endpoints: state.endpoints.set(endpointId, change(found)) } : state;
};

const evolve = (state: EndpointsState, event: EndpointEvent): EndpointsState => {
  switch (event.type) {
    case 'EndpointAdded': {
      const { secretId, at, ...settings } = event.data;
      const secrets = [{ secretId, createdAt: at }];
      const endpoint = { ...settings, createdAt: at, disabled: undefined, enabledAt: at, secrets };
      return { endpoints: state.endpoints.set(endpoint.endpointId, endpoint) };
    }
    case 'EndpointChanged':
      return withEndpoint(state, event.data.endpointId, ({ createdAt, disabled, enabledAt, secrets }) => ({
        ...event.data,
        createdAt,
        disabled,
        enabledAt,
        secrets,
      }));
    case 'EndpointRemoved':
      return { endpoints: state.endpoints.remove(event.data.endpointId) };
    case 'EndpointDisabled': {
      const { endpointId, reason, at } = event.data;
      return withEndpoint(state, endpointId, (endpoint) => ({ ...endpoint, disabled: { reason, at } }));
    }
    case 'EndpointEnabled': {
      const { endpointId, at } = event.data;
      return withEndpoint(state, endpointId, (endpoint) => ({ ...endpoint, disabled: undefined, enabledAt: at }));
    }
    case 'EndpointSecretRotated': {
      const { endpointId, ...rotated } = event.data;
      return withEndpoint(state, endpointId, (endpoint) => ({
        ...endpoint,
        secrets: withRotated(endpoint.secrets, rotated),
      }));
    }
    case 'EndpointSecretRemoved': {
      const { endpointId, secretId } = event.data;
      return withEndpoint(state, endpointId, (endpoint) => ({
        ...endpoint,
        secrets: endpoint.secrets.filter((each) => each.secretId !== secretId),
      }));
    }
    default:
      return unchanged(state, event);
  }
};

export const endpoints: Aggregate<EndpointsState, EndpointEvent> = {
  name: 'endpoints',
  initial: { endpoints: PersistentMap() },
  evolve,
};

/** An endpoint of a project. Throws a `Rejection` when there is none. */
export const mustHaveEndpoint = ({ endpoints: all }: EndpointsState, endpointId: string): Endpoint => {
  const found = all.get(endpointId);
  if (found) return found;
  throw new Rejection('endpoint-unknown', `There is no endpoint ${endpointId.slice(0, 128)}`);
};

/** The id of an endpoint begins with its project. */
export const endpointIdIn = (projectId: string, id: string): string => `${projectId}-${id}`;

/** The project that an endpoint's id says it is of; undefined for what is no id of an endpoint. */
export const projectOfEndpoint = (endpointId: string): string | undefined =>
  /^([a-z0-9]{1,64})-[a-z0-9]{12}$/.exec(endpointId)?.[1];
