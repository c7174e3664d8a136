import fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { pino } from 'pino';
import { accountsInBrowser } from '../routes/account-pages.ts';
import { accounts } from '../routes/accounts.ts';
import { analytics } from '../routes/analytics.ts';
import { closing } from './closing.ts';
import type { connectionLimits } from './connections.ts';
import { boundedConnections } from './connections.ts';
import { crossOrigin } from './cross-origin.ts';
import { answerProblem, answers, problemKinds } from './answers.ts';
import type { App, Routes } from './app.ts';
import { authentication } from './auth.ts';
import { bodies, bodyLimits } from './body.ts';
import { deadlines } from '../routes/deadlines.ts';
import { deliveries } from '../routes/deliveries.ts';
import { endpointActions } from '../routes/endpoint-actions.ts';
import { endpointSecrets } from '../routes/endpoint-secrets.ts';
import { endpoints } from '../routes/endpoints.ts';
import { feed } from '../routes/feed.ts';
import { failedWork } from '../routes/dead-letters.ts';
import { health } from '../routes/health.ts';
import { ingestion } from '../routes/ingestion.ts';
import { jobs } from '../routes/jobs.ts';
import { keys } from '../routes/keys.ts';
import { keySecrets } from '../routes/key-secrets.ts';
import { leadActions } from '../routes/lead-actions.ts';
import { leadFacts } from '../routes/lead-facts.ts';
import { leadRouting } from '../routes/lead-routing.ts';
import { acceptInvitation } from '../routes/accept-invitation.ts';
import { members } from '../routes/members.ts';
import { leads } from '../routes/leads.ts';
import { limiting } from './limiting.ts';
import { listening } from './listening.ts';
import type { ApiTelemetry } from './observed.ts';
import { metrics, observed } from './observed.ts';
import { openApi } from './openapi.ts';
import { ownAccount } from '../routes/own-account.ts';
import { projects } from '../routes/projects.ts';
import { correlationIdOf, requests } from './request.ts';
import { queueStats } from '../routes/queue-stats.ts';
import { rebuilding } from '../routes/rebuilding.ts';
import { routeQualified } from '../routes/route-qualified.ts';
import { routingAnalytics } from '../routes/routing-analytics.ts';
import { routingTest } from '../routes/routing-test.ts';
import { reassigning } from '../routes/reassigning.ts';
import { replyPolicy } from '../routes/reply-policy.ts';
import { reps } from '../routes/reps.ts';
import { routingRules } from '../routes/routing-rules.ts';
import { scoringModel } from '../routes/scoring-model.ts';
import { sdk } from '../routes/sdk.ts';
import { receipts } from '../routes/receipts.ts';
import { rejects } from '../routes/rejects.ts';
import { signingIn } from '../routes/signing-in.ts';
import { sources } from '../routes/sources.ts';
import { sourceSecrets } from '../routes/source-secrets.ts';
import { sourceTest } from '../routes/source-test.ts';
import { stream } from '../routes/stream.ts';
import { systemHealth } from '../routes/system-health.ts';
import { teams } from '../routes/teams.ts';
import { trace } from '../routes/trace.ts';
import { plainHeaders, securityHeaders } from './security-headers.ts';
import { trusting } from './trusting.ts';
import { unreadable } from './unreadable.ts';
import { waitingReads, withBoundedWaits } from './waiting.ts';
import { workItems } from '../routes/work-items.ts';
import type { TrustProxy } from '../../config/trust-proxy.ts';
import type { ApiContext } from './context.ts';

/** `logLevel` is a level of pino or a logger; `stopping` says that no more work should be sent here. */
export type Settings = {
  readonly logLevel: string | FastifyBaseLogger;
  readonly stopping?: () => boolean;
  /** Serve health and nothing else. */
  readonly healthOnly?: boolean;
  /** Where requests are told; nobody hears of them without it, but in the log. */
  readonly telemetry?: ApiTelemetry;
  /** How long a client may take to send a request, in ms. */
  readonly requestTimeout?: number;
  /** Whose word is taken for where a request comes from; nobody's without it. */
  readonly trustProxy?: TrustProxy;
  /** How many connections may be open. */
  readonly connections?: Readonly<Record<keyof typeof connectionLimits, number>>;
  /** Whether all who come here come by TLS. */
  readonly https?: boolean;
};

