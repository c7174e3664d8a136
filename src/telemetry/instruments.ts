import type { Family } from './measures.ts';
import { counter, histogram, untilADay } from './measures.ts';

/**
 * Everything that this process counts, in one place. No label has an id, a key or anything that a caller chooses: the number
 * of series stays the same however many projects, leads and events there are. Names are for ever: dashboards have them.
 */
export const openInstruments = () => ({
  requests: histogram('http_request_duration_seconds', 'How long requests took to be answered, by route as written', [
    ...['method', 'route', 'status'],
  ]),
  commands: counter(
    'leadfold_commands_total',
    'Commands by what came of them; one that is answered as before counts too',
    [...['command', 'outcome']],
  ),
  commandDuration: histogram('leadfold_command_duration_seconds', 'How long commands took, with their retries', [
    'command',
  ]),
  eventsAppended: counter('leadfold_events_appended_total', 'Facts appended to the log by this process', ['type']),
  appendDuration: histogram('leadfold_append_duration_seconds', 'How long appends took to be durable'),
  appendConflicts: counter(
    'leadfold_append_conflicts_total',
    'Appends that somebody else was faster than; they are tried again',
    ['aggregate'],
  ),
  duplicates: counter('leadfold_duplicates_total', 'Activities that were here already, by where they came from', [
    'source',
  ]),
  refusals: counter(
    'leadfold_refusals_total',
    'What was refused on the ways in, items and whole requests, by the field or the code of the problem',
    [...['way', 'reason']],
  ),
  limited: counter(
    'leadfold_limited_total',
    'Requests that were refused (429), by what they count as, and by the limit, the queue or the throttle that refused them',
    [...['class', 'reason']],
  ),
  leadsProcessed: counter('leads_processed_total', 'How often a lead took in activities and was scored'),
  leadsQualified: counter('leads_qualified_total', 'How often a lead was qualified, by what caused it', ['cause']),
  leadsAssigned: counter('leads_assigned_total', 'How often a lead was assigned: by rules, by hand, in a merge', [
    'by',
  ]),
  assignmentDelay: histogram(
    'leadfold_assignment_delay_seconds',
    'How long leads had needed a rep when they got one',
    ['by'],
    untilADay,
  ),
  routingFailed: counter('routing_failed_total', 'How often nobody fitted a lead'),
  responsesOverdue: counter('response_overdue_total', 'How often a rep did not reply in time'),
  workParked: counter('leadfold_work_parked_total', 'Facts that a reactor gave up on until somebody retries them', [
    'reactor',
  ]),
  snapshots: counter(
    'leadfold_snapshot_lookups_total',
    'Looks for the snapshot of a long stream that was not in memory, by what came of them',
    ['outcome'],
  ),
  storeErrors: counter('leadfold_store_errors_total', 'What the stores did not do, other than for a conflict', [
    ...['store', 'operation'],
  ]),
  readModelsDuration: histogram('leadfold_read_models_duration_seconds', 'How long the read models took', [
    'operation',
  ]),
  projectionBatches: histogram('leadfold_projection_batch_duration_seconds', 'How long a batch took to be projected', [
    'projection',
  ]),
  projectionEvents: counter('leadfold_projection_events_total', 'Facts that a projection handled', ['projection']),
  projectionFailures: counter('leadfold_projection_failures_total', 'Batches that failed and come again', [
    'projection',
  ]),
  reactorBatches: histogram('leadfold_reactor_batch_duration_seconds', 'How long a batch took a reactor', ['reactor']),
  reactorEvents: counter('leadfold_reactor_events_total', 'Facts that a reactor handled', ['reactor']),
  reactorFailures: counter('leadfold_reactor_failures_total', 'Batches that failed and come again', ['reactor']),
  jobSteps: histogram('leadfold_job_step_duration_seconds', 'How long the steps of jobs took', ['kind', 'outcome']),
  webhooksReceived: counter(
    'webhooks_received_total',
    'Authentic webhooks, by how they were signed and what became of them',
    [...['scheme', 'status']],
  ),
  webhooksRejected: counter(
    'webhook_rejected_total',
    'Webhooks that were refused, or kept as they could not be mapped',
    ['reason'],
  ),
  deliveries: counter('deliveries_total', 'Attempts to tell endpoints, by what came of them', ['result']),
  deliveryDuration: histogram(
    'delivery_duration_seconds',
    'How long attempts to tell endpoints took, from the look for the address to the end of the answer',
    ['result'],
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20],
  ),
  lostSpans: counter('leadfold_trace_spans_lost_total', 'Spans that could not be exported'),
});
export type Instruments = ReturnType<typeof openInstruments>;

/** What was counted up to now. */
export const familiesOf = (instruments: Instruments): readonly Family[] =>
  Object.values(instruments).map((instrument) => instrument.family());

/** The seconds since a time of `performance.now()`. */
export const secondsSince = (began: number): number => (performance.now() - began) / 1_000;
