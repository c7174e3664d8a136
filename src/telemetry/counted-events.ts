import type { Event } from '../domain/event.ts';
import type { LeadfoldEvent } from '../domain/events.ts';
import type { Instruments } from './instruments.ts';

/** Sees an event as one of Leadfold's. What is counted was appended, and the store below checks what it appends. */
const isOurs = (_: Event): _ is LeadfoldEvent => true;

/** Counts an event that is in the log now. */
export const count = (instruments: Instruments, event: Event): void => {
  instruments.eventsAppended.add(1, event.type);
  if (!isOurs(event)) return;
  switch (event.type) {
    case 'LeadQualified':
      return instruments.leadsQualified.add(1, event.data.cause);
    case 'LeadAssigned': {
      const { by, waitedMs } = event.data;
      instruments.leadsAssigned.add(1, by);
      if (waitedMs !== undefined) instruments.assignmentDelay.observe(waitedMs / 1_000, by);
      return;
    }
    case 'RoutingFailed':
      return instruments.routingFailed.add(1);
    case 'ResponseOverdue':
      return instruments.responsesOverdue.add(1);
    case 'WorkParked':
      return instruments.workParked.add(1, event.data.reactor);
    default:
  }
};

/** Whether a lead took in an activity. */
export const isActivity = (event: Event): boolean => isOurs(event) && event.type === 'ActivityRecorded';