/** How long a client may take to send a request, in milliseconds, body and all; its headers alone may take as long. */
const sendingTime = 30_000;

/** How long a connection may be silent, while it is answered and in between, in milliseconds. */
const timeouts = { connectionTimeout: 90_000, keepAliveTimeout: 72_000 } as const;

/** Node looks only now and then for requests that take too long: so often that they end a thirtieth of their time late at most. */
const sending = (requestTimeout: number) => ({
  requestTimeout,
  http: { headersTimeout: requestTimeout, connectionsCheckingInterval: Math.ceil(requestTimeout / 30) },
});

/** In the place of Ajv and its like, which would else be loaded for nothing, a tenth of a start: `answers` says how it is done. */
const compiling = (): never => {
  throw new TypeError('Schemas are compiled by what `answers` sets');
};

const parts: readonly Routes[] = [
  problemKinds,
  accounts,
  signingIn,
  ownAccount,
  accountsInBrowser,
  projects,
  keys,
  keySecrets,
  members,
  acceptInvitation,
  scoringModel,
  teams,
  reps,
  reassigning,
  routingRules,
  replyPolicy,
  ingestion,
  sdk,
  sources,
  endpoints,
  endpointActions,
  endpointSecrets,
  deliveries,
  feed,
  stream,
  sourceSecrets,
  sourceTest,
  receipts,
  rejects,
  leads,
  leadFacts,
  leadActions,
  leadRouting,
  routingTest,
  deadlines,
  analytics,
  routingAnalytics,
  jobs,
  failedWork,
  queueStats,
  rebuilding,
  routeQualified,
  systemHealth,
  trace,
  workItems,
];

/** The HTTP side of a world: every route, ready to listen or to be injected into. It has `ended` when the last answer is sent. */
export const openServer = async (
  given: ApiContext,
  {
    logLevel,
    stopping = () => false,
    healthOnly = false,
    telemetry,
    requestTimeout = sendingTime,
    trustProxy = false,
    https = false,
    connections,
  }: Settings,
): Promise<App> => {
  const api = withBoundedWaits(given);
  const loggerInstance: FastifyBaseLogger = typeof logLevel === 'string' ? pino({ level: logLevel }) : logLevel;
  const nonsense = unreadable(api.newId, loggerInstance);
  const app: App = fastify({
    loggerInstance,
    bodyLimit: bodyLimits.bytes,
    ...timeouts,
    ...sending(requestTimeout),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'correlationId' }),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    trustProxy: trusting(trustProxy),
    genReqId: (request) => correlationIdOf(request) ?? api.newId(),
    routerOptions: { maxParamLength: 512, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true },
    schemaController: { compilersFactory: { buildValidator: compiling, buildSerializer: compiling } },
    clientErrorHandler: nonsense.handler,
    frameworkErrors: (error, request, reply) => void answerProblem(error, request, reply.headers(plainHeaders)),
  }).withTypeProvider<ZodTypeProvider>();
  nonsense.follow(app.server);
  await observed(app, telemetry);
  boundedConnections(app, { proxied: trustProxy !== false }, connections);
  closing(app, stopping, listening(app));
  requests(app, api);
  waitingReads(app, api);
  bodies(app);
  securityHeaders(app, { https });
  await crossOrigin(app);
  limiting(app, api);
  answers(app);
  await openApi(app);
  authentication(app, api);
  health(app, api, stopping);
  if (telemetry) metrics(app, telemetry);
  for (const routes of healthOnly ? [] : parts) await routes(app, api);
  await app.ready();
  return app;
};
